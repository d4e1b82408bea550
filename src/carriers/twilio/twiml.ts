import { fillTemplate, parseTemplate } from "../../domain/template.ts";
import type { Spoken } from "../../ports/carrier.ts";
import { PLACEHOLDERS, SAY_MAX } from "./instructions.ts";
import type { Instructions, Say, Step, Stream } from "./instructions.ts";

/** What placeholders stand for. */
export type Values = Readonly<Record<string, unknown>>;

export type Speaker = Omit<Spoken, "attemptKey" | "instructions" | "isOpen">;

/** Twilio reads 64 KB of TwiML. */
const TWIML_BYTES_MAX = 60_000;
const HANG_UP = document("<Hangup/>");

/** The values of the placeholders for one attempt. */
export function valuesOf(speaker: Speaker): Values {
  return {
    to: speaker.to,
    from: speaker.from,
    call_id: speaker.callId,
    attempt_id: speaker.attemptId,
    attempt_number: speaker.attemptNumber,
    purpose: speaker.purpose,
    metadata: speaker.metadata,
  };
}

/** The steps that Carillon itself puts into TwiML; empty when the instructions leave that to somebody else. */
export function stepsOf(instructions: Instructions): readonly Step[] {
  const { say, play, stream, sip, steps } = instructions;
  if (steps !== undefined) return steps;
  if (say !== undefined) return [{ say }];
  if (play !== undefined) return [{ play }];
  if (stream !== undefined) return [{ stream }];
  return sip === undefined ? [] : [{ sip }];
}

/**
 * TwiML (https://www.twilio.com/docs/voice/twiml) of what the instructions say, filled with the values. Whatever they hold
 * stays text: no value can open a tag. Null when it came out longer than Twilio reads.
 */
export function twimlOf(instructions: Instructions, values: Values): string | null {
  if (instructions.twiml !== undefined) return fill(instructions.twiml, values, xml);
  const verbs = stepsOf(instructions).map((step) => verbOf(step, instructions, values));
  const text = document(verbs.join(""));
  return Buffer.byteLength(text) <= TWIML_BYTES_MAX ? text : null;
}

/** Ends the call without another word. */
export function hangUpTwiml(): string {
  return HANG_UP;
}

/** A URL of the instructions, its placeholders filled so that no value can reach beyond its place. */
export function urlOf(template: string, values: Values): string {
  return fill(template, values, encodeURIComponent);
}

function document(verbs: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs}</Response>`;
}

function verbOf(step: Step, instructions: Instructions, values: Values): string {
  if ("say" in step) return sayVerb(step.say, values);
  if ("play" in step) return `<Play>${xml(urlOf(step.play, values))}</Play>`;
  if ("pause" in step) return `<Pause length="${step.pause}"/>`;
  if ("stream" in step) return streamVerb(step.stream, values);
  return sipVerb(step.sip, instructions);
}

function sayVerb(say: Say, values: Values): string {
  const { text, voice, language, loop } = typeof say === "string" ? { text: say } : { ...say };
  const spoken = fill(text, values, (value) => value).slice(0, SAY_MAX);
  return `<Say${attributes({ voice, language, loop })}>${xml(spoken)}</Say>`;
}

function streamVerb(stream: Stream, values: Values): string {
  const { url, parameters = {} } = typeof stream === "string" ? { url: stream } : stream;
  const handed = Object.entries(parameters).map(
    ([name, value]) =>
      `<Parameter${attributes({ name, value: fill(value, values, (text) => text).slice(0, 500) })}/>`,
  );
  return `<Connect><Stream${attributes({ url })}>${handed.join("")}</Stream></Connect>`;
}

function sipVerb(uri: string, { sip_username: username, sip_password: password }: Instructions): string {
  return `<Dial answerOnBridge="true"><Sip${attributes({ username, password })}>${xml(uri)}</Sip></Dial>`;
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? "" : ` ${name}="${xml(String(value))}"`))
    .join("");
}

/** A text with its placeholders filled; `escape` is applied to each value, not to the text around it. */
function fill(text: string, values: Values, escape: (value: string) => string): string {
  const parsed = parseTemplate(text, PLACEHOLDERS);
  if (!parsed.ok || parsed.template.kind !== "text") throw new Error("The template does not parse");
  return parsed.template.parts
    .map((part) => {
      if (typeof part === "string") return part;
      const one = fillTemplate({ kind: "text", parts: ["", part] }, values);
      return escape(String(one));
    })
    .join("");
}

/** Text for XML 1.0, in an element or an attribute; what may not stand in a document at all is left out. */
export function xml(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- these are the characters that XML 1.0 forbids
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&apos;")
  );
}
