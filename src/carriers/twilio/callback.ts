import type { Callback, CallbackReading, ScriptReading, Spoken } from "../../ports/carrier.ts";
import { readInstant } from "./instant.ts";
import { mergedWith } from "./instructions.ts";
import { answererOf, reportsOf } from "./report.ts";
import { tokensOf } from "./settings.ts";
import type { TwilioDefaults, TwilioSettings } from "./settings.ts";
import { isBodySigned, isSigned } from "./signature.ts";
import type { Params } from "./signature.ts";
import { hangUpTwiml, stepsOf, twimlOf, valuesOf } from "./twiml.ts";

const BODY_BYTES_MAX = 65_536;
const PARAMS_MAX = 500;

type Verified =
  | {
      readonly kind: "genuine";
      readonly fields: ReadonlyMap<string, string>;
      readonly query: URLSearchParams;
    }
  | Exclude<CallbackReading, { readonly kind: "reports" }>;

/** Verifies and reads a status callback, or one of answering machine detection. */
export function readCallback(
  callback: Callback,
  settings: TwilioSettings,
  defaults: TwilioDefaults,
  now: number,
): CallbackReading {
  const verified = verify(callback, settings, defaults);
  if (verified.kind !== "genuine") return verified;
  return { kind: "reports", reports: reportsIn(verified.fields, verified.query, settings, now) };
}

/** Verifies Twilio's question what to do in a call, and answers it with TwiML. */
export function readScript(
  callback: Callback,
  settings: TwilioSettings,
  defaults: TwilioDefaults,
  spoken: Spoken,
  now: number,
): ScriptReading {
  const verified = verify(callback, settings, defaults);
  if (verified.kind !== "genuine") return verified;
  const instructions = mergedWith(settings, spoken.instructions);
  const mayGoOn = spoken.isOpen && stepsOf(instructions).length > 0;
  const twiml = mayGoOn ? twimlOf(instructions, valuesOf(spoken)) : null;
  return {
    kind: "script",
    contentType: "text/xml; charset=utf-8",
    body: twiml ?? hangUpTwiml(),
    reports: reportsIn(verified.fields, verified.query, settings, now, "twiml:"),
  };
}

/**
 * Is it Twilio's, and about an account of this line? The URL is put together from what is configured, never from what the
 * request says about itself.
 */
function verify(callback: Callback, settings: TwilioSettings, defaults: TwilioDefaults): Verified {
  if (callback.rawBody.length > BODY_BYTES_MAX)
    return { kind: "unreadable", detail: "The body is over 64 KiB." };
  const at = callback.url.indexOf("?");
  const rawQuery = at === -1 ? "" : callback.url.slice(at + 1);
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(callback.contentType.trim());
  const hasBody = callback.rawBody.length > 0;
  const form = isForm ? formOf(callback.rawBody) : [];
  const tokens = tokensOf(settings, defaults);
  const urls = urlsOf(callback, settings, defaults);
  if (!isSigned(callback.headers["x-twilio-signature"], tokens, urls, form))
    return { kind: "forged", detail: "X-Twilio-Signature does not fit the URL and the parameters." };
  // Only the hash in the signed URL covers a body that is no form.
  if (!isForm && hasBody && !isBodySigned(callback.rawBody, rawQuery))
    return { kind: "forged", detail: "The body is no form, and bodySHA256 is not its hash." };
  const query = new URLSearchParams(rawQuery);
  const fields = isForm ? new Map(form) : hasBody ? jsonFields(callback.rawBody) : new Map(query);
  if (fields === null) return { kind: "unreadable", detail: "The body is neither a form nor a JSON object." };
  if (form.length > PARAMS_MAX) return { kind: "unreadable", detail: "There are too many parameters." };
  if (fields.get("AccountSid") !== (settings.account_sid ?? defaults.accountSid))
    return { kind: "forged", detail: "AccountSid is not that of the line." };
  return { kind: "genuine", fields, query };
}

/** Where Twilio may have been told to send it. */
function urlsOf(callback: Callback, settings: TwilioSettings, defaults: TwilioDefaults): readonly string[] {
  const at = callback.url.indexOf("?");
  const query = at === -1 ? "" : callback.url.slice(at);
  const own = settings.status_callback ?? defaults.webhookUrl ?? null;
  // What was signed for the one address must not be taken at another, where the path names the attempt.
  const mayBeOwn = own !== null && !callback.url.startsWith("/callbacks/");
  return [
    ...(callback.publicUrl === null ? [] : [callback.publicUrl + callback.url]),
    // The configured URL may have a query of its own, to which ours was added.
    ...(mayBeOwn ? [own.split("?", 1)[0] + query] : []),
  ];
}

function formOf(rawBody: Uint8Array): Params {
  // A question mark at the start would be taken for that of a URL.
  return [...new URLSearchParams(`&${new TextDecoder().decode(rawBody)}`)];
}

function jsonFields(rawBody: Uint8Array): ReadonlyMap<string, string> | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(rawBody));
  } catch {
    // Not JSON: said to the sender by null.
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return new Map(
    Object.entries(value).flatMap(([name, field]: [string, unknown]) =>
      typeof field === "string" || typeof field === "number" ? [[name, String(field)] as const] : [],
    ),
  );
}

function reportsIn(
  fields: ReadonlyMap<string, string>,
  query: URLSearchParams,
  settings: TwilioSettings,
  now: number,
  asked: "" | "twiml:" = "",
) {
  const callSid = fields.get("CallSid") ?? "";
  // A leg that the call's own TwiML dialed has its own parent, and says nothing of the attempt.
  if (!/^CA[0-9a-zA-Z]{1,62}$/.test(callSid) || (fields.get("ParentCallSid") ?? "") !== "") return [];
  const proof = settings.voicemail_proof ?? "beep";
  const status = fields.get("CallStatus");
  const answeredBy = fields.get("AnsweredBy");
  // Nothing happened later than now.
  const at = Math.min(readInstant(fields.get("Timestamp")) ?? now, now);
  const sequence = countOf(fields.get("SequenceNumber"));
  const isDetection = status === "in-progress" && asked === "" && answeredBy !== undefined;
  if (status === undefined || (isDetection && sequence === undefined)) {
    const who = answererOf(answeredBy, proof);
    if (who === undefined) return [];
    const key = `${callSid}:amd:${answeredBy ?? ""}`;
    return [{ key, kind: "answered", at, carrierRef: callSid, answeredBy: who } as const];
  }
  const sipStatus = countOf(fields.get("SipResponseCode"));
  const errorCode = countOf(fields.get("ErrorCode"));
  const durationSeconds = countOf(fields.get("CallDuration"));
  return reportsOf({
    callSid,
    status,
    at,
    key: `${callSid}:${asked}${sequence ?? status}`,
    proof,
    answererFollows: query.get("amd") === "1",
    ...(sequence !== undefined && { sequence }),
    ...(answeredBy !== undefined && { answeredBy }),
    ...(sipStatus !== undefined && { sipStatus }),
    ...(errorCode !== undefined && errorCode > 0 && { errorCode }),
    ...(durationSeconds !== undefined && { durationSeconds }),
  });
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
