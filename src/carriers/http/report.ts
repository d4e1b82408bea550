import { isDisposition, isOutcome } from "../../domain/outcome.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Report, ReportKind } from "../../domain/report.ts";
import { withoutNumbers } from "../../domain/without-numbers.ts";

/**
 * What a backend tells us about a call: the body of a callback (POST, application/json) and of the answer to a lookup.
 * Only `status` is needed; fields that are not listed are ignored.
 *
 *     {
 *       "status": "accepted | ringing | answered | completed | busy | no_answer | declined | voicemail | invalid_number
 *                  | unreachable | blocked | failed | canceled | not_placed",
 *       "at": "2026-12-01T10:00:00Z",        when it happened (RFC 3339 with offset); default: now
 *       "sequence": 3,                       the backend's own order, a whole number
 *       "outcome": "answered_human",         one of ours, where `status` does not say enough
 *       "answered_by": "human",              human | machine | unknown
 *       "disposition": "confirmed",          what the person said; an unknown word becomes custom:<word>
 *       "duration_seconds": 18,              talk time
 *       "id": "evt_1",                       of this message: the same when it is sent again
 *       "detail": "SIP 486"                  the carrier's code or words
 *     }
 *
 * `completed` without `outcome` means answered, by whom `answered_by` says. `failed` means carrier_error.
 */
export type ReportReading =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly detail: string };

/** Reads what a backend tells. `now` (UTC ms) stands in for a missing `at`, and nothing happened later than that. */
export function readReport(body: unknown, now: number, messageId?: string): ReportReading {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return wrong("The body must be a JSON object.");
  const fields = body as Readonly<Record<string, unknown>>;

  const status = typeof fields["status"] === "string" ? normal(fields["status"]) : "";
  const meaning = Object.hasOwn(STATUSES, status) ? STATUSES[status] : undefined;
  if (meaning === undefined) return wrong(`status must be one of: ${Object.keys(STATUSES).join(", ")}.`);
  const answeredBy = fields["answered_by"] ?? undefined;
  if (answeredBy !== undefined && !isAnsweredBy(answeredBy))
    return wrong("answered_by must be human, machine or unknown.");
  const given = fields["outcome"] ?? undefined;
  if (given !== undefined && !(typeof given === "string" && isOutcome(given)))
    return wrong("outcome is not one of ours.");
  const disposition = readDisposition(fields["disposition"]);
  if (disposition === null) return wrong("disposition must be a short word.");
  const at = readInstant(fields["at"], now);
  if (at === null) return wrong("at must be RFC 3339 with an offset, such as 2026-12-01T10:00:00Z.");
  const sequence = fields["sequence"] ?? undefined;
  if (sequence !== undefined && !isCount(sequence, Number.MAX_SAFE_INTEGER))
    return wrong("sequence must be a whole number.");
  const seconds = fields["duration_seconds"] ?? undefined;
  if (seconds !== undefined && !isDuration(seconds))
    return wrong("duration_seconds must be a number of seconds.");
  const id = fields["id"] ?? messageId;
  if (id !== undefined && !(typeof id === "string" && id.length > 0 && id.length <= 200))
    return wrong("id must be a short text.");
  const detail = typeof fields["detail"] === "string" ? withoutNumbers(fields["detail"]) : undefined;

  const outcome =
    meaning.kind === "ended" ? (given ?? meaning.outcome ?? answeredOutcome(answeredBy)) : undefined;
  const report: Report = {
    key: id === undefined ? `${meaning.kind}:${status}:${sequence ?? ""}` : `id:${id}`,
    kind: meaning.kind,
    at,
    ...(sequence !== undefined && { sequence }),
    ...(outcome !== undefined && { outcome }),
    ...(answeredBy !== undefined && { answeredBy }),
    ...(disposition !== undefined && { disposition }),
    ...(seconds !== undefined && { durationMs: Math.round(seconds * 1000) }),
    ...(detail !== undefined && { detail }),
  };
  return { ok: true, report };
}

/** A disposition of ours as it is, another short word as `custom:<word>`; undefined when absent, null when unusable. */
export function readDisposition(value: unknown): string | undefined | null {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") return null;
  const word = normal(value);
  if (isDisposition(word)) return word;
  return isDisposition(`custom:${word}`) ? `custom:${word}` : null;
}

/** An outcome of ours, or what a status word means as one; null when it is neither. */
export function readOutcome(value: unknown): Outcome | null {
  if (typeof value !== "string") return null;
  const word = normal(value);
  if (isOutcome(word)) return word;
  const meaning = Object.hasOwn(STATUSES, word) ? STATUSES[word] : undefined;
  return meaning?.kind === "ended" ? (meaning.outcome ?? "answered_unknown") : null;
}

type Meaning = { readonly kind: ReportKind; readonly outcome?: Outcome };

/** An `ended` without an outcome was answered. */
const STATUSES: Readonly<Record<string, Meaning>> = {
  accepted: { kind: "accepted" },
  queued: { kind: "accepted" },
  initiated: { kind: "accepted" },
  ringing: { kind: "ringing" },
  answered: { kind: "answered" },
  in_progress: { kind: "answered" },
  completed: { kind: "ended" },
  ended: { kind: "ended" },
  voicemail: { kind: "ended", outcome: "answered_machine" },
  busy: { kind: "ended", outcome: "busy" },
  no_answer: { kind: "ended", outcome: "no_answer" },
  declined: { kind: "ended", outcome: "declined" },
  rejected: { kind: "ended", outcome: "declined" },
  invalid_number: { kind: "ended", outcome: "invalid_number" },
  unreachable: { kind: "ended", outcome: "unreachable" },
  blocked: { kind: "ended", outcome: "blocked" },
  failed: { kind: "ended", outcome: "carrier_error" },
  canceled: { kind: "ended", outcome: "no_answer" },
  not_placed: { kind: "ended", outcome: "not_placed" },
};

function wrong(detail: string): ReportReading {
  return { ok: false, detail };
}

/** "In-Progress" and "in progress" are in_progress; "cancelled" is canceled. */
function normal(word: string): string {
  const plain = word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  return plain === "cancelled" ? "canceled" : plain;
}

function isAnsweredBy(value: unknown): value is "human" | "machine" | "unknown" {
  return value === "human" || value === "machine" || value === "unknown";
}

function answeredOutcome(answeredBy: "human" | "machine" | "unknown" | undefined): Outcome {
  if (answeredBy === "human") return "answered_human";
  return answeredBy === "machine" ? "answered_machine" : "answered_unknown";
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

function readInstant(value: unknown, now: number): number | null {
  if (value === undefined || value === null) return now;
  if (typeof value !== "string" || !RFC_3339.test(value)) return null;
  const instant = Date.parse(value.replace(" ", "T"));
  return Number.isFinite(instant) ? Math.min(instant, now) : null;
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

/** A year is longer than any call. */
function isDuration(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 31_536_000;
}
