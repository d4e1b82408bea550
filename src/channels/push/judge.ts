import { retryAfterMs } from "../../domain/retry-after.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";
import type { Told } from "../../ports/messenger.ts";
import { type Fault, faultIn, objectIn } from "./answer.ts";

/** What a try came to, and whether somebody has to put the account or the project right before any can go better. */
export type Judged = { readonly told: Told; readonly isOurs: boolean };

const OURS_MS = 300_000;
/** Google asks for a minute after a 429 without Retry-After, and for ten seconds at least after what else may pass. */
const QUOTA_MS = 60_000;
const TROUBLE_MS = 10_000;
const WAIT_MAX_MS = 86_400_000;

/**
 * Reads FCM's answer (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode). `random` in [0, 1) spreads the
 * waits of messages that were refused together; `now` in UTC ms.
 */
export function judge(answer: OutsideAnswer, random: number, now: number): Judged {
  if (answer.kind === "not_sent")
    return passing({ kind: "not_sent", code: "not_reached", detail: answer.detail });
  if (answer.kind === "unknown")
    return passing({ kind: "unknown", code: "no_answer", detail: answer.detail });
  const { status } = answer;
  if (status >= 200 && status < 300) return passing(takenIn(answer));
  const fault = status >= 400 ? faultIn(answer) : null;
  const detail = wordsOf(status, fault);
  const code = fault?.code ?? `HTTP ${status}`;
  const later = (usualMs: number): Told => {
    const askedMs = retryAfterMs(answer.headers["retry-after"], now) ?? usualMs;
    const afterMs = Math.min(Math.round(askedMs * (1 + random / 2)), WAIT_MAX_MS);
    return { kind: "not_sent", code, detail, afterMs };
  };
  if (status === 429) return passing(later(QUOTA_MS));
  // Nobody but Google can say that a message was not taken; a proxy that lost its other side cannot.
  if (fault === null) {
    return [401, 403, 404].includes(status) ? ours(code, detail) : passing({ kind: "unknown", code, detail });
  }
  if (status === 500 || status === 503) return passing(later(TROUBLE_MS));
  if (status > 500) return passing({ kind: "unknown", code, detail });
  if (fault.isFcm || status === 400) {
    const told: Told = { kind: "failed", code, detail, ...(isGone(fault) && { isGone: true }) };
    return { told, isOurs: code === "THIRD_PARTY_AUTH_ERROR" };
  }
  return ours(code, detail);
}

function takenIn(answer: OutsideAnswer): Told {
  const name = objectIn(answer)?.["name"];
  if (typeof name === "string") return { kind: "sent", reference: name.slice(0, 300) };
  return {
    kind: "unknown",
    code: "unreadable",
    detail: "The answer does not say which message it is about.",
  };
}

/**
 * Only what is said of the token itself: a project that is not found, or another project than the app's
 * (`SENDER_ID_MISMATCH`), must not cost anybody a device.
 */
function isGone({ code, message, fields }: Fault): boolean {
  if (code === "UNREGISTERED") return true;
  return (
    code === "INVALID_ARGUMENT" && (fields.includes("message.token") || /registration token/i.test(message))
  );
}

function wordsOf(status: number, fault: Fault | null): string {
  if (fault === null) return `HTTP ${status}`;
  return `HTTP ${status}, ${fault.code}: ${fault.message.replaceAll(/\p{Cc}+/gu, " ")}`.slice(0, 300);
}

/** The project, the account's rights or its token: no message can be sent until somebody acts. */
function ours(code: string, detail: string): Judged {
  return { told: { kind: "not_sent", code, detail, afterMs: OURS_MS }, isOurs: true };
}

function passing(told: Told): Judged {
  return { told, isOurs: false };
}
