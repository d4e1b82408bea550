import { type Ending, type Spending, costOf, limitReached, priceOf, settleCharge } from "../domain/spend.ts";
import type { ChargeRow, LineSpendingRow } from "../ports/live-rows.ts";
import type { AttemptRow, CallRow } from "../ports/rows.ts";
import type { Claimable } from "../ports/statements.ts";
import type { Tx } from "../ports/store.ts";
import type { Stop } from "./claim-verdict.ts";
import type { Context } from "./context.ts";
import type { Entries } from "./ledger.ts";
import { lineDay } from "./line-waits.ts";
import { budgetOf } from "./live-book.ts";
import type { Judgement } from "./fold-attempt.ts";

const hourMs = 3_600_000;

/** What the calls of one claim may cost. */
export type Money = {
  stop(call: CallRow): Stop | null;
  take(call: CallRow): void;
  readonly blocked: { readonly reason: string; readonly until: number } | null;
  write(attempts: readonly AttemptRow[], entries: Entries): Tx<void>;
};
const free: Money = { stop: () => null, take: () => {}, blocked: null, *write() {} };

/** Opens the money of a line's hour and day for one claim, locked; a line without a budget is free. */
export function* openMoney(
  context: Context,
  line: Claimable,
  phones: ReadonlyMap<number, string>,
  now: number,
): Tx<Money> {
  if (!context.book.live.budgets.has(line.id)) return free;
  const { statements } = context.store;
  const [row] = yield* statements.money.budget({ line_id: line.id });
  if (row === undefined) return free;
  const budget = budgetOf(row);
  const { today, tomorrowAt } = lineDay(context, line.timezone, now);
  const hour = Math.floor(now / hourMs);
  const found = yield* statements.money.lockSpending([
    { line_id: line.id, span: "day", number: today },
    { line_id: line.id, span: "hour", number: hour },
  ]);
  const spans = {
    hour: found.find((one) => one.span === "hour") ?? emptySpan(line.id, "hour", hour),
    day: found.find((one) => one.span === "day") ?? emptySpan(line.id, "day", today),
  };
  const until = { hour: (hour + 1) * hourMs, day: tomorrowAt };
  const taken = new Map<number, { perMinute: number; amount: number }>();
  let reserved = 0;
  let short: { span: "hour" | "day"; amount: number } | null = null;
  const priceFor = (call: CallRow): number => priceOf(budget, phones.get(call.id) ?? "");
  return {
    stop(call) {
      if (short !== null) return { kind: "line", reason: "spend_cap", until: until[short.span] };
      const amount = costOf(priceFor(call), line.max_duration_ms);
      const limit = limitReached(budget, plus(spans.hour, reserved), plus(spans.day, reserved), amount);
      if (limit === null) return null;
      if (limit === "call") return { kind: "wait", reason: "call_cost_cap", until: null };
      short = { span: limit, amount };
      return { kind: "line", reason: "spend_cap", until: until[limit] };
    },
    take(call) {
      const perMinute = priceFor(call);
      const amount = costOf(perMinute, line.max_duration_ms);
      reserved += amount;
      taken.set(call.id, { perMinute, amount });
    },
    get blocked() {
      return short === null ? null : { reason: "spend_cap", until: until[short.span] };
    },
    *write(attempts, entries) {
      const charges = attempts.flatMap((attempt): ChargeRow[] => {
        const own = taken.get(attempt.call_id);
        return own === undefined ? [] : [chargeOf(attempt, own.perMinute, own.amount, hour, today)];
      });
      const isNews = short !== null && spans.day.announced === 0;
      if (isNews) {
        entries.addWide(line.workspace_id, {
          at: now,
          type: "line.spend_cap_reached",
          reason: "spend_cap",
          data: { line: context.book.lines.get(line.id)?.name ?? null, span: short?.span },
        });
      }
      yield* statements.money.insertCharges(charges);
      yield* statements.money.reserve(
        (["day", "hour"] as const).map((span) => ({
          ...spans[span],
          reserved,
          spent: 0,
          overspent: 0,
          short_of: short?.span === span ? short.amount : 0,
          announced: span === "day" && short !== null ? 1 : spans[span].announced,
        })),
      );
    },
  };
}

function emptySpan(lineId: number, span: "hour" | "day", number: number): LineSpendingRow {
  return { line_id: lineId, span, number, reserved: 0, spent: 0, overspent: 0, short_of: 0, announced: 0 };
}

function plus(spending: Spending, reserved: number): Spending {
  return { ...spending, reserved: spending.reserved + reserved };
}

function chargeOf(
  attempt: AttemptRow,
  perMinute: number,
  amount: number,
  hour: number,
  day: number,
): ChargeRow {
  return {
    attempt_id: attempt.id,
    line_id: attempt.line_id,
    hour,
    day,
    per_minute: perMinute,
    reserved: amount,
    spent: 0,
    settled: 0,
  };
}

/**
 * Settles the money of attempts that have ended, or of which nobody can tell any more what became of them: what was
 * reserved comes back once, and what the call cost is spent. Runs after the lines' counters were changed, as a claim does.
 */
export function* settleMoney(
  context: Context,
  folded: readonly Judgement[],
  calls: ReadonlyMap<number, CallRow>,
): Tx<void> {
  const over = new Map(
    folded
      .filter(({ before, fold }) => {
        const call = calls.get(before.call_id);
        return (
          (fold.status === "ended" || fold.review) && call !== undefined && mayCost(context, before, call)
        );
      })
      .map((one) => [one.before.id, one]),
  );
  if (over.size === 0) return;
  const { money } = context.store.statements;
  const changes = new Map<string, Omit<LineSpendingRow, "short_of" | "announced">>();
  const changed: ChargeRow[] = [];
  for (const row of yield* money.charges([...over.keys()].map((attempt_id) => ({ attempt_id })))) {
    const known = { ...row, perMinute: row.per_minute, settled: row.settled === 1 };
    const { charge, change } = settleCharge(known, endingOf(over.get(row.attempt_id) as Judgement));
    if (charge.settled === known.settled && charge.spent === known.spent) continue;
    changed.push({ ...row, spent: charge.spent, settled: 1 });
    add(changes, { line_id: row.line_id, span: "day", number: row.day, ...change });
    add(changes, { line_id: row.line_id, span: "hour", number: row.hour, ...change });
  }
  yield* money.changeCharges(changed);
  for (const [, change] of [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1))) yield* money.settle(change);
}

/** A line without a budget has no charges, unless it was given one that this node's book does not know yet. */
function mayCost(context: Context, attempt: AttemptRow, call: CallRow): boolean {
  return (
    context.book.live.budgets.has(attempt.line_id) ||
    call.plan_version > context.book.workspace(call.workspace_id).row.plan_version
  );
}

function endingOf({ fold }: Judgement): Ending {
  if (fold.status !== "ended") return null;
  const wasAnswered = fold.answeredAt !== null || fold.outcome?.startsWith("answered_") === true;
  return { durationMs: fold.durationMs, wasAnswered };
}

function add(
  changes: Map<string, Omit<LineSpendingRow, "short_of" | "announced">>,
  change: Omit<LineSpendingRow, "short_of" | "announced">,
): void {
  const key = `${String(change.line_id).padStart(16, "0")}/${change.span}/${change.number}`;
  const known = changes.get(key);
  if (known === undefined) {
    changes.set(key, { ...change });
    return;
  }
  known.reserved += change.reserved;
  known.spent += change.spent;
  known.overspent += change.overspent;
}
