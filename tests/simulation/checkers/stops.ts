import type { Checker, Violation } from "../checker.ts";
import type { Facts } from "../facts.ts";
import type { Change } from "../history.ts";
import { inForce } from "./window.ts";

const effectMs = 1000;

/** I8: what was canceled, paused, suppressed or stopped is not dialed any more. */
export const stops: Checker = {
  name: "I8",
  promise: "After a cancel, pause, do-not-call entry or stop was answered, nothing is dialed against it.",
  *check(facts) {
    yield* edits(facts);
    const { history, dials, lineName } = facts;
    for (const dial of dials) {
      const { at } = dial.request;
      const callId = dial.call?.id ?? 0;
      if (isOff(history.dialing, at, false))
        yield { what: "dialed while all dialing was stopped", at, callId };
      const line = lineName.get(dial.attempt?.line_id ?? 0);
      const pauses = history.linePauses.filter((one) => one.line === line);
      if (isOff(pauses, at, true)) yield { what: `dialed on ${line} while it was paused`, at, callId };
      const isSuppressed = history.suppressions.some(
        (one) => one.value.to === dial.request.to && one.heardAt !== null && one.heardAt + effectMs < at,
      );
      if (isSuppressed) yield { what: "dialed a number that is on the do-not-call list", at, callId };
    }
    yield* terminated(facts);
  },
};

/** Is the switch certainly off at an instant: was every change that may have been the last one a change to off? */
function isOff(changes: readonly Change<boolean>[], at: number, off: boolean): boolean {
  // Before the first change that was heard it was on.
  const wasChanged = changes.some((one) => one.heardAt !== null && one.heardAt <= at - effectMs);
  return wasChanged && inForce(changes, at).every((value) => value === off);
}

function* edits({ history, callsByPublicId, dialsOf }: Facts): Generator<Violation> {
  for (const edit of history.edits) {
    const call = callsByPublicId.get(edit.callId);
    if (call === undefined || edit.heardAt === null) continue;
    if (edit.refusal === "already_dialing" && edit.attemptId === null)
      yield { what: `${edit.kind} came too late and does not say which attempt runs`, callId: call.id };
    if (edit.heard !== "yes" || (edit.kind !== "cancel" && edit.kind !== "pause")) continue;
    const until = edit.kind === "cancel" ? Infinity : resumedAt(history.edits, edit.callId, edit.sentAt);
    for (const { request } of dialsOf.get(call.id) ?? []) {
      if (request.at > edit.heardAt && request.at < until)
        yield { what: `dialed after its ${edit.kind} was answered`, at: request.at, callId: call.id };
    }
    if (edit.kind === "cancel" && call.status !== "canceled")
      yield { what: `canceled, and ends ${call.status}`, callId: call.id };
  }
}

function resumedAt(edits: Facts["history"]["edits"], callId: string, after: number): number {
  return edits
    .filter(
      (one) =>
        one.callId === callId && (one.kind === "resume" || one.kind === "call_now") && one.heard !== "no",
    )
    .filter((one) => (one.heardAt ?? Infinity) >= after)
    .reduce((first, one) => Math.min(first, one.sentAt), Infinity);
}

/** After SIGTERM no new dial leaves. */
function* terminated({ history, dials }: Facts): Generator<Violation> {
  for (const life of history.lives.filter((one) => one.event === "stop_sent")) {
    for (const dial of dials) {
      if (dial.request.incarnation === life.number && dial.request.at > life.at + 100)
        yield {
          what: "dialed after the program was told to stop",
          at: dial.request.at,
          callId: dial.call?.id ?? 0,
        };
    }
  }
}
