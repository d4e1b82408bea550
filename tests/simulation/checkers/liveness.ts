import { hasEnded } from "../../../src/domain/call.ts";
import type { Checker } from "../checker.ts";

const expiredWithinMs = 2 * 3_600_000 + 60_000;
/** A probe has nothing in its way; so long it may take at most (ms). */
const probeMs = 1000;

/** I16: in a healed world everything ends, nothing is owed, and what has nothing in its way is dialed at once. */
export const liveness: Checker = {
  name: "I16",
  promise: "After the last fault every call ends or waits for a person, and all counters are back.",
  *check({ history, calls, attemptsOf, lineName }) {
    for (const call of calls.values()) {
      if (!hasEnded(call.status) && call.status !== "needs_review")
        yield { what: `is still ${call.status} (${call.reason})`, callId: call.id };
      const probe = attemptsOf.get(call.id)?.[0];
      if (call.purpose === "probe" && (probe === undefined || probe.claimed_at - probe.due_at > probeMs))
        yield {
          what: `a probe was dialed ${probe === undefined ? "never" : `${probe.claimed_at - probe.due_at} ms late`}`,
          callId: call.id,
        };
    }
    for (const call of calls.values()) {
      const lateMs = (call.ended_at ?? 0) - call.expires_at;
      // Looked at each second, and once the troubles of a run (none of which lasts longer) have passed.
      if (call.status === "expired" && lateMs > expiredWithinMs)
        yield { what: `expired ${lateMs} ms after its last useful instant`, callId: call.id };
    }
    for (const attempt of history.rows.attempts) {
      if (attempt.check_at !== null)
        yield { what: `attempt ${attempt.id} is still ${attempt.status}`, callId: attempt.call_id };
      if (attempt.check_at === null && attempt.slot_held === 1)
        yield { what: `attempt ${attempt.id} is over and holds a slot`, callId: attempt.call_id };
    }
    for (const counter of history.rows.counters) {
      if (counter.slots_used !== 0)
        yield {
          what: `${lineName.get(counter.line_id)} counts ${counter.slots_used} calls alive at the end`,
        };
    }
    if (history.rows.due.length > 0)
      yield {
        what: `${history.rows.due.length} due rows are left`,
        callId: history.rows.due[0]?.call_id ?? 0,
      };
    if (history.rows.outbox.length > 0) yield { what: `${history.rows.outbox.length} owed effects are left` };
    for (const { dedupe_key, call_id } of history.rows.dedupe) {
      const holder = calls.get(call_id);
      if (holder === undefined || hasEnded(holder.status))
        yield { what: `"${dedupe_key}" is held by a call that has ended`, callId: call_id };
    }
  },
};
