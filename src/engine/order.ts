import type { Order } from "../ports/carrier.ts";
import type { CallDocumentRow, LineRow } from "../ports/rows.ts";
import type { FencedAttempt } from "../ports/statements.ts";
import type { Context } from "./context.ts";
import { documentPlace, parseDocument, phonePlace } from "./document.ts";
import { openSettings } from "./line-settings.ts";

/** The order of an attempt, or why it cannot be made. */
export function orderOf(
  context: Context,
  attempt: FencedAttempt,
  row: CallDocumentRow | undefined,
  line: LineRow,
): Order | "undecodable" | "line_configuration" {
  const { secrets } = context;
  const settings = openSettings(context, line);
  if (settings === null) return "line_configuration";
  const attemptKey = secrets.attemptKey(attempt.id);
  const publicUrl = context.publicUrl();
  try {
    if (row === undefined) throw new Error("The call has no document");
    const document = parseDocument(secrets.open(row.document, documentPlace(attempt.call_id)));
    return {
      attemptKey,
      get callId() {
        return secrets.publicId("call", attempt.call_id);
      },
      get attemptId() {
        return secrets.publicId("attempt", attempt.id);
      },
      attemptNumber: attempt.number,
      to: secrets.open(row.phone, phonePlace(attempt.call_id)),
      from: line.caller_id,
      purpose: document.purpose,
      metadata: document.metadata,
      script: document.script,
      instructions: document.instructions ?? null,
      settings,
      ringTimeoutMs: line.ring_timeout_ms,
      maxDurationMs: attempt.max_duration_ms,
      deadlineAt: attempt.deadline_at,
      callbackUrl: publicUrl === null ? null : `${publicUrl}/callbacks/${attemptKey}`,
    };
  } catch (error) {
    context.log.error("A call's row cannot be read; it is parked.", {
      call: secrets.publicId("call", attempt.call_id),
      error: error as Error,
    });
    return "undecodable";
  }
}
