import { parseTemplate } from "../../domain/template.ts";
import type { Template } from "../../domain/template.ts";
import type { SettingsCheck } from "../../ports/carrier.ts";

/** The settings of a line whose carrier is a voice backend behind HTTP, as they are stored (JSON). */
export type HttpSettings = {
  /** Where a call is created: one POST per attempt. https, or http with `allow_private`. */
  readonly url: string;
  /** Only POST; may be said. */
  readonly method?: "POST";
  /** Sent with every request to the backend, such as `Authorization`. Secret. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The request body, any JSON with placeholders; default `DEFAULT_BODY`. */
  readonly body?: unknown;
  /** Where the answer holds the backend's id of the call: "data.call_id". Default: `callId`, then `id`. */
  readonly call_id_path?: string;
  /** `at_once`: a 2xx means that the call is over. Default: the backend reports to `callback_url`. */
  readonly completion?: "callback" | "at_once";
  /** With `at_once`: where the answer holds the outcome, or the disposition. */
  readonly outcome_path?: string;
  readonly disposition_path?: string;
  /** Statuses that mean: certainly nothing was done. */
  readonly refused_statuses?: readonly number[];
  /** Over the whole exchange. */
  readonly timeout_ms?: number;
  /** With it callbacks must be signed (Standard Webhooks); without it the unguessable token in their URL is the proof. */
  readonly signing_secret?: string;
  /** GET; answers in the shape of a callback, `{"status": "absent"}` when it certainly never took the attempt. */
  readonly lookup_url?: string;
  /** POST; a 2xx means that the call is being ended. */
  readonly hang_up_url?: string;
  /** May these URLs lead to loopback and private addresses? */
  readonly allow_private?: boolean;
};

/** What `body` and the URLs may hold. */
export const BODY_PLACEHOLDERS = [
  "to",
  "from",
  "call_id",
  "attempt_id",
  "attempt_key",
  "attempt_number",
  "callback_url",
  "purpose",
  "metadata.*",
  "ring_timeout_seconds",
  "max_duration_seconds",
] as const;
export const URL_PLACEHOLDERS = ["attempt_key", "carrier_ref", "to"] as const;

export const DEFAULT_BODY = {
  to: "{{to}}",
  from: "{{from}}",
  call_id: "{{call_id}}",
  attempt_id: "{{attempt_id}}",
  attempt_key: "{{attempt_key}}",
  attempt_number: "{{attempt_number}}",
  callback_url: "{{callback_url}}",
  purpose: "{{purpose}}",
  metadata: "{{metadata}}",
  ring_timeout_seconds: "{{ring_timeout_seconds}}",
  max_duration_seconds: "{{max_duration_seconds}}",
} as const;

/** The 4xx that say "I did nothing"; 408 and 425 do not, since the request may have been read. */
export const DEFAULT_REFUSED_STATUSES: readonly number[] = [
  400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429,
];
export const DEFAULT_TIMEOUT_MS = 15_000;

/** Checks a line's settings; the pointer (RFC 6901) says which one is wrong and the detail what it should be. */
export function parseHttpSettings(input: Readonly<Record<string, unknown>>): SettingsCheck {
  try {
    for (const name of Object.keys(input)) {
      if (!Object.hasOwn(CHECKS, name)) {
        throw new Wrong(
          `/${escaped(name)}`,
          `There is no such setting. There are: ${Object.keys(CHECKS).join(", ")}.`,
        );
      }
    }
    const url = checkUrl("/url", input["url"], input);
    for (const [name, check] of Object.entries(CHECKS)) {
      if (input[name] !== undefined) check(`/${name}`, input[name], input, url);
    }
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, pointer: error.pointer, detail: error.message };
    throw error;
  }
  return { ok: true, settings: { ...input } };
}

class Wrong extends Error {
  readonly pointer: string;

  constructor(pointer: string, detail: string) {
    super(detail);
    this.pointer = pointer;
  }
}

type Input = Readonly<Record<string, unknown>>;
type Check = (pointer: string, value: unknown, input: Input, url: URL) => void;

const PATH = /^[^.\s]+(\.[^.\s]+){0,9}$/;
/** RFC 9110 token. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Visible ASCII, spaces and tabs: no line break can start another header. */
const HEADER_VALUE = /^[\t\x20-\x7e]{0,4000}$/;
/** Ours to set. */
const RESERVED_HEADERS =
  /^(host|connection|keep-alive|upgrade|te|trailer|expect|content-(length|type)|transfer-encoding|carillon-.*)$/i;

const CHECKS: Readonly<Record<keyof HttpSettings, Check>> = {
  url: (pointer, value, input) => void checkUrl(pointer, value, input),
  method: (pointer, value) => demand(value === "POST", pointer, "method can only be POST."),
  headers: checkHeaders,
  body: checkBody,
  call_id_path: checkPath,
  completion: (pointer, value) =>
    demand(
      value === "callback" || value === "at_once",
      pointer,
      'completion must be "callback" or "at_once".',
    ),
  outcome_path: checkAtOncePath,
  disposition_path: checkAtOncePath,
  refused_statuses: (pointer, value) => {
    const fits = (status: unknown): boolean =>
      Number.isInteger(status) && (status as number) >= 300 && (status as number) <= 599;
    const ok = Array.isArray(value) && value.length <= 100 && value.every(fits);
    demand(ok, pointer, "refused_statuses must be a list of HTTP statuses from 300 to 599.");
  },
  timeout_ms: (pointer, value) => {
    const ok = Number.isInteger(value) && (value as number) >= 1_000 && (value as number) <= 60_000;
    demand(ok, pointer, "timeout_ms must be a whole number from 1000 to 60000.");
  },
  signing_secret: checkSecret,
  lookup_url: checkUrlTemplate,
  hang_up_url: checkUrlTemplate,
  allow_private: (pointer, value) =>
    demand(typeof value === "boolean", pointer, "allow_private must be true or false."),
};

function demand(ok: boolean, pointer: string, detail: string): void {
  if (!ok) throw new Wrong(pointer, detail);
}

function checkUrl(pointer: string, value: unknown, input: Input): URL {
  const name = pointer.slice(1);
  const url = typeof value === "string" && value.length <= 2_000 ? URL.parse(value) : null;
  if (url === null)
    throw new Wrong(pointer, `${name} is required: an absolute URL such as https://voice.example.com/calls.`);
  demand(
    url.username === "" && url.password === "",
    pointer,
    `${name} must not hold a user name; use headers.`,
  );
  demand(url.hash === "", pointer, `${name} must not have a fragment.`);
  const isPrivate = input["allow_private"] === true;
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && isPrivate);
  demand(
    allowed,
    pointer,
    `${name} must start with https://. For http on your own network also set allow_private to true.`,
  );
  const isLoopback = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])\.?$/.test(url.hostname);
  demand(
    isPrivate || !isLoopback,
    pointer,
    `${name} leads to this machine. Set allow_private to true if that is meant.`,
  );
  return url;
}

/** Headers hold secrets, so they only ever go to the origin of `url`. */
function checkUrlTemplate(pointer: string, value: unknown, input: Input, url: URL): void {
  const parsed = parseTemplate(typeof value === "string" ? value : "", URL_PLACEHOLDERS);
  if (!parsed.ok) throw new Wrong(pointer, parsed.detail);
  // Filled in two ways, so that no placeholder can stand in the origin.
  for (const sample of ["x", "y"]) {
    const filled = typeof value === "string" ? value.replaceAll(/\{\{[^{}]*\}\}/g, sample) : value;
    const isSame = checkUrl(pointer, filled, input).origin === url.origin;
    demand(
      isSame,
      pointer,
      `${pointer.slice(1)} must have the same origin as url, and no placeholder in it.`,
    );
  }
}

function checkHeaders(pointer: string, value: unknown): void {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject)
    throw new Wrong(pointer, 'headers must be an object, such as {"Authorization": "Bearer …"}.');
  const entries = Object.entries(value);
  demand(entries.length <= 50, pointer, "At most 50 headers.");
  for (const [name, text] of entries) {
    const at = `${pointer}/${escaped(name)}`;
    demand(HEADER_NAME.test(name), at, "Not a header name.");
    demand(!RESERVED_HEADERS.test(name), at, "Carillon sets this header itself.");
    demand(
      typeof text === "string" && HEADER_VALUE.test(text),
      at,
      "A header must be ASCII text on one line.",
    );
  }
}

function checkBody(pointer: string, value: unknown): void {
  const parsed = parseTemplate(value, BODY_PLACEHOLDERS);
  if (!parsed.ok) throw new Wrong(`${pointer}${parsed.pointer}`, parsed.detail);
  demand(JSON.stringify(value).length <= 65_536, pointer, "body must be at most 64 KiB of JSON.");
}

function checkPath(pointer: string, value: unknown): void {
  const ok = typeof value === "string" && PATH.test(value);
  demand(ok, pointer, `${pointer.slice(1)} must be names joined by dots, such as data.call_id.`);
}

function checkAtOncePath(pointer: string, value: unknown, input: Input): void {
  checkPath(pointer, value);
  demand(input["completion"] === "at_once", pointer, `${pointer.slice(1)} needs completion "at_once".`);
}

function checkSecret(pointer: string, value: unknown): void {
  const bytes = typeof value === "string" ? secretBytes(value).length : 0;
  const detail = "signing_secret must hold 24 to 64 bytes: whsec_ and their base64, or as many characters.";
  demand(bytes >= 24 && bytes <= 64, pointer, detail);
}

/** The key in a Standard Webhooks secret: base64 after `whsec_`, else the text itself. */
export function secretBytes(secret: string): Buffer {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret, "utf8");
}

/** A parsed body template; the settings were checked, so it parses. */
export function bodyTemplateOf(settings: HttpSettings): Template {
  const parsed = parseTemplate(settings.body ?? DEFAULT_BODY, BODY_PLACEHOLDERS);
  if (!parsed.ok) throw new Error(`The body template does not parse: ${parsed.detail}`);
  return parsed.template;
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
