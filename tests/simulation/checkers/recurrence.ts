import { type Slot as OracleSlot, bruteSlots, minutesOf } from "../../oracle/brute.ts";
import type { SeriesDocument } from "../../../src/engine/series-document.ts";
import type { OccurrenceRow, SeriesRow } from "../../../src/ports/rows.ts";
import type { Checker, Violation } from "../checker.ts";
import type { Facts } from "../facts.ts";
import { groupBy } from "../facts.ts";
import type { SeriesStep } from "../history.ts";
import { specOf } from "../series-rules.ts";

const dayMs = 86_400_000;
/** A start or a change within this time after a slot still takes the slot. */
const slackMs = 1000;
/** How late a slot of a healed world may be noticed at most. */
const noticedWithinMs = 60_000;

/** I13: the slots that were made and those left out with a reason are those of the rule, each once, in order. */
export const recurrence: Checker = {
  name: "I13",
  promise:
    "Calls made and slots left out with a reason are together the slots of the rule, each exactly once, one after another.",
  *check(facts) {
    const { history } = facts;
    const rules = new Map<string, Set<string>>();
    for (const [id, steps] of groupBy(history.rows.seriesSteps, (step) => step.series_id)) {
      const walk = new Walk(facts, id);
      for (const group of groupBy(steps, (step) => step.store_use).values()) yield* walk.take(group);
      yield* walk.calls();
      rules.set(history.seriesIdOf(id), walk.rules);
    }
    for (const { seriesId, rule } of history.rulesKept) {
      if (rules.get(seriesId)?.has(rule) !== true)
        yield { what: `${seriesId} was acknowledged with ${rule}, which it never had` };
    }
  },
};

type Row = Pick<
  SeriesRow,
  "status" | "document" | "timezone" | "slot" | "slot_at" | "wake_at" | "updated_at"
>;
type Slot = Omit<OccurrenceRow, "series_id" | "workspace_id">;

/** A series as its transactions left it, one after another. */
class Walk {
  readonly rules = new Set<string>();
  readonly #facts: Facts;
  readonly #id: number;
  #row: Row | null = null;
  #document: SeriesDocument | null = null;
  #slots: readonly OracleSlot[] = [];
  #rule = "";
  /** Every slot up to this instant is used up. */
  #usedTo = -Infinity;
  readonly #standing = new Map<string, Slot>();
  readonly #callsOf = new Map<string, number[]>();

  constructor(facts: Facts, id: number) {
    this.#facts = facts;
    this.#id = id;
  }

  *take(group: readonly SeriesStep[]): Generator<Violation> {
    const rows = group.filter(({ what }) => what === "born" || what === "changed");
    const after = rows.length === 0 ? null : (JSON.parse(rows.at(-1)?.body ?? "") as Row);
    const before = this.#row;
    const oldDocument = this.#document;
    const slots = (wanted: SeriesStep["what"]): Slot[] =>
      group.filter(({ what }) => what === wanted).map(({ body }) => JSON.parse(body) as Slot);
    const made = slots("slot_made");
    const isNewRule = after !== null && this.#read(after);
    for (const slot of slots("slot_taken_back")) yield* this.#takeBack(slot, made, after);
    // From a change on, the new rule holds; what the old one had made for later is taken back.
    if (after !== null && isNewRule)
      this.#usedTo = after.updated_at - (after.status === "paused" ? 0 : slackMs);
    for (const slot of slots("slot_changed")) this.#standing.set(slot.slot, slot);
    const ofRule = made.filter(({ kind }) => kind === "rule").toSorted((a, b) => a.at - b.at);
    if (ofRule.length > 0 && before !== null && before.status !== "active" && after?.status !== "active")
      yield this.#fault(`slot ${ofRule[0]?.slot} was made while it was ${before.status}`);
    for (const slot of ofRule) yield* this.#use(slot);
    for (const slot of made) yield* this.#note(slot);
    if (after === null) return;
    this.#row = after;
    const isOnlyGoingOn = before?.status === "active" && before.document === after.document;
    if (isOnlyGoingOn && after.status !== "paused" && oldDocument !== null)
      yield* this.#late(ofRule, oldDocument.misfire, after.updated_at);
    yield* this.#standsRight(after, before);
  }

  /** Each slot is dialed for once, and every call of the series is one of a slot. */
  *calls(): Generator<Violation> {
    const { calls, attemptsOf } = this.#facts;
    const known = new Set([...this.#callsOf.values()].flat());
    for (const call of calls.values()) {
      if (call.series_id === this.#id && !known.has(call.id))
        yield this.#fault("is a call of the series and of none of its slots", call.id);
    }
    for (const [slot, ids] of this.#callsOf) {
      const dialed = ids.filter((id) => attemptsOf.has(id));
      if (dialed.length > 1)
        yield this.#fault(`slot ${slot} was dialed for by the calls ${dialed.join(" and ")}`, dialed[1]);
    }
    for (const { slot, call_id: callId } of this.#standing.values()) {
      if (callId !== null && !calls.has(callId)) yield this.#fault(`the call of slot ${slot} is not there`);
    }
  }

  /** Reads the rule that holds from now on. True when it is another one than before. */
  #read(row: Row): boolean {
    const { history } = this.#facts;
    const document = history.openSeries(this.#id, row.document);
    const { on_gap: gap, on_repeat: overlap } = document.policies;
    const rule = JSON.stringify([document.rule, document.startLocalMs, row.timezone, gap, overlap]);
    this.#document = document;
    this.rules.add(JSON.stringify(document.rule));
    if (rule === this.#rule) return false;
    this.#rule = rule;
    const zone = history.zones.zone(row.timezone);
    if (zone === undefined) throw new Error(`There is no zone ${row.timezone}`);
    const spec = specOf(document.rule, document.startLocalMs);
    const minutes = minutesOf(spec, document.startLocalMs, history.endedAt + 9 * dayMs);
    this.#slots = bruteSlots(spec, zone, minutes, { gap, overlap });
    return true;
  }

  *#takeBack(slot: Slot, made: readonly Slot[], after: Row | null): Generator<Violation> {
    this.#standing.delete(slot.slot);
    // What was left out is made up for.
    if (made.some((one) => one.kind === "backfill" && one.slot === slot.slot)) return;
    this.#usedTo = Math.min(this.#usedTo, slot.at - 1);
    // What was left out of the time to come may be planned anew.
    if (slot.call_id === null && after !== null && slot.at > after.updated_at) return;
    const call = this.#facts.calls.get(slot.call_id ?? 0);
    if (slot.call_id === null || call?.status !== "canceled" || call.attempts > 0)
      yield this.#fault(
        `slot ${slot.slot} was taken back, and its call is ${call?.status ?? "none"}`,
        call?.id,
      );
  }

  *#note(slot: Slot): Generator<Violation> {
    this.#standing.set(slot.slot, slot);
    if (slot.call_id === null && slot.reason === null)
      yield this.#fault(`slot ${slot.slot} was left out for no reason`);
    if (slot.call_id !== null)
      this.#callsOf.set(slot.slot, [...(this.#callsOf.get(slot.slot) ?? []), slot.call_id]);
    if (
      slot.kind === "backfill" &&
      !this.#slots.some((one) => one.key === bareKey(slot.slot) && one.at === slot.at)
    )
      yield this.#fault(`slot ${slot.slot}, which was made up for, is none of its rule`);
  }

  /** The first slot of the rule that nothing became of; what an earlier rule used up stays so. */
  #next(): OracleSlot | undefined {
    return this.#slots.find(
      (one) => one.at > this.#usedTo && !keysOf(one).some((key) => this.#standing.get(key)?.at === one.at),
    );
  }

  /** The slot is the next one of the rule. */
  *#use(slot: Slot): Generator<Violation> {
    const next = this.#next();
    const [key = "", before] = bareKey(slot.slot).split("/");
    if (next?.key !== key || next.at !== slot.at)
      yield this.#fault(
        `slot ${key} at ${iso(slot.at)} follows ${iso(this.#usedTo)}, not ${next?.key} at ${iso(next?.at)}`,
      );
    if (before === undefined) this.#usedTo = slot.at;
    else {
      const end = this.#slots.find((one) => one.key === before);
      if (end === undefined || end.at <= slot.at)
        yield this.#fault(`a stretch of slots ends before ${before}, which is none of its rule`);
      else this.#usedTo = end.at - 1;
    }
  }

  /** Slots whose instant had passed when they were looked at are made or left out as the policy says. */
  *#late(slots: readonly Slot[], policy: SeriesDocument["misfire"], now: number): Generator<Violation> {
    const passed = slots.filter((slot) => slot.at <= now && !slot.slot.includes("/"));
    const fresh = passed.filter((slot) => now - slot.at <= policy.graceMs);
    const chosen = passed.filter((slot) => slot.reason !== "missed" && slot.reason !== "coalesced");
    const most = { skip: 0, run_once: 1, run_all: policy.misfiresMax }[policy.misfire];
    const wanted = most === 0 ? [] : fresh.slice(-most);
    const isRight =
      policy.misfire === "run_once"
        ? chosen.length === 0 || (chosen.length === 1 && chosen[0] === wanted[0])
        : chosen.length === wanted.length && chosen.every((slot, index) => slot === wanted[index]);
    if (!isRight)
      yield this.#fault(
        `of ${passed.length} slots that passed (${fresh.length} within the grace) ${chosen.map(({ slot }) => slot).join(", ")} were made by ${policy.misfire}`,
      );
    for (const slot of passed) {
      const isFresh = fresh.includes(slot) && policy.misfire !== "skip";
      if (slot.reason === "missed" && isFresh)
        yield this.#fault(`slot ${slot.slot} is missed within its grace`);
      if (slot.reason === "coalesced" && !isFresh)
        yield this.#fault(`slot ${slot.slot} is coalesced after its grace`);
    }
  }

  *#standsRight(after: Row, before: Row | null): Generator<Violation> {
    if (after.status === "active" && after.wake_at === null)
      yield this.#fault("is active and never looked at again");
    const next = this.#next();
    // A change of what its calls say leaves it to the next look what became of slots that have just passed.
    const isJudged = before?.status !== "active" || before.document === after.document;
    if (after.status === "active" && isJudged && next !== undefined && next.at <= after.updated_at)
      yield this.#fault(
        `slot ${next.key} had passed at ${iso(after.updated_at)} and nobody says what became of it`,
      );
    const isLeftBehind =
      after.status === "ended" &&
      before?.status === "active" &&
      after.updated_at > this.#facts.history.healedAt + noticedWithinMs &&
      next !== undefined &&
      next.at <= after.updated_at - noticedWithinMs;
    if (isLeftBehind) yield this.#fault(`slot ${next.key} was still not made at ${iso(after.updated_at)}`);
  }

  #fault(what: string, callId?: number): Violation {
    const { history } = this.#facts;
    return { what: `${history.seriesIdOf(this.#id)} ${what}`, ...(callId === undefined ? {} : { callId }) };
  }
}

function iso(at: number | undefined): string {
  return at === undefined || !Number.isFinite(at) ? "nothing" : new Date(at).toISOString();
}

/** A slot whose wall time came before, in another zone, has its instant in its key. */
function keysOf({ key, at }: OracleSlot): string[] {
  return [key, key.replace(/(#2)?$/, `@${new Date(at).toISOString().replace(".000", "")}$1`)];
}

function bareKey(slot: string): string {
  return slot.replace(/@[^#]*/, "");
}
