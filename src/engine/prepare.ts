import type { Carrier, PrepareAnswer } from "../ports/carrier.ts";
import type { AttemptRow, CallDocumentRow, LineRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import { orderOf } from "./order.ts";

/** A claimed attempt whose carrier makes something ready before its create request. */
export type Preparable = {
  readonly attempt: AttemptRow;
  readonly document: CallDocumentRow | undefined;
  readonly line: LineRow;
  readonly prepare: NonNullable<Carrier["prepare"]>;
};

/** Those of the attempts that this node still owns and that have something to be made ready; mostly none, and then nothing is read. */
export async function findPreparable(
  context: Context,
  attemptIds: readonly number[],
): Promise<readonly Preparable[]> {
  const makers = makersByLine(context);
  if (makers.size === 0) return [];
  const { statements } = context.store;
  const read = await context.store.read("read attempts to prepare", function* () {
    const rows = (yield* statements.attempts.byIds(attemptIds.map((id) => ({ id })))).filter(
      (row) => makers.has(row.line_id) && row.status === "claimed" && row.node_id === context.nodeId,
    );
    const documents = yield* statements.documents.byIds(rows.map((row) => ({ call_id: row.call_id })));
    return { rows, documents: new Map(documents.map((row) => [row.call_id, row])) };
  });
  return read.rows.flatMap((attempt) => {
    const maker = makers.get(attempt.line_id);
    return maker === undefined ? [] : [{ attempt, document: read.documents.get(attempt.call_id), ...maker }];
  });
}

/** Has it made ready. What must not leave any more is not asked for: the fence says why. */
export async function prepare(context: Context, one: Preparable): Promise<PrepareAnswer> {
  const { attempt, document, line } = one;
  const order = orderOf(context, attempt, document, line);
  const isLate = context.state.draining || context.clock.now() >= attempt.deadline_at;
  if (typeof order === "string" || isLate) return { kind: "ready", words: undefined };
  try {
    return await one.prepare(order);
  } catch (error) {
    context.log.error("A carrier failed while preparing an attempt; nothing has left.", {
      attempt: order.attemptId,
      error: error as Error,
    });
    return { kind: "refused", outcome: "not_placed", detail: "the carrier's adapter failed" };
  }
}

function makersByLine(context: Context): Map<number, Pick<Preparable, "line" | "prepare">> {
  const makers = new Map<number, Pick<Preparable, "line" | "prepare">>();
  for (const line of context.book.lines.values()) {
    const carrier = context.carriers.get(line.carrier)?.carrier;
    if (carrier?.prepare !== undefined)
      makers.set(line.id, { line, prepare: (order) => carrier.prepare?.(order) ?? unprepared });
  }
  return makers;
}

const unprepared: Promise<PrepareAnswer> = Promise.resolve({ kind: "ready", words: undefined });
