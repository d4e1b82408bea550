import type { Report } from "../domain/report.ts";
import type {
  AttemptRow,
  CallDocumentRow,
  CallRow,
  OutboxRow,
  ReportRow,
  SuppressionRow,
} from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import { type Context, isAsked } from "./context.ts";
import { runSure } from "./run-sure.ts";
import { dedupeOf } from "./dispatch.ts";
import { type Judgement, foldAttempt } from "./fold-attempt.ts";
import { type Effects, settleCall } from "./settlement.ts";
import { Group } from "./group.ts";
import { callsChanged, idsForListeners } from "./hooks.ts";
import type { Lease } from "./ids.ts";
import { Entries, type Working } from "./ledger.ts";
import { settleMoney } from "./live-money.ts";

/** The key of a report by which somebody else takes back what an owner claimed and did not place. */
export const reclaimedKey = "reclaimed";

type Item = { readonly attemptId: number; readonly reports: readonly Report[] };
type Settled = { readonly stored: ReadonlySet<number>; readonly effects: Effects };

/** Where everything that is learned about attempts comes in. */
export type Receive = {
  /** Stores and folds reports; resolves once they are durable. False when there is no such attempt. */
  add(attemptId: number, reports: readonly Report[]): Promise<boolean>;
  readonly quiet: boolean;
};

/**
 * Record, then fold. In one transaction for all that arrived in this turn: 1. store the reports (a repeated one falls to
 * its key); 2. fold each attempt's whole set of reports into its state; 3. decide what follows for its call: done, try
 * again at …, give up; 4. tell the programs whose calls
 * they are; 5. write it all, the ledger too, and give back slots. What was late for its attempt becomes a correction.
 */
export function makeReceive(context: Context): Receive {
  const group = new Group<Item, boolean>({
    clock: context.clock,
    max: context.tuning.groupMax,
    lanes: context.store.singleOwner ? 1 : 2,
    target: () => (isAsked(context) ? context.tuning.claimMs : null),
    commit: async (items) => {
      const settled = await settleItems(context, items);
      return items.map((item) => settled.stored.has(item.attemptId));
    },
  });
  return {
    add: (attemptId, reports) => group.add({ attemptId, reports }),
    get quiet() {
      return group.quiet;
    },
  };
}

async function settleItems(context: Context, items: readonly Item[]): Promise<Settled> {
  const merged = mergeItems(items);
  const reportCount = items.reduce((sum, item) => sum + item.reports.length, 0);
  const heard = idsForListeners(context, merged.size);
  const lease = await context.ids.reserve({
    ...heard,
    ledger: 4 * merged.size + reportCount + heard.ledger,
    outbox: merged.size,
    config: merged.size,
  });
  let isAgain = false;
  const settled = await runSure(context, "receive", (again) => {
    isAgain = again;
    return settleInTx(context, lease, merged);
  });
  context.ids.release(lease);
  const { effects } = settled;
  for (const lineId of effects.freedLines.keys()) context.state.blocked.delete(lineId);
  if (effects.freedLines.size > 0) context.wake("dispatch");
  if (effects.soonestDue !== null) context.wake("dispatch", effects.soonestDue);
  if (effects.soonestCheck !== null) context.wake("reconcile", effects.soonestCheck);
  if (effects.outbox.length > 0) context.wake("deliver");
  for (const outcome of effects.outcomes) context.meter.outcome(outcome);
  if (effects.changedAny) context.announce();
  // When the first run did happen, this one found nothing new and cannot say what there is to do.
  if (isAgain) for (const duty of ["dispatch", "reconcile", "deliver"] as const) context.wake(duty);
  return settled;
}

function mergeItems(items: readonly Item[]): Map<number, Report[]> {
  const merged = new Map<number, Report[]>();
  for (const item of items) {
    const known = merged.get(item.attemptId);
    if (known === undefined) merged.set(item.attemptId, [...item.reports]);
    else known.push(...item.reports);
  }
  return merged;
}

function* settleInTx(
  context: Context,
  lease: Lease,
  items: ReadonlyMap<number, readonly Report[]>,
): Tx<Settled> {
  const { statements } = context.store;
  const now = context.clock.now();
  const attempts = new Map(
    (yield* statements.attempts.lock([...items.keys()].map((id) => ({ id })))).map((row) => [row.id, row]),
  );
  const fresh = yield* recordReports(context, items, attempts, now);
  const effects = noEffects(lease);
  const stored = new Set(attempts.keys());
  if (fresh.size === 0) return { stored, effects };
  const touched = [...attempts.values()].filter((row) => fresh.has(row.id));
  const all = yield* allReports(context, touched, fresh);
  const calls = new Map<number, Working>(
    (yield* statements.calls.lock(touched.map((row) => ({ id: row.call_id })))).map((row) => [
      row.id,
      { ...row },
    ]),
  );
  const folded = touched.map((row) => foldAttempt(context, row, all.get(row.id) ?? [], now));
  const documents = yield* documentsFor(context, folded, calls);
  for (const judgement of folded) {
    const call = calls.get(judgement.before.call_id);
    if (call !== undefined)
      settleCall(
        context,
        effects,
        judgement,
        call,
        documents.get(call.id),
        yield* earlierOf(context, judgement),
        now,
      );
  }
  yield* callsChanged(context, lease, effects.entries, now, effects.calls.values());
  yield* writeEffects(context, effects, folded);
  yield* settleMoney(context, folded, calls);
  return { stored, effects };
}

/** Stores what is new; returns the new reports by attempt. */
function* recordReports(
  context: Context,
  items: ReadonlyMap<number, readonly Report[]>,
  attempts: ReadonlyMap<number, AttemptRow>,
  now: number,
): Tx<Map<number, Report[]>> {
  const rows: ReportRow[] = [];
  const byKey = new Map<string, Report>();
  for (const [attemptId, reports] of items) {
    const attempt = attempts.get(attemptId);
    if (attempt === undefined) continue;
    for (const report of reports) {
      const key = `${attemptId}|${report.key}`;
      // Taken back by another than its owner, who won the fence in the meantime: its request may have left.
      if (report.key === reclaimedKey && attempt.status !== "claimed") continue;
      if (byKey.has(key)) continue;
      byKey.set(key, report);
      rows.push({
        attempt_id: attemptId,
        report_key: report.key,
        workspace_id: attempt.workspace_id,
        received_at: now,
        body: JSON.stringify(report),
      });
    }
  }
  const first = rows.filter((row) => attempts.get(row.attempt_id)?.reports === 0);
  const later = rows.filter((row) => attempts.get(row.attempt_id)?.reports !== 0);
  const { statements } = context.store;
  yield* statements.reports.insertFirst(first);
  const fresh = new Map<number, Report[]>();
  for (const row of [...first, ...(yield* statements.reports.insert(later))]) {
    const report = byKey.get(`${row.attempt_id}|${row.report_key}`);
    if (report === undefined) continue;
    const known = fresh.get(row.attempt_id);
    if (known === undefined) fresh.set(row.attempt_id, [report]);
    else known.push(report);
  }
  return fresh;
}

/** Every report of each attempt; those of an attempt that had none before are already at hand. */
function* allReports(
  context: Context,
  attempts: readonly AttemptRow[],
  fresh: ReadonlyMap<number, Report[]>,
): Tx<Map<number, Report[]>> {
  const all = new Map<number, Report[]>();
  const older = attempts.filter((row) => row.reports > 0);
  for (const row of attempts) if (row.reports === 0) all.set(row.id, fresh.get(row.id) ?? []);
  for (const row of yield* context.store.statements.reports.ofAttempts(
    older.map((one) => ({ attempt_id: one.id })),
  )) {
    const report = JSON.parse(row.body) as Report;
    const known = all.get(row.attempt_id);
    if (known === undefined) all.set(row.attempt_id, [report]);
    else known.push(report);
  }
  return all;
}

/** Only a call that may be planned again, or whose number may be kept from being called, needs its document. */
function* documentsFor(
  context: Context,
  folded: readonly Judgement[],
  calls: ReadonlyMap<number, CallRow>,
): Tx<Map<number, CallDocumentRow>> {
  const needed = folded.filter((one) => one.needsDocument && calls.has(one.before.call_id));
  const rows = yield* context.store.statements.documents.byIds(
    needed.map((one) => ({ call_id: one.before.call_id })),
  );
  return new Map(rows.map((row) => [row.call_id, row]));
}

const chainMax = 100;

/** The call's attempts before this one that counted, by following the chain. Only a retry decision needs them. */
function* earlierOf(context: Context, judgement: Judgement): Tx<AttemptRow[]> {
  const earlier: AttemptRow[] = [];
  if (!judgement.needsDocument) return earlier;
  let id = judgement.before.previous_id;
  for (let step = 0; id !== null && step < chainMax; step += 1) {
    const [row]: AttemptRow[] = yield* context.store.statements.attempts.byIds([{ id }]);
    if (row === undefined) break;
    if (row.counted === 1 && row.outcome !== null) earlier.push(row);
    id = row.previous_id;
  }
  return earlier;
}

function* writeEffects(context: Context, effects: Effects, folded: readonly Judgement[]): Tx<void> {
  const { statements } = context.store;
  yield* statements.attempts.change(folded.map((one) => one.after));
  yield* statements.due.remove(effects.dueRemoved);
  const changed = [...effects.calls.values()];
  if ((yield* statements.calls.change(changed)) < changed.length)
    throw new Error("A locked call was changed by another transaction");
  yield* statements.due.insert(effects.dueAdded);
  yield* statements.dedupe.remove(dedupeOf(changed));
  yield* statements.ledger.insert(effects.entries.rows);
  yield* statements.suppressions.insert(effects.suppressions);
  yield* statements.outbox.insert(effects.outbox);
  for (const [lineId, count] of [...effects.freedLines].toSorted(([a], [b]) => a - b)) {
    yield* statements.lines.release({ line_id: lineId, count });
  }
  for (const [lineId, until] of effects.backOff) yield* statements.lines.backOff({ line_id: lineId, until });
}

function noEffects(lease: Lease): Effects {
  lease.rewind("config");
  return {
    lease,
    calls: new Map(),
    dueRemoved: [],
    dueAdded: [],
    entries: new Entries(lease),
    suppressions: [] as SuppressionRow[],
    outbox: [] as OutboxRow[],
    freedLines: new Map(),
    backOff: new Map(),
    outcomes: [],
    soonestDue: null,
    soonestCheck: null,
    changedAny: false,
  };
}
