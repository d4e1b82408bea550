import type { AttemptRow, CallRow, LedgerRow, ReportRow } from "../../src/ports/rows.ts";
import type { Witness } from "../../src/carriers/sandbox/network.ts";
import type { History, Request } from "./history.ts";
import { type VisitFacts, visitFactsOf } from "./visit-facts.ts";

/** A request that the network took, with all that is known of it. */
export type Dial = {
  readonly witness: Witness;
  readonly request: Request;
  readonly attempt: AttemptRow | null;
  readonly call: CallRow | null;
};

/** A history, ready to be asked. */
export type Facts = {
  readonly history: History;
  readonly dials: readonly Dial[];
  readonly callsByPublicId: ReadonlyMap<string, CallRow>;
  readonly calls: ReadonlyMap<number, CallRow>;
  readonly dialsOf: ReadonlyMap<number, readonly Dial[]>;
  readonly attemptsOf: ReadonlyMap<number, readonly AttemptRow[]>;
  readonly reportsOf: ReadonlyMap<number, readonly ReportRow[]>;
  readonly ledgerOf: ReadonlyMap<number, readonly LedgerRow[]>;
  readonly externalOf: ReadonlyMap<number, string>;
  readonly lineName: ReadonlyMap<number, string>;
  readonly lineOfLane: ReadonlyMap<number, number>;
  readonly visits: VisitFacts;
};

export function factsOf(history: History): Facts {
  const { rows } = history;
  const attemptByKey = new Map(rows.attempts.map((row) => [history.attemptKeyOf(row.id), row]));
  const calls = new Map(rows.calls.map((row) => [row.id, row]));
  const requests = new Map<string, Request[]>();
  for (const request of history.requests) add(requests, request.attemptKey, request);
  const dials: Dial[] = [];
  const seen = new Map<string, number>();
  for (const witness of history.witness) {
    // Requests that were refused are not witnessed, so the n-th witness of a key is the n-th that was not refused.
    const turn = seen.get(witness.attemptKey) ?? 0;
    seen.set(witness.attemptKey, turn + 1);
    const taken = (requests.get(witness.attemptKey) ?? []).filter((one) => one.at === witness.acceptedAt);
    const request = taken[Math.min(turn, taken.length - 1)];
    if (request === undefined) throw new Error("The network took a request that nobody made");
    const attempt = attemptByKey.get(witness.attemptKey) ?? null;
    dials.push({
      witness,
      request,
      attempt,
      call: attempt === null ? null : (calls.get(attempt.call_id) ?? null),
    });
  }
  const dialsOf = new Map<number, Dial[]>();
  for (const dial of dials) if (dial.call !== null) add(dialsOf, dial.call.id, dial);
  return {
    history,
    dials,
    calls,
    callsByPublicId: new Map(rows.calls.map((row) => [history.callIdOf(row.id), row])),
    dialsOf,
    attemptsOf: groupBy(rows.attempts, (row) => row.call_id),
    reportsOf: groupBy(rows.reports, (row) => row.attempt_id),
    ledgerOf: groupBy(rows.ledger, (row) => row.call_id),
    externalOf: new Map(rows.documents.map((row) => [row.call_id, row.external_id ?? ""])),
    lineName: new Map(rows.lines.map((row) => [row.id, row.name])),
    lineOfLane: new Map(rows.lanes.map((row) => [row.id, row.line_id])),
    visits: visitFactsOf(history, dials),
  };
}

export function groupBy<Row>(rows: readonly Row[], key: (row: Row) => number): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) add(groups, key(row), row);
  return groups;
}

function add<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
