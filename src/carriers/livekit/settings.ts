import { parseTemplate } from "../../domain/template.ts";
import { Wrong, demand, escaped, isUrl } from "../../domain/wrong.ts";
import type { Check } from "../../domain/wrong.ts";
import type { SettingsCheck } from "../../ports/carrier.ts";
import { INSTRUCTION_CHECKS, isBoolean } from "./instructions.ts";
import type { Instructions } from "./instructions.ts";
import { ROOM_PLACEHOLDERS } from "./room.ts";
import type { Key } from "./token.ts";

/** The settings of a line at LiveKit as they are stored (JSON): the project, and what its calls do by default. */
export type LiveKitSettings = Instructions & {
  /** `wss://…` or `https://…` of the project or the server. Default: LIVEKIT_URL. */
  readonly url?: string;
  /** Default: LIVEKIT_API_KEY. */
  readonly api_key?: string;
  /** Signs requests; LiveKit signs its reports with it. Secret. Default: LIVEKIT_API_SECRET. */
  readonly api_secret?: string;
  /** While keys are changed: reports signed with this one are genuine too. */
  readonly secondary_api_key?: string;
  readonly secondary_api_secret?: string;
  /** `ST_…`, the outbound trunk. Default: LIVEKIT_SIP_TRUNK_ID. */
  readonly sip_trunk_id?: string;
  /** The name of an attempt's room; must hold {{attempt_key}}. */
  readonly room_name?: string;
  /** True: the request lasts until somebody answers or nobody will, and its answer holds the SIP status. */
  readonly wait_until_answered?: boolean;
  /** LiveKit reports a busy phone and a declined call by one word: which of the two it is taken for. */
  readonly rejected_means?: "declined" | "busy";
  /** How long after its end the server still takes a token. */
  readonly token_leeway_seconds?: number;
  /** Over a whole exchange. */
  readonly timeout_ms?: number;
  /** May `url`, and the address that LiveKit reports to, be loopback or private? */
  readonly allow_private?: boolean;
};

/** What stands in where a line does not say. */
export type LiveKitDefaults = {
  readonly url?: string | null;
  readonly apiKey?: string | null;
  readonly apiSecret?: string | null;
  readonly sipTrunkId?: string | null;
  readonly agentName?: string | null;
};

/** A project that requests can be made for. */
export type Project = Key & { readonly baseUrl: string; readonly sipTrunkId: string };

export const LIVEKIT_SECRETS = ["api_secret", "secondary_api_secret"] as const;
export const DEFAULT_TIMEOUT_MS = 10_000;
const LEEWAY_SECONDS = 60;

/** Checks a line's settings; the pointer (RFC 6901) says which one is wrong and the detail what it should be. */
export function parseLiveKitSettings(
  input: Readonly<Record<string, unknown>>,
  defaults: LiveKitDefaults,
): SettingsCheck {
  try {
    for (const [name, value] of Object.entries(input)) {
      const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof LiveKitSettings] : undefined;
      demand(
        check !== undefined,
        `/${escaped(name)}`,
        `There is no such setting. There are: ${Object.keys(CHECKS).join(", ")}.`,
      );
      check?.(`/${name}`, value, input);
    }
    for (const [name, variable, value, what] of [
      [
        "url",
        "LIVEKIT_URL",
        defaults.url,
        "the address of the LiveKit project, such as wss://….livekit.cloud",
      ],
      ["api_key", "LIVEKIT_API_KEY", defaults.apiKey, "a key of that project"],
      ["api_secret", "LIVEKIT_API_SECRET", defaults.apiSecret, "the secret of that key"],
      ["sip_trunk_id", "LIVEKIT_SIP_TRUNK_ID", defaults.sipTrunkId, "an outbound trunk, ST_…"],
    ] as const) {
      demand(
        input[name] !== undefined || isSet(value),
        `/${name}`,
        `${name} is required: ${what}. Or set ${variable}.`,
      );
    }
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, pointer: error.pointer, detail: error.message };
    throw error;
  }
  return { ok: true, settings: { ...input } };
}

/** The project to make requests for; null when a default that the line relied on is gone. */
export function projectOf(settings: LiveKitSettings, defaults: LiveKitDefaults): Project | null {
  const url = settings.url ?? defaults.url ?? "";
  const key = settings.api_key ?? defaults.apiKey ?? "";
  const secret = settings.api_secret ?? defaults.apiSecret ?? "";
  const sipTrunkId = settings.sip_trunk_id ?? defaults.sipTrunkId ?? "";
  if (url === "" || key === "" || secret === "" || sipTrunkId === "") return null;
  return { baseUrl: url.replace(/^ws/, "http").replace(/\/+$/, ""), key, secret, sipTrunkId };
}

/** The keys that a genuine report may be signed with. */
export function keysOf(settings: LiveKitSettings, defaults: LiveKitDefaults): readonly Key[] {
  const pairs = [
    [settings.api_key ?? defaults.apiKey, settings.api_secret ?? defaults.apiSecret],
    [settings.secondary_api_key, settings.secondary_api_secret],
  ] as const;
  return pairs.flatMap(([key, secret]) => (isSet(key) && isSet(secret) ? [{ key, secret }] : []));
}

/** How long after its end the line's server takes a token (ms). */
export function leewayMsOf(settings: LiveKitSettings): number {
  return (settings.token_leeway_seconds ?? LEEWAY_SECONDS) * 1000;
}

const whole =
  (least: number, most: number): Check =>
  (pointer, value) =>
    demand(
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
      pointer,
      `${pointer.slice(1)} must be a whole number from ${least} to ${most}.`,
    );

const plain: Check = (pointer, value) =>
  demand(
    typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value),
    pointer,
    `${pointer.slice(1)} must be up to 200 characters without spaces, as LiveKit shows it.`,
  );

const together =
  (other: keyof LiveKitSettings): Check =>
  (pointer, value, input) => {
    plain(pointer, value, input);
    demand(input[other] !== undefined, `/${other}`, `${pointer.slice(1)} needs ${other}.`);
  };

const CHECKS: Readonly<Record<keyof LiveKitSettings, Check>> = {
  url: (pointer, value, input) => {
    const asHttp = typeof value === "string" ? value.replace(/^ws(?=s?:)/, "http") : value;
    const ok = isUrl(asHttp, { isPrivate: input["allow_private"] === true });
    demand(
      ok && !asHttp.includes("?"),
      pointer,
      "url must be a wss:// or https:// address; others, and private ones, need allow_private.",
    );
  },
  api_key: plain,
  api_secret: plain,
  secondary_api_key: together("secondary_api_secret"),
  secondary_api_secret: together("secondary_api_key"),
  sip_trunk_id: (pointer, value) =>
    demand(
      typeof value === "string" && /^ST_[0-9A-Za-z]{1,60}$/.test(value),
      pointer,
      "sip_trunk_id must be ST_ and letters and digits, as LiveKit lists outbound trunks.",
    ),
  room_name: (pointer, value) => {
    const parsed = parseTemplate(value, ROOM_PLACEHOLDERS);
    if (!parsed.ok) throw new Wrong(pointer, parsed.detail);
    demand(
      typeof value === "string" &&
        /\{\{\s*attempt_key\s*\}\}/.test(value) &&
        /^[^\p{Cc}]{1,150}$/u.test(value),
      pointer,
      "room_name must be up to 150 characters with {{attempt_key}} in it, because each attempt has a room of its own.",
    );
  },
  wait_until_answered: isBoolean,
  rejected_means: (pointer, value) =>
    demand(value === "declined" || value === "busy", pointer, 'rejected_means must be "declined" or "busy".'),
  token_leeway_seconds: whole(0, 60),
  timeout_ms: whole(1_000, 60_000),
  allow_private: isBoolean,
  ...INSTRUCTION_CHECKS,
};

function isSet(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== "";
}
