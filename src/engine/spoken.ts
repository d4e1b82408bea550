import type { Spoken } from "../ports/carrier.ts";
import type { Context } from "./context.ts";
import { documentPlace, parseDocument, phonePlace } from "./document.ts";
import { openSettings } from "./line-settings.ts";

/** An attempt whose call runs at its carrier, which asks what to do; and the line that it runs on. */
export type SpokenAttempt = { readonly carrier: string; readonly settings: unknown; readonly spoken: Spoken };

/** By its key; null when there is no such attempt, or nothing is kept of it that could be said. */
export async function spokenAttempt(context: Context, attemptKey: string): Promise<SpokenAttempt | null> {
  const { secrets } = context;
  const id = secrets.readAttemptKey(attemptKey);
  if (id === null) return null;
  const { statements } = context.store;
  const { attempt, row } = await context.store.read("read what an attempt says", function* () {
    const [attempt] = yield* statements.attempts.byIds([{ id }]);
    const [row] =
      attempt === undefined ? [] : yield* statements.documents.byIds([{ call_id: attempt.call_id }]);
    return { attempt, row };
  });
  const line = attempt === undefined ? undefined : context.book.lines.get(attempt.line_id);
  if (attempt === undefined || row === undefined || line === undefined) return null;
  try {
    const document = parseDocument(secrets.open(row.document, documentPlace(attempt.call_id)));
    return {
      carrier: line.carrier,
      settings: openSettings(context, line),
      spoken: {
        attemptKey,
        callId: secrets.publicId("call", attempt.call_id),
        attemptId: secrets.publicId("attempt", attempt.id),
        attemptNumber: attempt.number,
        to: secrets.open(row.phone, phonePlace(attempt.call_id)),
        from: line.caller_id,
        purpose: document.purpose,
        metadata: document.metadata,
        instructions: document.instructions ?? null,
        isOpen: attempt.status !== "ended",
      },
    };
  } catch (error) {
    context.log.error("A call's row cannot be read, so nothing is said in it.", { error: error as Error });
    return null;
  }
}

/** The settings of every line at a carrier, for callbacks that name no attempt. */
export function settingsAt(context: Context, carrier: string): readonly unknown[] {
  return [...context.book.lines.values()]
    .filter((line) => line.carrier === carrier && line.status !== "removed")
    .map((line) => openSettings(context, line))
    .filter((settings) => settings !== null);
}
