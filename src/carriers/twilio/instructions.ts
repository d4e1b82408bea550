import { parseTemplate } from "../../domain/template.ts";
import { Wrong, demand, escaped, isUrl } from "../../domain/wrong.ts";
import type { Check } from "../../domain/wrong.ts";

/** What to say: a text with placeholders, or the text with a voice. */
export type Say =
  | string
  | {
      readonly text: string;
      /** Such as `Polly.Joanna-Neural`. */
      readonly voice?: string;
      /** Such as `en-GB`. */
      readonly language?: string;
      readonly loop?: number;
    };

/** A two-way audio stream. */
export type Stream =
  | string
  | {
      readonly url: string;
      /** Handed to the stream; the values may hold placeholders. */
      readonly parameters?: Readonly<Record<string, string>>;
    };

/** One thing that happens in a call. */
export type Step =
  | { readonly say: Say }
  | { readonly play: string }
  | { readonly pause: number }
  | { readonly stream: Stream }
  | { readonly sip: string };

/** What a call does once it is answered, and how it is dialed. A line says it for all its calls, a call for itself. */
export type Instructions = {
  /** Exactly one of these eight says what the call does. Of a call the one that it names wins over its line's. */
  readonly url?: string;
  readonly twiml?: string;
  readonly application_sid?: string;
  readonly say?: Say;
  readonly play?: string;
  readonly stream?: Stream;
  readonly sip?: string;
  readonly steps?: readonly Step[];
  /** With `url`: how Twilio asks for it. */
  readonly url_method?: "GET" | "POST";
  readonly fallback_url?: string;
  /** Who we are at the other SIP end. */
  readonly sip_username?: string;
  readonly sip_password?: string;
  /** Pressed once it is answered; `w` is half a second, `W` a whole one. */
  readonly send_digits?: string;
  /** `dual`: each side on a channel of its own. */
  readonly record?: boolean | "dual";
  readonly machine_detection?: "off" | "enable" | "detect_message_end";
  /** True (the default): the call begins at once, and who answered is told while it runs. */
  readonly async_amd?: boolean;
  readonly machine_detection_timeout_seconds?: number;
  readonly machine_detection_speech_threshold_ms?: number;
  readonly machine_detection_speech_end_threshold_ms?: number;
  readonly machine_detection_silence_timeout_ms?: number;
  /** Shown on some phones. */
  readonly call_reason?: string;
  /** `BY…`: the carrier of one's own that Twilio dials through. */
  readonly byoc?: string;
};

/** The ways of saying what a call does. */
export const SOURCES = ["url", "twiml", "application_sid", "say", "play", "stream", "sip", "steps"] as const;
export type Source = (typeof SOURCES)[number];

/** What texts, TwiML and URLs of a call may hold. */
export const PLACEHOLDERS = [
  "to",
  "from",
  "call_id",
  "attempt_id",
  "attempt_number",
  "purpose",
  "metadata.*",
] as const;

/** Inline TwiML may be this long. */
export const TWIML_MAX = 4_000;
export const SAY_MAX = 4_000;
const STEPS_MAX = 50;

/** The source that the instructions name, or null. */
export function sourceOf(instructions: Instructions): Source | null {
  return SOURCES.find((name) => instructions[name] !== undefined) ?? null;
}

/** A line's instructions with a call's own laid over them. */
export function mergedWith(line: Instructions, call: Readonly<Record<string, unknown>> | null): Instructions {
  if (call === null) return line;
  const own = call as Instructions;
  const kept: Record<string, unknown> = { ...line };
  if (sourceOf(own) !== null) {
    for (const name of [...SOURCES, "url_method", "fallback_url"]) delete kept[name];
  }
  // What is pressed and what listens for a machine exclude each other, so a call's own word lifts its line's.
  if (own.send_digits !== undefined) delete kept["machine_detection"];
  if (own.machine_detection !== undefined) delete kept["send_digits"];
  return { ...kept, ...own };
}

/** Checks what a call hands over, for a line with these settings. */
export function checkCallInstructions(
  input: Readonly<Record<string, unknown>>,
  line: Instructions & { readonly allow_private?: boolean },
): { readonly ok: true } | { readonly ok: false; readonly pointer: string; readonly detail: string } {
  try {
    for (const [name, value] of Object.entries(input)) {
      demand(
        Object.hasOwn(INSTRUCTION_CHECKS, name),
        `/${escaped(name)}`,
        `There is no such instruction. There are: ${Object.keys(INSTRUCTION_CHECKS).join(", ")}.`,
      );
      const check = INSTRUCTION_CHECKS[name as keyof Instructions];
      check(`/${name}`, value, { ...input, allow_private: line.allow_private });
    }
    demand(
      sourceOf(mergedWith(line, input)) !== null,
      "",
      `Neither the call nor its line says what the call does: one of ${SOURCES.join(", ")}.`,
    );
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, pointer: error.pointer, detail: error.message };
    throw error;
  }
  return { ok: true };
}

/** Only one source: the first one named is taken to be meant, and the others are pointed at. */
function onlySource(pointer: string, input: Readonly<Record<string, unknown>>): void {
  const named = SOURCES.filter((name) => input[name] !== undefined);
  demand(
    `/${named[0]}` === pointer,
    pointer,
    `A call does one thing: ${named.join(" and ")} cannot be named together. For several things in a row use steps.`,
  );
}

const alone =
  (check: Check): Check =>
  (pointer, value, input) => {
    onlySource(pointer, input);
    check(pointer, value, input);
  };

const whole =
  (least: number, most: number): Check =>
  (pointer, value) =>
    demand(
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
      pointer,
      `${pointer.slice(pointer.lastIndexOf("/") + 1)} must be a whole number from ${least} to ${most}.`,
    );

const matching =
  (pattern: RegExp, detail: string): Check =>
  (pointer, value) =>
    demand(typeof value === "string" && pattern.test(value), pointer, detail);

const checkTemplate: Check = (pointer, value) => {
  const parsed = parseTemplate(value, PLACEHOLDERS);
  if (!parsed.ok) throw new Wrong(pointer, parsed.detail);
};

/** A URL with placeholders, none of them in its host. */
const checkUrl: Check = (pointer, value, input) => {
  checkTemplate(pointer, value, input);
  const name = pointer.slice(pointer.lastIndexOf("/") + 1);
  const filled = (sample: string): URL | null => {
    const text = typeof value === "string" ? value.replaceAll(/\{\{[^{}]*\}\}/g, sample) : "";
    return isUrl(text, { isPrivate: input["allow_private"] === true }) ? URL.parse(text) : null;
  };
  const [one, other] = [filled("x"), filled("y")];
  demand(
    one !== null && one.origin === other?.origin,
    pointer,
    `${name} must be an https URL that Twilio can reach, without user name and fragment, and no placeholder in its host.`,
  );
};

const checkStreamUrl: Check = (pointer, value, input) => {
  const isSocket = typeof value === "string" && /^wss?:\/\//.test(value);
  const isPrivate = input["allow_private"] === true;
  const ok = isSocket && isUrl(value.replace(/^ws/, "http"), { isPrivate }) && !value.includes("?");
  demand(ok, pointer, "A stream must be a wss:// URL without a query; hand values over as parameters.");
};

const checkSay: Check = (pointer, value, input) => {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const text = isObject ? (value as Readonly<Record<string, unknown>>)["text"] : value;
  const at = isObject ? `${pointer}/text` : pointer;
  demand(
    typeof text === "string" && text.trim() !== "" && text.length <= SAY_MAX,
    at,
    `say must be a text of at most ${SAY_MAX} characters, or {"text", "voice", "language", "loop"}.`,
  );
  checkTemplate(at, text, input);
  if (!isObject) return;
  checkMembers(pointer, value as Readonly<Record<string, unknown>>, input, {
    text: () => undefined,
    voice: matching(/^[A-Za-z0-9._-]{1,100}$/, "voice must be one of Twilio's names, such as Polly.Joanna."),
    language: matching(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, "language must be a tag such as en-GB."),
    loop: whole(1, 20),
  });
};

const checkStream: Check = (pointer, value, input) => {
  if (typeof value === "string") return checkStreamUrl(pointer, value, input);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  demand(isObject, pointer, 'stream must be a wss:// URL, or {"url", "parameters"}.');
  checkMembers(pointer, value as Readonly<Record<string, unknown>>, input, {
    url: checkStreamUrl,
    parameters: checkParameters,
  });
  checkStreamUrl(`${pointer}/url`, (value as Readonly<Record<string, unknown>>)["url"], input);
};

const checkParameters: Check = (pointer, value, input) => {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  demand(isObject && Object.keys(value).length <= 50, pointer, "parameters must be an object of up to 50.");
  for (const [name, text] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    const at = `${pointer}/${escaped(name)}`;
    demand(/^[A-Za-z0-9_.-]{1,100}$/.test(name), at, "A parameter's name is letters, digits, _ . and -.");
    demand(typeof text === "string" && text.length <= 500, at, "A parameter is a text of at most 500.");
    checkTemplate(at, text, input);
  }
};

/** No character that could end a header or the attribute that it stands in. */
const checkSip = matching(
  /^sips?:[A-Za-z0-9._~!$&'()*+,=%-]{1,200}@[A-Za-z0-9.[\]:-]{1,200}(?:[;?][A-Za-z0-9._~!$&'()*+,=%;?:@/-]{0,500})?$/,
  "sip must be a SIP URI such as sip:agent@pbx.example.com.",
);

const STEP_CHECKS: Readonly<Record<string, Check>> = {
  say: checkSay,
  play: checkUrl,
  pause: whole(1, 600),
  stream: checkStream,
  sip: checkSip,
};

const checkSteps: Check = (pointer, value, input) => {
  const isList = Array.isArray(value) && value.length >= 1 && value.length <= STEPS_MAX;
  demand(
    isList,
    pointer,
    `steps must be a list of 1 to ${STEPS_MAX}, such as [{"say": "Hello"}, {"pause": 1}].`,
  );
  for (const [index, step] of (value as readonly unknown[]).entries()) {
    const at = `${pointer}/${index}`;
    const names = typeof step === "object" && step !== null ? Object.keys(step) : [];
    const isOne = names.length === 1 && Object.hasOwn(STEP_CHECKS, names[0] ?? "");
    demand(isOne, at, "A step is one of say, play, pause, stream and sip.");
    checkMembers(at, step as Readonly<Record<string, unknown>>, input, STEP_CHECKS);
  }
};

function checkMembers(
  pointer: string,
  value: Readonly<Record<string, unknown>>,
  input: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): void {
  for (const [name, member] of Object.entries(value)) {
    const at = `${pointer}/${escaped(name)}`;
    demand(Object.hasOwn(checks, name), at, `Here can stand: ${Object.keys(checks).join(", ")}.`);
    checks[name]?.(at, member, input);
  }
}

/** Each instruction's check; a line's settings hold them beside the account. */
export const INSTRUCTION_CHECKS: Readonly<Record<keyof Instructions, Check>> = {
  url: alone(checkUrl),
  twiml: alone((pointer, value, input) => {
    const isXml = typeof value === "string" && /^\s*(?:<\?xml[^>]*\?>\s*)?<Response[\s/>]/.test(value);
    demand(
      isXml && value.length <= TWIML_MAX,
      pointer,
      `twiml must be a <Response> of at most ${TWIML_MAX} characters.`,
    );
    checkTemplate(pointer, value, input);
  }),
  application_sid: alone(
    matching(/^AP[0-9a-zA-Z]{32}$/, "application_sid must be AP and 32 letters and digits."),
  ),
  say: alone(checkSay),
  play: alone(checkUrl),
  stream: alone(checkStream),
  sip: alone(checkSip),
  steps: alone(checkSteps),
  url_method: (pointer, value) =>
    demand(value === "GET" || value === "POST", pointer, 'url_method must be "GET" or "POST".'),
  fallback_url: checkUrl,
  sip_username: matching(/^[\x21-\x7e]{1,100}$/, "sip_username must be up to 100 characters without spaces."),
  sip_password: matching(/^[\x21-\x7e]{1,200}$/, "sip_password must be up to 200 characters without spaces."),
  send_digits: (pointer, value, input) => {
    matching(/^[0-9A-D#*wW]{1,32}$/, "send_digits must be up to 32 of 0-9 A-D # * w W.")(
      pointer,
      value,
      input,
    );
    demand(
      input["machine_detection"] === undefined || input["machine_detection"] === "off",
      pointer,
      "send_digits and machine_detection exclude each other at Twilio.",
    );
  },
  record: (pointer, value) =>
    demand(typeof value === "boolean" || value === "dual", pointer, 'record must be true, false or "dual".'),
  machine_detection: (pointer, value) =>
    demand(
      value === "off" || value === "enable" || value === "detect_message_end",
      pointer,
      'machine_detection must be "off", "enable" or "detect_message_end".',
    ),
  async_amd: (pointer, value) =>
    demand(typeof value === "boolean", pointer, "async_amd must be true or false."),
  machine_detection_timeout_seconds: whole(3, 59),
  machine_detection_speech_threshold_ms: whole(1_000, 6_000),
  machine_detection_speech_end_threshold_ms: whole(500, 5_000),
  machine_detection_silence_timeout_ms: whole(2_000, 10_000),
  call_reason: matching(/^[\x20-\x7e]{1,50}$/, "call_reason must be up to 50 plain characters."),
  byoc: matching(/^BY[0-9a-zA-Z]{32}$/, "byoc must be BY and 32 letters and digits."),
};
