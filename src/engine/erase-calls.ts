import { nextCallStatus } from "../domain/call.ts";
import type { Report } from "../domain/report.ts";
import type { CallRow, LedgerRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import { editCall } from "./change.ts";
import type { Context } from "./context.ts";
import { type CallDocument, documentPlace, emptyDocument, parseDocument, phonePlace } from "./document.ts";
import type { Actor } from "./engine.ts";
import { Entries, move } from "./ledger.ts";
import { runSure } from "./run-sure.ts";

/** How many rows of each kind were blanked. */
export type Counts = Map<string, number>;

export function count(counts: Counts, what: string, by: number): void {
  if (by > 0) counts.set(what, (counts.get(what) ?? 0) + by);
}

const page = 50;
const chainMax = 500;

type Found = Pick<CallRow, "id" | "status" | "lane_id" | "due_at" | "attempt_id" | "ledger_head">;

/**
 * Blanks the calls of a number, canceling those that wait; their ids are added to `erased`. A call that is under way is
 * left for later, because its carrier may have to be asked about its number. Returns how many of those there are.
 */
export async function eraseCalls(
  context: Context,
  actor: Actor,
  numberHash: string,
  counts: Counts,
  erased: Set<number>,
): Promise<number> {
  const { erasures } = context.store.statements;
  let underWay = 0;
  for (let after = 0; ;) {
    const found: Found[] = await context.store.read("look for a person's calls", () =>
      erasures.callsOf({
        workspace_id: actor.workspaceId,
        number_hash: numberHash,
        after_id: after,
        limit: page,
      }),
    );
    const last = found.at(-1);
    if (last === undefined) return underWay;
    after = last.id;
    const { blanked, left } = await erasePage(context, actor, found);
    underWay += left;
    count(counts, "calls", blanked.length);
    for (const { id } of found) erased.add(id);
  }
}

async function erasePage(
  context: Context,
  actor: Actor,
  found: readonly Found[],
): Promise<{ blanked: readonly number[]; left: number }> {
  const lease = await context.ids.reserve({ ledger: found.length });
  const done = await runSure(context, "erase calls", function* () {
    const { statements } = context.store;
    const entries = new Entries(lease);
    const ended: CallRow[] = [];
    let left = 0;
    for (const one of found) {
      const call = yield* editCall(context, one, entries, (row) => {
        if (nextCallStatus(row.status, "cancel") === undefined) return null;
        const at = context.clock.now();
        move(row, "cancel", at);
        row.reason = "person_erased";
        row.ended_at = at;
        return { at, type: "call.canceled", reason: "person_erased", actor: actor.name };
      });
      if (call === null) continue;
      if (call.status === "dialing") left += 1;
      else ended.push(call);
    }
    yield* statements.ledger.insert(entries.rows);
    const fresh = yield* blankDocuments(context, ended);
    yield* statements.erasures.blankCalls(ended.map(({ id }) => ({ id, dedupe_key: null })));
    for (const call of ended) yield* blankHistory(context, call);
    return { blanked: fresh, left };
  });
  context.ids.release(lease);
  return done;
}

/** Keeps of each document what says how the call was planned. Returns the ids of those that still told who it was. */
function* blankDocuments(context: Context, calls: readonly CallRow[]): Tx<readonly number[]> {
  const { documents } = context.store.statements;
  const { secrets } = context;
  const rows = yield* documents.byIds(calls.map(({ id }) => ({ call_id: id })));
  const known = rows.filter((row) => readable(() => secrets.open(row.phone, phonePlace(row.call_id))) !== "");
  yield* documents.update(
    known.map((row) => {
      const text = readable(() => secrets.open(row.document, documentPlace(row.call_id)));
      return {
        ...row,
        phone: secrets.seal("", phonePlace(row.call_id)),
        external_id: null,
        document: secrets.seal(JSON.stringify(blanked(text)), documentPlace(row.call_id)),
      };
    }),
  );
  return known.map((row) => row.call_id);
}

/** What cannot be opened any more is blanked like everything else. */
function readable(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function blanked(text: string | null): CallDocument {
  if (text === null) return emptyDocument;
  const { purpose, hoursId, policyId, occurrence } = parseDocument(text);
  return { ...emptyDocument, purpose, hoursId, policyId, ...(occurrence !== undefined && { occurrence }) };
}

/** Free words of carriers and people go; times, outcomes and reasons stay. */
function* blankHistory(context: Context, call: CallRow): Tx<void> {
  const { statements } = context.store;
  const attempts: { id: number }[] = [];
  for (let id = call.attempt_id; id !== null && attempts.length < chainMax;) {
    attempts.push({ id });
    const [row]: { previous_id: number | null }[] = yield* statements.attempts.byIds([{ id }]);
    id = row?.previous_id ?? null;
  }
  yield* statements.erasures.blankAttempts(
    attempts.map(({ id }) => ({ id, detail: null, carrier_ref: null })),
  );
  const reports = yield* statements.reports.ofAttempts(attempts.map(({ id }) => ({ attempt_id: id })));
  yield* statements.erasures.setReport(
    reports.map(({ attempt_id, report_key, body }) => ({ attempt_id, report_key, body: wordless(body) })),
  );
  const entries: { id: number; data: string | null }[] = [];
  for (let id: number | null = call.ledger_head; id !== null && id > 0 && entries.length < chainMax;) {
    const [row]: LedgerRow[] = yield* statements.ledger.byIds([{ id }]);
    if (row === undefined) break;
    if (row.data !== null) entries.push({ id, data: withoutWords(row.data) });
    id = row.previous_id;
  }
  yield* statements.erasures.setEntry(entries);
}

function wordless(body: string): string {
  const { detail: _detail, carrierRef: _carrierRef, ...report } = JSON.parse(body) as Report;
  return JSON.stringify(report);
}

function withoutWords(data: string): string {
  const { detail: _detail, warnings: _warnings, ...rest } = JSON.parse(data) as Record<string, unknown>;
  return JSON.stringify(rest);
}
