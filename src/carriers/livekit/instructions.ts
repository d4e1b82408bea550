import { parseTemplate } from "../../domain/template.ts";
import { Wrong, demand, escaped } from "../../domain/wrong.ts";
import type { Check } from "../../domain/wrong.ts";

/** Who talks in a call, and how it is dialed. A line says it for all its calls, a call for itself. */
export type Instructions = {
  /** The agent that is sent into the room. Without one an agent must come by itself. */
  readonly agent_name?: string;
  /** What the agent is told: a text, or an object that becomes JSON; may hold placeholders. Default: all about the call. */
  readonly agent_metadata?: string | Readonly<Record<string, unknown>>;
  /** Pressed once it is answered; `w` is half a second. */
  readonly dtmf?: string;
  /** SIP headers of the call, `X-…`; the values may hold placeholders. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which SIP headers of the answer become attributes `sip.h.*`. */
  readonly include_headers?: "none" | "x" | "all";
  /** Heard in the room while it rings. */
  readonly play_dialtone?: boolean;
  /** Keeps the numbers out of the participant's name and attributes. */
  readonly hide_phone_number?: boolean;
  readonly krisp_enabled?: boolean;
  /** What the person is called in the room; may hold placeholders. Default: the number. */
  readonly participant_name?: string;
  /** Shown on phones beside the number; empty leaves it to the network. */
  readonly display_name?: string;
};

/** What texts of a call may hold. */
export const PLACEHOLDERS = [
  "to",
  "from",
  "call_id",
  "attempt_id",
  "attempt_number",
  "purpose",
  "metadata.*",
  "room_name",
  "participant_identity",
] as const;

const HEADERS_MAX = 30;
export const HEADER_MAX = 500;

/** A line's instructions with a call's own laid over them. */
export function mergedWith(line: Instructions, call: Readonly<Record<string, unknown>> | null): Instructions {
  return call === null ? line : { ...line, ...(call as Instructions) };
}

/** Checks what a call hands over. */
export function checkCallInstructions(
  input: Readonly<Record<string, unknown>>,
): { readonly ok: true } | { readonly ok: false; readonly pointer: string; readonly detail: string } {
  try {
    for (const [name, value] of Object.entries(input)) {
      demand(
        Object.hasOwn(INSTRUCTION_CHECKS, name),
        `/${escaped(name)}`,
        `There is no such instruction. There are: ${Object.keys(INSTRUCTION_CHECKS).join(", ")}.`,
      );
      INSTRUCTION_CHECKS[name as keyof Instructions](`/${name}`, value, input);
    }
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, pointer: error.pointer, detail: error.message };
    throw error;
  }
  return { ok: true };
}

const checkTemplate: Check = (pointer, value) => {
  const parsed = parseTemplate(value, PLACEHOLDERS);
  if (!parsed.ok) throw new Wrong(`${pointer}${parsed.pointer}`, parsed.detail);
};

export const isBoolean: Check = (pointer, value) =>
  demand(typeof value === "boolean", pointer, `${pointer.slice(1)} must be true or false.`);

const checkMetadata: Check = (pointer, value, input) => {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  demand(
    (isObject || typeof value === "string") && JSON.stringify(value).length <= 16_000,
    pointer,
    "agent_metadata must be a text or an object of at most 16000 characters.",
  );
  checkTemplate(pointer, value, input);
};

const checkHeaders: Check = (pointer, value, input) => {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  demand(
    isObject && Object.keys(value).length <= HEADERS_MAX,
    pointer,
    `headers must be an object of up to ${HEADERS_MAX}.`,
  );
  for (const [name, text] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    const at = `${pointer}/${escaped(name)}`;
    demand(
      /^X-[A-Za-z0-9-]{1,60}$/i.test(name),
      at,
      "A header's name is X- and letters, digits and hyphens.",
    );
    demand(
      typeof text === "string" && /^[\x20-\x7e]*$/.test(text) && text.length <= HEADER_MAX,
      at,
      `A header is a text of at most ${HEADER_MAX} plain characters.`,
    );
    checkTemplate(at, text, input);
  }
};

/** Each instruction's check; a line's settings hold them beside the project. */
export const INSTRUCTION_CHECKS: Readonly<Record<keyof Instructions, Check>> = {
  agent_name: (pointer, value) =>
    demand(
      typeof value === "string" && /^[^\p{Cc}]{1,100}$/u.test(value),
      pointer,
      "agent_name must be the name under which the agent's worker is registered.",
    ),
  agent_metadata: checkMetadata,
  dtmf: (pointer, value) =>
    demand(
      typeof value === "string" && /^[0-9A-D#*w]{1,100}$/.test(value),
      pointer,
      "dtmf must be up to 100 of 0-9 A-D # * w.",
    ),
  headers: checkHeaders,
  include_headers: (pointer, value) =>
    demand(
      value === "none" || value === "x" || value === "all",
      pointer,
      'include_headers must be "none", "x" or "all".',
    ),
  play_dialtone: isBoolean,
  hide_phone_number: isBoolean,
  krisp_enabled: isBoolean,
  participant_name: (pointer, value, input) => {
    demand(
      typeof value === "string" && value.length <= 200,
      pointer,
      "participant_name must be a text of at most 200 characters.",
    );
    checkTemplate(pointer, value, input);
  },
  display_name: (pointer, value) =>
    demand(
      typeof value === "string" && /^[^\p{Cc}"\\]{0,100}$/u.test(value),
      pointer,
      'display_name must be up to 100 characters without " and \\.',
    ),
};
