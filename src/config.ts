import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import {
  type Reading,
  type Setting,
  type StoreLocation,
  count,
  databaseUrl,
  encryptionKeys,
  flag,
  httpUrl,
  longText,
  oneOf,
  optional,
  origins,
  port,
  ports,
  text,
  withDefault,
} from "./setting.ts";
import type { DoorSettings } from "./ports/door-settings.ts";
import type { FirebaseAccount } from "./ports/messenger.ts";
import { doorSettings, doorSettingsOf } from "./settings-doors.ts";
import { type LiveKitEnvironment, livekitEnvironmentOf, livekitSettings } from "./settings-livekit.ts";
import {
  type MessengerChoice,
  firebaseOf,
  messengerSettings,
  messengersOf,
  smsProblem,
} from "./settings-messengers.ts";
import { keepingSettings } from "./settings-keeping.ts";
import { type Smtp, smtpOf, smtpProblem, smtpSettings } from "./settings-smtp.ts";
import { type TwilioEnvironment, twilioEnvironmentOf, twilioSettings } from "./settings-twilio.ts";
import { type Replaced, replaced } from "./settings-replaced.ts";
import { tokenWarnings } from "./settings-tokens.ts";

/** Every setting, once. `docs/reference/configuration.md` is compared with this table by a test. */
export const settings = {
  port: withDefault(
    { name: "PORT", flag: "--port", meaning: "The port that the API listens on." },
    "8090",
    port,
  ),
  host: withDefault(
    {
      name: "HOST",
      flag: "--host",
      meaning:
        "The address that the API listens on. On any but a loopback address Carillon refuses to start without an API key.",
      expected: "an address or a host name",
    },
    "127.0.0.1",
    text,
  ),
  extraPorts: withDefault(
    {
      name: "EXTRA_PORTS",
      flag: "--extra-ports",
      meaning: "More ports to listen on, for clients that expect another one.",
    },
    "",
    ports,
  ),
  databasePath: withDefault(
    {
      name: "DATABASE_PATH",
      flag: "--database-path",
      meaning: "The SQLite file that holds everything. Not read when `DATABASE_URL` is set.",
      expected: "the path of a file",
    },
    "carillon.db",
    text,
  ),
  databaseUrl: optional(
    {
      name: "DATABASE_URL",
      flag: "--database-url",
      secret: true,
      meaning: "The database: an SQLite file or a Postgres server. Wins over `DATABASE_PATH`.",
    },
    databaseUrl,
  ),
  redisUrl: optional(
    {
      name: "REDIS_URL",
      secret: true,
      meaning:
        "A Redis for several worker machines; needs Postgres, and is ignored with a warning without it.",
      expected: "a URL such as redis://localhost:6379/0",
    },
    { expected: "", read: readRedisUrl },
  ),
  sandboxPath: optional(
    {
      name: "SANDBOX_PATH",
      meaning:
        "The file in which the sandbox keeps the calls that it accepted. Without it: beside the SQLite file, with `.sandbox` added to its name.",
      expected: "the path of a file",
    },
    text,
  ),
  logLevel: withDefault(
    { name: "LOG_LEVEL", flag: "--log-level", meaning: "How much is logged." },
    "info",
    oneOf("debug", "info", "warn", "error", "silent"),
  ),
  secret: optional(
    {
      name: "CARILLON_SECRET",
      secret: true,
      meaning:
        "The installation's secret, from which the hashes of phone numbers are keyed. Without it one is made at the first start and kept in a file beside the database (DATABASE_PATH.secret; carillon.secret with Postgres).",
    },
    longText(32),
  ),
  encryptionKeys: withDefault(
    {
      name: "ENCRYPTION_KEYS",
      secret: true,
      meaning:
        "Keys that encrypt phone numbers and carrier secrets at rest. The first one encrypts, every one decrypts.",
    },
    "",
    encryptionKeys,
  ),
  publicUrl: optional(
    {
      name: "PUBLIC_URL",
      flag: "--public-url",
      meaning: "The address under which carriers and browsers reach this server, used for callbacks.",
    },
    httpUrl,
  ),
  outsidePorts: withDefault(
    {
      name: "OUTSIDE_PORTS",
      meaning:
        "The ports of the public Internet that URLs named by users (webhooks, backends) may lead to; private addresses, where they are allowed, may use any.",
    },
    "443,8443",
    ports,
  ),
  ...smtpSettings,
  ...messengerSettings,
  ...keepingSettings,
  corsOrigins: withDefault(
    {
      name: "CORS_ORIGINS",
      meaning:
        "Web pages of these origins may call the API. Without it: loopback origins while the server is open on loopback, else none.",
    },
    "",
    origins,
  ),
  rateLimit: withDefault(
    {
      name: "RATE_LIMIT",
      meaning: "Requests a minute for each API key, once keys are in force; 0 is without limit.",
    },
    "6000",
    count,
  ),
  trustProxy: withDefault(
    {
      name: "TRUST_PROXY",
      meaning: "Take the caller's address from `X-Forwarded-For`. Only behind a proxy that sets it.",
    },
    "0",
    flag,
  ),
  zoneinfoDir: optional(
    {
      name: "ZONEINFO_DIR",
      meaning:
        "A directory of compiled time zones (TZif) that is used instead of the packaged and the system's data.",
      expected: "the path of a directory",
    },
    text,
  ),
  url: withDefault(
    {
      name: "CARILLON_URL",
      flag: "--url",
      meaning: "The server that the commands of the CLI talk to.",
    },
    "http://localhost:8090",
    httpUrl,
  ),
  apiKey: optional(
    {
      name: "CARILLON_API_KEY",
      secret: true,
      meaning: "The API key that the commands of the CLI send.",
    },
    text,
  ),
  noColor: withDefault(
    { name: "NO_COLOR", meaning: "Set to anything: no colors in the terminal." },
    "0",
    flag,
  ),
  ...doorSettings,
  ...twilioSettings,
  ...livekitSettings,
} as const satisfies Record<string, Setting<unknown>>;

export type SettingKey = keyof typeof settings;
type Values = { readonly [K in SettingKey]: (typeof settings)[K]["absent"] };

/** Everything that the program was told, checked. */
export type Config = Omit<
  Values,
  | "databasePath"
  | "databaseUrl"
  | "sandboxPath"
  | keyof typeof doorSettings
  | keyof typeof smtpSettings
  | keyof typeof messengerSettings
  | keyof typeof twilioSettings
  | keyof typeof livekitSettings
> & {
  /** Null: no e-mail is sent. */
  readonly smtp: Smtp | null;
  /** By what people are told something. */
  readonly messengers: MessengerChoice;
  /** What lines at Twilio take where they do not say it themselves. */
  readonly twilio: TwilioEnvironment;
  /** What lines at LiveKit take where they do not say it themselves. */
  readonly livekit: LiveKitEnvironment;
  readonly doors: DoorSettings;
  readonly store: StoreLocation;
  /** Null keeps the sandbox's calls in memory (a store without a file of its own, and no `SANDBOX_PATH`). */
  readonly sandboxPath: string | null;
  /** Sentences for the operator, to be logged at the start. */
  readonly warnings: readonly string[];
};

/** Settings given on the command line, as text, by their key in `settings`. */
export type Flags = { readonly [K in SettingKey]?: string | undefined };
export type Env = Readonly<Record<string, string | undefined>>;

/** One or more settings cannot be used; the message has a line for each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/**
 * Reads every setting: the command line wins over the environment, that over the `.env` file, that over the default.
 * An empty text counts as not set. Throws `ConfigError` with all that is wrong.
 */
export function readConfig(env: Env, flags: Flags = {}, envFile: Env = {}): Config {
  const problems: string[] = [];
  const layers = [env, envFile];
  const value = (key: SettingKey, setting: Setting<unknown>): unknown => {
    const found = findText(setting.name, flags[key], setting.flag, layers, problems);
    if (found === undefined) return setting.absent;
    const reading = setting.read(found.text);
    if (reading.ok) return reading.value;
    const shown = setting.secret ? "set to something else (not shown)" : JSON.stringify(found.text);
    problems.push(`${found.from} is ${shown}: expected ${setting.expected}.`);
    return setting.absent;
  };
  const entries = Object.entries(settings).map(([key, setting]) => [key, value(key as SettingKey, setting)]);
  const values = Object.fromEntries(entries) as Values;
  const firebase = firebaseOf(values, (path) => readFileSync(path, "utf8"));
  if (!firebase.ok) problems.push(firebase.problem);
  for (const missing of [smtpProblem(values), smsProblem(values, twilioEnvironmentOf(values))])
    if (missing !== null) problems.push(missing);
  if (!firebase.ok || problems.length > 0) throw new ConfigError(problems);
  return assemble(values, firebase.account, replacedIn(layers));
}

/** The variables of a `.env` file; none when there is no such file. */
export function readEnvFile(path: string): Env {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return {};
    throw new ConfigError([`The file ${path} cannot be read: ${describe(error)}.`]);
  }
  return { ...parseEnv(content) };
}

function assemble(values: Values, firebase: FirebaseAccount | null, foreign: readonly string[]): Config {
  const { databasePath, databaseUrl: given, sandboxPath, redisUrl, ...others } = values;
  const rest = Object.fromEntries(
    Object.entries(others).filter(
      ([key]) =>
        !(key in doorSettings || key in smtpSettings || key in messengerSettings) &&
        !(key in twilioSettings || key in livekitSettings),
    ),
  );
  const store: StoreLocation = given ?? { kind: "sqlite", path: databasePath };
  const warnings = [...foreign, ...tokenWarnings(values)];
  const usesRedis = redisUrl !== null && store.kind === "postgres";
  if (redisUrl !== null && !usesRedis) {
    warnings.push("REDIS_URL is ignored: Redis is of use only beside Postgres (DATABASE_URL=postgres://…).");
  }
  const [smtp, twilio] = [smtpOf(values), twilioEnvironmentOf(values)];
  const beside = store.kind === "sqlite" && store.path !== ":memory:" ? `${store.path}.sandbox` : null;
  return {
    ...(rest as Omit<
      typeof others,
      | keyof typeof doorSettings
      | keyof typeof smtpSettings
      | keyof typeof messengerSettings
      | keyof typeof twilioSettings
      | keyof typeof livekitSettings
    >),
    smtp,
    messengers: messengersOf(values, { smtp, twilio, store, firebase }),
    twilio,
    livekit: livekitEnvironmentOf(values),
    doors: doorSettingsOf(values),
    store,
    redisUrl: usesRedis ? redisUrl : null,
    sandboxPath: sandboxPath ?? beside,
    warnings,
  };
}

/** The text of a setting and what to call its place in a message. */
function findText(
  name: string,
  given: string | undefined,
  flagName: string | null,
  layers: readonly Env[],
  problems: string[],
): { text: string; from: string } | undefined {
  if (given !== undefined && given !== "") return { text: given, from: flagName ?? name };
  for (const layer of layers) {
    const plain = layer[name] ?? "";
    const file = layer[`${name}_FILE`] ?? "";
    if (plain !== "" && file !== "") {
      problems.push(`${name} and ${name}_FILE are both set: expected only one of them.`);
      return undefined;
    }
    if (plain !== "") return { text: plain, from: name };
    if (file === "") continue;
    try {
      return { text: readFileSync(file, "utf8").replace(/\r?\n$/, ""), from: `${name} (from ${name}_FILE)` };
    } catch (error) {
      problems.push(
        `${name}_FILE is ${JSON.stringify(file)}: expected a file that can be read (${describe(error)}).`,
      );
      return undefined;
    }
  }
  return undefined;
}

/** What to say about variables that other systems read and Carillon does not. */
function replacedIn(layers: readonly Env[]): string[] {
  const names = new Set(layers.flatMap((layer) => Object.keys(layer).filter((name) => layer[name] !== "")));
  const said: string[] = [];
  for (const one of replaced) {
    const found = [...names].filter((name) => matches(one, name.replace(/_FILE$/, ""))).sort();
    if (found.length > 0) said.push(`${found.join(", ")}: ${one.instead}`);
  }
  return said;
}

function matches({ name }: Replaced, variable: string): boolean {
  return name.endsWith("*") ? variable.startsWith(name.slice(0, -1)) : variable === name;
}

function readRedisUrl(value: string): Reading<string> {
  const url = URL.parse(value);
  return url !== null && /^rediss?:$/.test(url.protocol) ? { ok: true, value } : { ok: false };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
