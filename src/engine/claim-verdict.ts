import type { AttemptRow, CallRow, DueRow, PersonRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import { type Entries, type Working, move } from "./ledger.ts";

/** What a claim has decided about the calls that it took out. */
export type Judged = {
  dial: Working[];
  changed: Working[];
  due: DueRow[];
  people: PersonRow[];
  entries: Entries;
  /** Null for a line that can ring nobody and has no budget. */
  guard: Guard | null;
};

/** Why a call is not dialed now. `until` null: a person has to decide, so it is looked at again in an hour. */
export type Stop =
  | { readonly kind: "skip" | "park"; readonly reason: string; readonly detail: string | null }
  | { readonly kind: "wait"; readonly reason: string; readonly until: number | null }
  /** The whole line waits, and the call keeps its place. */
  | { readonly kind: "line"; readonly reason: "spend_cap"; readonly until: number };

/** What one claim may ring and spend. It judges calls one by one, and writes what was taken at the end. */
export type Guard = {
  /** Null when the call may be dialed now. */
  stop(call: CallRow): Stop | null;
  /** The call is dialed: its money and its place in its block are taken. */
  take(call: CallRow): void;
  /** Why the line takes no more calls, if it does not. */
  readonly blocked: { readonly reason: string; readonly until: number } | null;
  /** Writes reservations, counters, countries that were asked for, and the entries that announce a limit. */
  write(attempts: readonly AttemptRow[], entries: Entries): Tx<void>;
};

/** Ends a call that is not dialed, and says why. */
export function end(
  judged: Judged,
  call: Working,
  event: "expire" | "skip" | "park",
  reason: string,
  now: number,
  data?: Readonly<Record<string, unknown>>,
): void {
  move(call, event, now);
  call.reason = reason;
  if (event !== "park") call.ended_at = now;
  const type = event === "expire" ? "call.expired" : event === "skip" ? "call.skipped" : "call.needs_review";
  judged.entries.add(call, { at: now, type, reason, ...(data !== undefined && { data }) });
  judged.changed.push(call);
}

/** Does what a stop asks: the call ends, keeps its place, or is looked at again later. False when there is none. */
export function standAside(judged: Judged, call: Working, stop: Stop | null, now: number): boolean {
  if (stop === null) return false;
  if (stop.kind === "line") {
    judged.due.push({ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id });
    return true;
  }
  if (stop.kind !== "wait") {
    end(
      judged,
      call,
      stop.kind,
      stop.reason,
      now,
      stop.detail === null ? undefined : { detail: stop.detail },
    );
    return true;
  }
  call.due_at = Math.min(stop.until ?? now + askAgainMs, call.expires_at);
  move(call, "move", now);
  // It says so once, not each time that it is looked at.
  if (call.reason !== stop.reason) {
    const data = { due_at: call.due_at };
    judged.entries.add(call, { at: now, type: "call.moved", reason: stop.reason, data });
  }
  call.reason = stop.reason;
  judged.changed.push(call);
  judged.due.push({ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id });
  return true;
}

/** A call that waits for a person is looked at again after so long, or as soon as that person has decided. */
const askAgainMs = 3_600_000;
