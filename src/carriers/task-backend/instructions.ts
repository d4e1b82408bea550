import { readBackendUrl } from "../../domain/task-backend.ts";

/** What a task hands to its backend. Kept sealed with the call, never shown. */
export type TaskInstructions = {
  /** Base URL of the backend; `/call/brief` and `/call/start` lie below it. */
  readonly backend_url: string;
  /** The token of this one request; without it the operator's own, where the backend is the operator's. Secret. */
  readonly token?: string;
  readonly mode: "DIRECT" | "BRIEF_START";
  readonly conversation_id: string;
  readonly agent_type: string;
  readonly place_id: string;
  /** DIRECT: what is said. */
  readonly script?: string;
  /** BRIEF_START: about whom the backend writes what is said. */
  readonly place?: Words;
  readonly slots?: Words;
  readonly disclosure?: Words;
  readonly fallbacks?: Words;
};

type Words = Readonly<Record<string, unknown>>;

type Check =
  | { readonly ok: true }
  | { readonly ok: false; readonly pointer: string; readonly detail: string };

/** Checks what a call hands to its backend; the pointer says which part is wrong. */
export function checkTask(input: Readonly<Record<string, unknown>>): Check {
  for (const name of Object.keys(input)) {
    if (!Object.hasOwn(checks, name))
      return wrong(name, `There is no such instruction. There are: ${Object.keys(checks).join(", ")}.`);
  }
  for (const [name, check] of Object.entries(checks)) {
    const detail = check(input[name], input);
    if (detail !== null) return wrong(name, `${name} ${detail}.`);
  }
  return { ok: true };
}

const TOKEN = /^[\x21-\x7e]{1,4000}$/;

type Reader = (value: unknown, input: Readonly<Record<string, unknown>>) => string | null;

const checks: Readonly<Record<keyof TaskInstructions, Reader>> = {
  backend_url: (value) =>
    typeof value === "string" && readBackendUrl(value) === value
      ? null
      : "must be the base URL of a backend, without a slash at its end",
  token: (value) =>
    value === undefined || (typeof value === "string" && TOKEN.test(value))
      ? null
      : "must be visible ASCII characters without a space",
  mode: (value) => (value === "DIRECT" || value === "BRIEF_START" ? null : "must be DIRECT or BRIEF_START"),
  conversation_id: text,
  agent_type: text,
  place_id: text,
  script: (value, { mode }) => (mode === "DIRECT" ? text(value) : null),
  place: (value, { mode }) => (mode === "BRIEF_START" && value === undefined ? "is missing" : words(value)),
  slots: words,
  disclosure: words,
  fallbacks: words,
};

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? null : "must be a text";
}

function words(value: unknown): string | null {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return value === undefined || isObject ? null : "must be an object";
}

function wrong(name: string, detail: string): Check {
  return { ok: false, pointer: `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, detail };
}
