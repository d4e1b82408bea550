import type { SqliteStore } from "../../src/store/sqlite.ts";

/**
 * Writes down what transactions did in their order: who took keys, ended, and gave keys back; what became of series and of
 * the money of lines. The rows at the end tell it by instants of a clock that may have been set meanwhile, and not all of it
 * is still there. What is undone is undone here too. `useNumber` tells one use of the store from another.
 */
export function watchCommits(store: SqliteStore, useNumber: () => number): void {
  store.database.function("use_number", useNumber);
  store.database.exec(watchers);
  store.database.exec(watchMoney);
}

const slotFields = ["slot", "number", "at", "kind", "status", "reason", "call_id", "created_at"] as const;
const seriesFields = [
  "status",
  "document",
  "timezone",
  "slot",
  "slot_at",
  "wake_at",
  "updated_at",
  "version",
] as const;

const json = (row: "new" | "old", fields: readonly string[]): string =>
  `json_object(${fields.map((name) => `'${name}', ${row}.${name}`).join(", ")})`;

const onSeries = (what: string, event: string, table: string, row: "new" | "old"): string => `
  create temp trigger series_${what} after ${event} on main.${table} begin
    insert into series_steps (store_use, what, series_id, body)
      values (use_number(), '${what}', ${row}.${table === "series" ? "id" : "series_id"}, ${json(row, table === "series" ? seriesFields : slotFields)});
  end;`;

const watchers = `
  create temp table key_steps (step integer primary key, what text not null, dedupe_key text not null, call_id bigint not null);
  create temp trigger key_born after insert on main.calls when new.dedupe_key is not null begin
    insert into key_steps (what, dedupe_key, call_id) values ('born', new.dedupe_key, new.id);
  end;
  create temp trigger key_ended after update of ended_at on main.calls
    when new.dedupe_key is not null and old.ended_at is null and new.ended_at is not null begin
    insert into key_steps (what, dedupe_key, call_id) values ('ended', new.dedupe_key, new.id);
  end;
  create temp trigger key_free after delete on main.dedupe_keys begin
    insert into key_steps (what, dedupe_key, call_id) values ('free', old.dedupe_key, old.call_id);
  end;
  create temp table series_steps (step integer primary key, store_use bigint not null, what text not null, series_id bigint not null, body text not null);
  ${onSeries("born", "insert", "series", "new")}
  ${onSeries("changed", "update", "series", "new")}
  ${onSeries("slot_made", "insert", "series_occurrences", "new")}
  ${onSeries("slot_changed", "update", "series_occurrences", "new")}
  ${onSeries("slot_taken_back", "delete", "series_occurrences", "old")}`;

/** Writes down every change of a line's money, with the maximum that held when it was made. */
const moneyStep = (before: string) => `
    insert into money_steps (line_id, span, number, reserved_before, reserved, spent, overspent, max)
    select new.line_id, new.span, new.number, ${before}, new.reserved, new.spent, new.overspent,
      case new.span when 'day' then day_max else hour_max end
    from main.line_budgets where line_id = new.line_id;`;
const watchMoney = `
  create temp table money_steps (step integer primary key, line_id bigint, span text, number bigint, reserved_before bigint, reserved bigint, spent bigint, overspent bigint, max bigint);
  create temp trigger money_made after insert on main.line_spending begin ${moneyStep("0")} end;
  create temp trigger money_moved after update on main.line_spending begin ${moneyStep("old.reserved")} end;`;
