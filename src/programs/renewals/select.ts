import { Refusal } from "../../domain/refusal.ts";
import { formatDay } from "../../domain/civil.ts";
import type { CallDraft, ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { type NewCall, callWish, newRow } from "./new-call.ts";
import type { Actor, Parts } from "./parts.ts";
import { type After, pendingRows } from "./pending.ts";
import { openPerson } from "./person.ts";
import { writeRest } from "./rest.ts";
import { dayIn, isRested } from "./rules.ts";
import { keepLine, lockSettings, readSettings } from "./settings.ts";
import type { PendingRow } from "./statements.ts";
import type { CallSource, CustomerRow } from "./tables.ts";

/** Customers looked at in one transaction, and how many of those looked at may turn out not to be callable. */
const CHUNK = 100;
const CHUNKS_MAX = 200;
/** What is told of each selected customer; more are only counted. */
const RESULTS_MAX = 200;

export type Selecting = {
  /** Policies that end within so many days. */
  readonly days: number;
  readonly callsMax: number;
  readonly source: CallSource;
  readonly taskId: string;
  readonly reason: string;
  readonly isStopping?: () => boolean;
};

export type Selected = {
  readonly queued: number;
  /** Whose call could not be planned. */
  readonly skipped: number;
  /** The day has no calls left: `max_calls_per_day`. */
  readonly isDayFull: boolean;
  readonly results: readonly SelectedOne[];
};
type SelectedOne = {
  readonly customerId: number;
  readonly rowId: number | null;
  readonly status: "queued" | "skipped";
  readonly error?: string;
};

type Drafted = { readonly row: PendingRow; readonly draft: CallDraft };

/**
 * Finds who is to be called, and makes the calls, in pieces: 1. read the next customers; 2. plan their calls; 3. in one
 * transaction, look at each again, count what the day has left, mark the customers and store the calls. However many
 * selections run at once, a customer is in one of them.
 */
export async function selectAndCall(parts: Parts, actor: Actor, asked: Selecting): Promise<Selected> {
  const settings = await readSettings(parts, actor);
  const line = await keepLine(parts, actor, settings);
  const results: SelectedOne[] = [];
  let [queued, skipped, isDayFull] = [0, 0, false];
  let after: After | undefined;
  for (let chunk = 0; chunk < CHUNKS_MAX && queued < asked.callsMax && !isDayFull; chunk += 1) {
    if (asked.isStopping?.() === true) break;
    const limit = Math.min(CHUNK, asked.callsMax - queued);
    const skipDays = settings.skip_if_called_within_days;
    const rows = await pendingRows(parts, actor, {
      days: asked.days,
      limit,
      skipDays,
      ...(after === undefined ? {} : { after }),
    });
    if (rows.length === 0) break;
    after = rows.at(-1);
    const { drafted, failed } = await draftAll(parts, actor, rows, line, asked);
    const stored = await storeCalls(parts, actor, drafted, asked);
    isDayFull = stored.isDayFull;
    queued += stored.calls.length;
    skipped += failed.length;
    results.push(...stored.calls, ...failed);
    results.splice(RESULTS_MAX);
  }
  if (queued > 0) parts.house.wake();
  return { queued, skipped, isDayFull, results };
}

/** One whose call cannot be planned keeps nobody else from being called. */
async function draftAll(
  parts: Parts,
  actor: Actor,
  rows: readonly PendingRow[],
  line: string,
  asked: Selecting,
): Promise<{ drafted: Drafted[]; failed: SelectedOne[] }> {
  const drafted: Drafted[] = [];
  const failed: SelectedOne[] = [];
  for (const row of rows) {
    try {
      drafted.push({ row, draft: await parts.house.draftCall(actor, wishOf(parts, row, line, asked)) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failed.push({ customerId: row.customer_id, rowId: null, status: "skipped", error: error.code });
    }
  }
  return { drafted, failed };
}

function wishOf({ house }: Parts, row: PendingRow, line: string, asked: Selecting) {
  const person = openPerson(house.secrets, row, row.customer_id);
  return callWish({
    person,
    line,
    priority: 0,
    metadata: {
      customer_id: house.secrets.publicId("customer", row.customer_id),
      customer_policy_id: house.secrets.publicId("customer_policy", row.id),
      policy_name: row.policy_name,
      policy_end_date: formatDay(row.end_day),
      reason: asked.reason,
    },
  });
}

type Stored = { readonly calls: SelectedOne[]; readonly isDayFull: boolean };

function storeCalls(
  parts: Parts,
  actor: Actor,
  drafted: readonly Drafted[],
  asked: Selecting,
): Promise<Stored> {
  const needs = { rows: drafted.length, calls: drafted.length };
  return parts.house.transact("select customers", actor, needs, function* (tx): Tx<Stored> {
    const settings = yield* lockSettings(parts, tx);
    const today = dayIn(parts.zone, tx.now);
    const left = settings.max_calls_per_day - (yield* callsOf(parts, tx, today));
    const held = yield* holdCustomers(parts, tx, drafted);
    const calls: (NewCall & { row: PendingRow })[] = [];
    for (const { row, draft } of drafted) {
      const customer = held.get(row.customer_id);
      if (calls.length >= left) break;
      // Whatever has changed since it was read, it is no longer what was decided upon; the next selection looks again.
      if (customer === undefined || customer.version !== row.version) continue;
      if (!isRested(customer, today, settings.skip_if_called_within_days)) continue;
      calls.push({ id: tx.nextId(), callId: yield* tx.schedule(draft), draft, row });
    }
    yield* parts.sql.calls.insert(
      calls.map((call) =>
        newRow(tx, call, {
          customerId: call.row.customer_id,
          holdingId: call.row.id,
          source: asked.source,
          taskId: asked.taskId,
          reason: asked.reason,
          priority: 0,
          day: today,
          minute: null,
          notes: null,
        }),
      ),
    );
    const marked = calls.flatMap(({ row }) => held.get(row.customer_id) ?? []);
    yield* writeRest(
      parts,
      marked.map((row) => ({ ...row, busy_day: Math.min(row.busy_day, today) })),
    );
    return {
      calls: calls.map((call) => ({ customerId: call.row.customer_id, rowId: call.id, status: "queued" })),
      isDayFull: calls.length >= left,
    };
  });
}

function* holdCustomers(
  { sql }: Parts,
  tx: ProgramTx,
  drafted: readonly Drafted[],
): Tx<Map<number, CustomerRow>> {
  const keys = drafted.map(({ row }) => ({ workspace_id: tx.actor.workspaceId, id: row.customer_id }));
  const rows: CustomerRow[] = yield* sql.customers.lock(keys);
  return new Map(rows.map((row) => [row.id, row]));
}

/** How many of the day's calls were made, or will be; what was canceled or skipped was not. */
function* callsOf({ sql }: Parts, tx: ProgramTx, day: number): Tx<number> {
  const counts = yield* sql.calls.countsOfDay({ workspace_id: tx.actor.workspaceId, day });
  return counts
    .filter(({ status }) => status !== "cancelled" && status !== "skipped")
    .reduce((sum, { count }) => sum + count, 0);
}
