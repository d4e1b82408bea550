import type { Outcome } from "../../domain/outcome.ts";
import type { Report } from "../../ports/carrier.ts";
import { drawBetween, drawOf, nameOf } from "./chance.ts";
import type { Behaviour } from "./script.ts";
import type { SandboxSettings } from "./settings.ts";

/** One request that the network took: all that its future depends on. */
export type Dial = {
  readonly attemptKey: string;
  /** 1; more when the same attempt key was sent again, which a real network would dial again. */
  readonly ordinal: number;
  /** The name that the network gave it: `carrierRefOf`. */
  readonly carrierRef: string;
  /** UTC ms. */
  readonly acceptedAt: number;
  readonly behaviour: Behaviour;
  readonly settings: SandboxSettings;
  readonly ringTimeoutMs: number;
  readonly maxDurationMs: number;
  /** When we hung up (UTC ms), or null. */
  readonly cutAt: number | null;
};

/** A callback: a report and the instant at which it reaches us (UTC ms). */
export type Delivery = { readonly at: number; readonly report: Report };

/** The name that the network gives to a dial. */
export function carrierRefOf(attemptKey: string, ordinal: number): string {
  return ordinal === 1
    ? `sbx_${nameOf(attemptKey, SALT.ref)}`
    : `sbx_${nameOf(attemptKey, SALT.ref)}_${ordinal}`;
}

/** What truly happens to a dial (UTC ms); null where it does not happen. */
export type Truth = {
  readonly ringAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number;
  readonly outcome: Outcome;
  /** It ended because we hung up. */
  readonly isCut: boolean;
};

/** A pure function, so that the network can go on after a restart. */
export function truthOf(dial: Dial): Truth {
  const whole = uncutTruthOf(dial);
  const { cutAt } = dial;
  if (cutAt === null || cutAt >= whole.endedAt) return whole;
  const ringAt = whole.ringAt !== null && whole.ringAt <= cutAt ? whole.ringAt : null;
  const answeredAt = whole.answeredAt !== null && whole.answeredAt <= cutAt ? whole.answeredAt : null;
  const outcome = answeredAt === null ? "no_answer" : whole.outcome;
  return { ringAt, answeredAt, endedAt: cutAt, outcome, isCut: true };
}

/** What the network can say of a dial, in true order, each report with its instant. Always closes with `ended`. */
export function timelineOf(dial: Dial, truth: Truth = truthOf(dial)): Report[] {
  const { behaviour, carrierRef } = dial;
  const { ringAt, answeredAt, endedAt } = truth;
  const key = dial.ordinal > 1 ? `${dial.ordinal}:` : "";
  const answeredBy = answeredAt === null ? undefined : behaviour.answeredBy;
  const disposition = answeredAt === null || truth.isCut ? undefined : behaviour.disposition;
  const detail = truth.isCut ? "We hung up." : behaviour.detail;

  const reports: Report[] = [];
  if (dial.settings.answer !== "at_once") {
    if (ringAt !== null) {
      reports.push({ key: `${key}ringing`, kind: "ringing", at: ringAt, sequence: 1, carrierRef });
    }
    if (answeredAt !== null && answeredBy !== undefined) {
      reports.push({
        key: `${key}answered`,
        kind: "answered",
        at: answeredAt,
        sequence: 2,
        carrierRef,
        answeredBy,
      });
    }
  }
  reports.push({
    key: `${key}ended`,
    kind: "ended",
    at: endedAt,
    sequence: 3,
    carrierRef,
    outcome: truth.outcome,
    ...(answeredBy !== undefined && { answeredBy }),
    ...(disposition !== undefined && { disposition }),
    ...(answeredAt !== null && { durationMs: endedAt - answeredAt }),
    ...(detail !== undefined && { detail }),
  });
  return reports;
}

/** How the reports of a dial reach us: which of them, when, and in what order. */
export function deliveriesOf(dial: Dial, reports: readonly Report[]): Delivery[] {
  const planned = plannedDeliveries(dial.behaviour, reports);
  const faults = dial.settings.faults;
  if (faults === undefined) return planned.sort((a, b) => a.at - b.at);

  const deliveries: Delivery[] = [];
  for (const [i, { at, report }] of planned.entries()) {
    const seed = `${dial.attemptKey}${report.key}${i}`;
    if (happens(faults.lose_callbacks, seed, SALT.lose)) continue;
    const held = happens(faults.reorder_callbacks, seed, SALT.reorder)
      ? drawBetween(seed, SALT.hold, 1, HOLD_MS)
      : 0;
    const arrives = at + (faults.delay_callbacks_ms ?? 0) + held;
    deliveries.push({ at: arrives, report });
    if (happens(faults.duplicate_callbacks, seed, SALT.duplicate)) {
      deliveries.push({ at: arrives + drawBetween(seed, SALT.again, 1, AGAIN_MS), report });
    }
  }
  return deliveries.sort((a, b) => a.at - b.at);
}

/** Is this fault drawn for this seed? */
export function happens(chance: number | undefined, seed: string, salt: number): boolean {
  return chance !== undefined && chance > 0 && drawOf(seed, salt) < chance;
}

/** Each draw has a salt of its own, so that they do not depend on each other. */
export const SALT = {
  ref: 1,
  setup: 2,
  ring: 3,
  talk: 4,
  lose: 5,
  reorder: 6,
  hold: 7,
  duplicate: 8,
  again: 9,
  error: 10,
  limit: 11,
  loseRequest: 12,
  timeOut: 13,
} as const;

const HOLD_MS = 5_000;
const AGAIN_MS = 3_000;
const RING_OUT_MS = 25_000;
const LONG_TALK_MS = 600_000;
const BRIEF_TALK_MS = 2_000;
const LATE_MS = 60_000;
/** A request whose answer is lost rings late, so that one can see the attempt unconfirmed. */
const LOST_ANSWER_SETUP_MS = 5_000;

function uncutTruthOf(dial: Dial): Truth {
  const { attemptKey, acceptedAt, behaviour, settings } = dial;
  const { outcome } = behaviour;
  const reaches = behaviour.answeredBy !== undefined;
  if (settings.answer === "at_once") {
    const ringAt = behaviour.ring === "none" ? null : acceptedAt;
    return { ringAt, answeredAt: reaches ? acceptedAt : null, endedAt: acceptedAt, outcome, isCut: false };
  }
  const setupMs =
    behaviour.request === "lost_answer"
      ? LOST_ANSWER_SETUP_MS
      : drawBetween(attemptKey, SALT.setup, 400, 1600);
  const startAt = acceptedAt + setupMs;
  if (behaviour.ring === "none") {
    return { ringAt: null, answeredAt: null, endedAt: startAt, outcome, isCut: false };
  }
  const usualMs = behaviour.ring === "out" ? RING_OUT_MS : drawBetween(attemptKey, SALT.ring, 2_000, 6_000);
  const ringMs = settings.ring_ms ?? usualMs;
  if (behaviour.ring === "out" || ringMs > dial.ringTimeoutMs) {
    const endedAt = startAt + Math.min(ringMs, dial.ringTimeoutMs);
    return { ringAt: startAt, answeredAt: null, endedAt, outcome: "no_answer", isCut: false };
  }
  const pickedAt = startAt + ringMs;
  if (!reaches) return { ringAt: startAt, answeredAt: null, endedAt: pickedAt, outcome, isCut: false };
  const endedAt = pickedAt + Math.min(talkMsOf(dial), dial.maxDurationMs);
  return { ringAt: startAt, answeredAt: pickedAt, endedAt, outcome, isCut: false };
}

function talkMsOf(dial: Dial): number {
  if (dial.behaviour.talk === "long") return LONG_TALK_MS;
  if (dial.behaviour.talk === "brief") return BRIEF_TALK_MS;
  return dial.settings.talk_ms ?? drawBetween(dial.attemptKey, SALT.talk, 10_000, 40_000);
}

function plannedDeliveries(behaviour: Behaviour, reports: readonly Report[]): Delivery[] {
  const endedAt = reports.at(-1)?.at ?? 0;
  switch (behaviour.callbacks) {
    case "never":
      return [];
    case "prompt":
      return reports.map((report) => ({ at: report.at, report }));
    case "twice":
      return reports.flatMap((report) => [
        { at: report.at, report },
        { at: report.at + 1_000, report },
      ]);
    case "reversed":
      return reports.toReversed().map((report, i) => ({ at: endedAt + 200 * i, report }));
    case "late":
      return reports.map((report) => ({
        at: report.kind === "ended" ? report.at + LATE_MS : report.at,
        report,
      }));
  }
}
