import { Wrong, demand, escaped, isUrl } from "../../domain/wrong.ts";
import type { Check } from "../../domain/wrong.ts";
import type { SettingsCheck } from "../../ports/carrier.ts";
import { INSTRUCTION_CHECKS } from "./instructions.ts";
import type { Instructions } from "./instructions.ts";

/** The settings of a line at Twilio as they are stored (JSON): the account, and what its calls do by default. */
export type TwilioSettings = Instructions & {
  /** `AC…`. Default: TWILIO_ACCOUNT_SID. */
  readonly account_sid?: string;
  /** Signs callbacks, and requests unless there is an API key. Secret. Default: TWILIO_AUTH_TOKEN. */
  readonly auth_token?: string;
  /** While tokens are changed: callbacks signed with this one are genuine too. Secret. */
  readonly secondary_auth_token?: string;
  /** `SK…`: requests are made with this key instead of the auth token. */
  readonly api_key_sid?: string;
  readonly api_key_secret?: string;
  /** Twilio's own words, such as `ie1` and `dublin`. */
  readonly region?: string;
  readonly edge?: string;
  /** Where Twilio reports, instead of PUBLIC_URL: `?attempt=…` is added. Default: TWILIO_WEBHOOK_URL. */
  readonly status_callback?: string;
  /** `beep`: only a beep proves a voicemail. `any`: every word of Twilio's that says machine does. */
  readonly voicemail_proof?: "beep" | "any";
  /** Over the whole exchange. */
  readonly timeout_ms?: number;
  /** Another server that speaks Twilio's interface, for tests. */
  readonly base_url?: string;
  /** May `base_url`, and the addresses that Twilio is told, be loopback or private? Only for tests. */
  readonly allow_private?: boolean;
};

/** What stands in where a line does not say. */
export type TwilioDefaults = {
  readonly accountSid?: string | null;
  readonly authToken?: string | null;
  readonly phoneNumber?: string | null;
  readonly webhookUrl?: string | null;
};

/** An account that requests can be made for. */
export type Account = {
  readonly sid: string;
  readonly user: string;
  readonly password: string;
  readonly baseUrl: string;
};

export const TWILIO_SECRETS = [
  "auth_token",
  "secondary_auth_token",
  "api_key_secret",
  "sip_password",
] as const;
export const DEFAULT_TIMEOUT_MS = 15_000;

/** Checks a line's settings; the pointer (RFC 6901) says which one is wrong and the detail what it should be. */
export function parseTwilioSettings(
  input: Readonly<Record<string, unknown>>,
  defaults: TwilioDefaults,
): SettingsCheck {
  try {
    for (const [name, value] of Object.entries(input)) {
      const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof TwilioSettings] : undefined;
      demand(
        check !== undefined,
        `/${escaped(name)}`,
        `There is no such setting. There are: ${Object.keys(CHECKS).join(", ")}.`,
      );
      check?.(`/${name}`, value, input);
    }
    const isNamed = isSet(defaults.accountSid) && ACCOUNT_SID.test(defaults.accountSid);
    demand(
      input["account_sid"] !== undefined || isNamed,
      "/account_sid",
      "account_sid is required: AC and 32 letters and digits, from the first page of the Twilio console. Or set TWILIO_ACCOUNT_SID to it.",
    );
    demand(
      input["auth_token"] !== undefined || isSet(defaults.authToken),
      "/auth_token",
      "auth_token is required, because callbacks are signed with it. Or set TWILIO_AUTH_TOKEN.",
    );
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, pointer: error.pointer, detail: error.message };
    throw error;
  }
  return { ok: true, settings: { ...input } };
}

/** The account to make requests for; null when a default that the line relied on is gone. */
export function accountOf(settings: TwilioSettings, defaults: TwilioDefaults): Account | null {
  const sid = settings.account_sid ?? defaults.accountSid ?? "";
  const token = settings.auth_token ?? defaults.authToken ?? "";
  const user = settings.api_key_sid ?? sid;
  const password = settings.api_key_sid === undefined ? token : (settings.api_key_secret ?? "");
  if (sid === "" || password === "") return null;
  return { sid, user, password, baseUrl: settings.base_url ?? hostOf(settings) };
}

/** The tokens that a genuine callback may be signed with. */
export function tokensOf(settings: TwilioSettings, defaults: TwilioDefaults): readonly string[] {
  const tokens = [settings.auth_token ?? defaults.authToken, settings.secondary_auth_token];
  return tokens.filter((token) => isSet(token));
}

/** https://www.twilio.com/docs/global-infrastructure: api, edge, region; an edge alone means the region us1. */
function hostOf({ edge, region }: TwilioSettings): string {
  const place = [edge, region ?? (edge === undefined ? undefined : "us1")];
  return `https://${["api", ...place.filter((part) => part !== undefined), "twilio.com"].join(".")}`;
}

const ACCOUNT_SID = /^AC[0-9a-zA-Z]{32}$/;

const sid =
  (prefix: string): Check =>
  (pointer, value) =>
    demand(
      typeof value === "string" && new RegExp(`^${prefix}[0-9a-zA-Z]{32}$`).test(value),
      pointer,
      `${pointer.slice(1)} must be ${prefix} and 32 letters and digits.`,
    );

const secret: Check = (pointer, value) =>
  demand(
    typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value),
    pointer,
    `${pointer.slice(1)} must be up to 200 characters without spaces, as the Twilio console shows it.`,
  );

const place: Check = (pointer, value) =>
  demand(
    typeof value === "string" && /^[a-z][a-z0-9-]{1,30}$/.test(value),
    pointer,
    `${pointer.slice(1)} must be one of Twilio's words, such as ie1 or dublin.`,
  );

const CHECKS: Readonly<Record<keyof TwilioSettings, Check>> = {
  account_sid: sid("AC"),
  auth_token: secret,
  secondary_auth_token: secret,
  api_key_sid: (pointer, value, input) => {
    sid("SK")(pointer, value, input);
    demand(input["api_key_secret"] !== undefined, "/api_key_secret", "api_key_sid needs api_key_secret.");
  },
  api_key_secret: (pointer, value, input) => {
    secret(pointer, value, input);
    demand(input["api_key_sid"] !== undefined, "/api_key_sid", "api_key_secret needs api_key_sid.");
  },
  region: place,
  edge: place,
  status_callback: (pointer, value, input) => {
    const ok = isUrl(value, { isPrivate: input["allow_private"] === true, mayHoldUser: true });
    demand(ok, pointer, "status_callback must be an https URL that Twilio can reach, without a fragment.");
  },
  voicemail_proof: (pointer, value) =>
    demand(value === "beep" || value === "any", pointer, 'voicemail_proof must be "beep" or "any".'),
  timeout_ms: (pointer, value) => {
    const ok = Number.isInteger(value) && (value as number) >= 1_000 && (value as number) <= 60_000;
    demand(ok, pointer, "timeout_ms must be a whole number from 1000 to 60000.");
  },
  base_url: (pointer, value, input) => {
    const ok = isUrl(value, { isPrivate: input["allow_private"] === true });
    const isPlain = ok && !/[?]|\/$/.test(value);
    demand(
      isPlain,
      pointer,
      "base_url must be a URL without a slash at its end; http and private addresses need allow_private.",
    );
  },
  allow_private: (pointer, value) =>
    demand(typeof value === "boolean", pointer, "allow_private must be true or false."),
  ...INSTRUCTION_CHECKS,
};

function isSet(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== "";
}
