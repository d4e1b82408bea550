import type { PlaceAnswer } from "../ports/carrier.ts";
import type { CallDocumentRow } from "../ports/rows.ts";
import type { FencedAttempt } from "../ports/statements.ts";
import type { Tx } from "../ports/store.ts";
import type { Report } from "../domain/report.ts";
import { isClockFenced } from "./clock-watch.ts";
import type { Context } from "./context.ts";
import { runSure } from "./run-sure.ts";
import { judgedBefore } from "./live-claim.ts";
import { orderOf } from "./order.ts";
import { ringLeadMs } from "./plan.ts";
import { findPreparable, prepare } from "./prepare.ts";
import { type Receive, reclaimedKey } from "./receive.ts";

type Fenced = {
  readonly send: readonly FencedAttempt[];
  readonly keep: readonly { readonly id: number; readonly reason: string }[];
  readonly documents: ReadonlyMap<number, CallDocumentRow>;
};

/** What a carrier made ready before the fence. */
type Prepared = { readonly words: unknown };

/**
 * Places claimed attempts. Where a carrier has something to make ready that rings nobody, that comes first, so that a stop
 * or a crash meanwhile finds an attempt of which nothing has left. Then: 1. Fence: in one transaction, just before the requests leave, every attempt that this node
 * still owns and that may still be dialed becomes `placing`. 2. Window and deadline are looked at once more. 3. Exactly
 * one create request per attempt. 4. Its answer becomes a report: accepted, refused (certain) or unknown.
 */
export async function place(context: Context, receive: Receive, delivered: readonly number[]): Promise<void> {
  // A message that comes twice while its attempt is being placed is dropped before it can share in an unknown commit.
  const attemptIds = [...new Set(delivered)].filter((id) => !context.state.placing.has(id));
  if (attemptIds.length === 0) return;
  for (const id of attemptIds) context.state.placing.add(id);
  try {
    const toPrepare = await findPreparable(context, attemptIds);
    const slow = new Set(toPrepare.map(({ attempt }) => attempt.id));
    const results = await Promise.allSettled([
      send(
        context,
        receive,
        attemptIds.filter((id) => !slow.has(id)),
        null,
      ),
      ...toPrepare.map(async (one) => {
        const prepared = await prepare(context, one);
        if (prepared.kind === "ready") await send(context, receive, [one.attempt.id], prepared);
        else await receive.add(one.attempt.id, reportsOf(prepared, context.clock.now()));
      }),
    ]);
    const failure = results.find(isRejected);
    if (failure !== undefined) throw failure.reason;
  } finally {
    for (const id of attemptIds) context.state.placing.delete(id);
    // There is room for more requests now.
    context.wake("dispatch");
  }
}

async function send(
  context: Context,
  receive: Receive,
  attemptIds: readonly number[],
  prepared: Prepared | null,
): Promise<void> {
  if (attemptIds.length === 0) return;
  const fenced = await fence(context, attemptIds);
  const kept = fenced.keep.map(({ id, reason }) => receive.add(id, [notSent(context, reason)]));
  const sent = fenced.send.map((attempt) =>
    sendOne(context, receive, attempt, fenced.documents.get(attempt.call_id), prepared),
  );
  // One report that cannot be stored must not make the others look as if nobody placed them any more.
  const failure = (await Promise.allSettled([...kept, ...sent])).find(isRejected);
  if (failure !== undefined) throw failure.reason;
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === "rejected";
}

/** Why an attempt is unknown when its process ended while the request was under way. */
export const interruptedDetail = "the process ended while the request was under way";

/** A request that did not leave: nothing rang, so the call goes back to wait and the attempt does not count. */
export function notSent(context: Pick<Context, "clock">, reason: string): Report {
  return {
    key: "not_sent",
    kind: "ended",
    at: context.clock.now(),
    outcome: "not_placed",
    detail: reason,
    retryAfterMs: 0,
  };
}

/** As `notSent`, said by somebody who is not its owner: it holds only while the attempt has not been fenced. */
export function reclaimed(context: Pick<Context, "clock">): Report {
  return { ...notSent(context, "not_sent"), key: reclaimedKey };
}

async function fence(context: Context, attemptIds: readonly number[]): Promise<Fenced> {
  const won = new Set<number>();
  return runSure(context, "fence", function* (again): Tx<Fenced> {
    const { statements } = context.store;
    const now = context.clock.now();
    const fenced = yield* statements.attempts.fence(
      attemptIds.map((id) => ({ id, node_id: context.nodeId, placing_at: now })),
    );
    // What this very fence won when its answer was lost: nothing was sent yet, so `placing` is as good as `claimed`.
    const before = again ? yield* statements.attempts.byIds([...won].map((id) => ({ id }))) : [];
    for (const row of fenced) won.delete(row.id);
    const mine = [
      ...fenced,
      ...before.filter(
        (row) => won.has(row.id) && row.node_id === context.nodeId && row.status === "placing",
      ),
    ];
    for (const row of fenced) won.add(row.id);
    const stopped = yield* stoppedLines(context, mine);
    const outdated = yield* judgedBefore(context, mine);
    const send: FencedAttempt[] = [];
    const keep: { id: number; reason: string }[] = [];
    for (const row of mine) {
      const reason =
        stopped.get(row.line_id) ?? (outdated.has(row.id) ? "not_sent" : notNow(context, row, now));
      if (reason === null) send.push(row);
      else keep.push({ id: row.id, reason });
    }
    const documents = yield* statements.documents.byIds(send.map((row) => ({ call_id: row.call_id })));
    return { send, keep, documents: new Map(documents.map((row) => [row.call_id, row])) };
  });
}

/** Lines (or their workspaces) on which dialing was stopped since the claim. */
function* stoppedLines(context: Context, attempts: readonly FencedAttempt[]): Tx<Map<number, string>> {
  const { statements } = context.store;
  const stopped = new Map<number, string>();
  const lineIds = [...new Set(attempts.map((row) => row.line_id))];
  const workspaces = new Map((yield* statements.workspaces.all({})).map((row) => [row.id, row]));
  for (const flag of yield* statements.lines.flags(lineIds.map((id) => ({ id })))) {
    if (workspaces.get(flag.workspace_id)?.stopped_at !== null) stopped.set(flag.id, "dialing_stopped");
    else if (flag.status === "paused") stopped.set(flag.id, "line_paused");
    else if (flag.status !== "active") stopped.set(flag.id, "line_removed");
  }
  return stopped;
}

/** Why an attempt may not leave at this instant, or null. */
function notNow(context: Context, attempt: FencedAttempt, now: number): string | null {
  if (context.state.draining || isClockFenced(context)) return "not_sent";
  // The clock was set back since the claim: what was due then may not be due now, and its deadline is one of another clock.
  if (now < attempt.claimed_at) return "not_sent";
  if (now >= attempt.closes_at - ringLeadMs) return "calling_hours";
  return now >= attempt.deadline_at ? "not_sent" : null;
}

async function sendOne(
  context: Context,
  receive: Receive,
  attempt: FencedAttempt,
  row: CallDocumentRow | undefined,
  prepared: Prepared | null,
): Promise<void> {
  const line = context.book.lines.get(attempt.line_id);
  const connected = line === undefined ? undefined : context.carriers.get(line.carrier);
  const order =
    line === undefined || connected === undefined
      ? "line_configuration"
      : orderOf(context, attempt, row, line);
  const late = notNow(context, attempt, context.clock.now());
  if (typeof order === "string" || late !== null || connected === undefined) {
    await receive.add(attempt.id, [
      notSent(context, typeof order === "string" ? order : (late ?? "line_configuration")),
    ]);
    return;
  }
  let answer: PlaceAnswer;
  try {
    answer = await connected.carrier.place(order, prepared?.words);
  } catch (error) {
    // A carrier promises not to throw; when it does, nobody knows whether the request had left.
    context.log.error("A carrier failed while placing an attempt; what became of it is unknown.", {
      attempt: order.attemptId,
      error: error as Error,
    });
    answer = { kind: "unknown", detail: "the carrier's adapter failed" };
  }
  await receive.add(attempt.id, reportsOf(answer, context.clock.now()));
}

/** A carrier's answer as reports, so that it is folded like everything else that is known of the attempt. */
export function reportsOf(answer: PlaceAnswer, now: number): readonly Report[] {
  if (answer.kind === "accepted") {
    // A carrier that told the end in its answer has thereby told that it took the call.
    const told = answer.reports.some((report) => report.kind === "ended" && report.outcome !== "not_placed");
    if (told) return answer.reports.map((report) => ({ carrierRef: answer.carrierRef, ...report }));
    return [{ key: "placed", kind: "accepted", at: now, carrierRef: answer.carrierRef }, ...answer.reports];
  }
  if (answer.kind === "unknown") return [{ key: "placed", kind: "unknown", at: now, detail: answer.detail }];
  const refused: Report = {
    key: "placed",
    kind: "ended",
    at: now,
    outcome: answer.outcome,
    detail: answer.detail,
    isRefused: true,
  };
  return [
    {
      ...refused,
      ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }),
      ...(answer.isOurs === true && { isOurs: true }),
    },
  ];
}
