import type { LedgerRow } from "../../../src/ports/rows.ts";
import type { Checker } from "../checker.ts";

/** Entries that say when somebody, or a rule, wants a call to be dialed. A release only sends it back to wait for that. */
const planning = new Set([
  "call.scheduled",
  "call.moved",
  "call.rescheduled",
  "call.resumed",
  "call.retry_planned",
]);

/** I5: nothing rings before its due instant, by the clock that the machine had then. */
export const neverEarly: Checker = {
  name: "I5",
  promise: "Nothing is dialed before it is due.",
  *check({ dials, ledgerOf }) {
    for (const { request, attempt, call } of dials) {
      if (attempt === null) continue;
      const callId = call?.id ?? 0;
      if (request.wall < attempt.due_at)
        yield {
          what: `${request.attemptId} was dialed ${attempt.due_at - request.wall} ms early`,
          at: request.at,
          callId,
        };
      const plannedAt = lastPlan(ledgerOf.get(callId) ?? [], attempt.id);
      if (request.wall < plannedAt)
        yield {
          what: `${request.attemptId} was dialed ${plannedAt - request.wall} ms before the instant that its history names`,
          at: request.at,
          callId,
        };
    }
  },
};

/** The due instant that the call's history names before it tells of the attempt. */
function lastPlan(entries: readonly LedgerRow[], attemptId: number): number {
  const dialing = entries.find((row) => row.type === "call.dialing" && row.attempt_id === attemptId);
  const byId = new Map(entries.map((row) => [row.id, row]));
  for (let row = dialing; row !== undefined; row = byId.get(row.previous_id ?? 0)) {
    const { due_at: dueAt } = JSON.parse(row.data ?? "{}") as { due_at?: number };
    if (planning.has(row.type) && dueAt !== undefined) return dueAt;
  }
  return -Infinity;
}
