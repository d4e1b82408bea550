import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

import type { Config } from "../config.ts";
import { messageChannels } from "../ports/messenger.ts";
import type { StoreLocation } from "../setting.ts";
import { zonesOutdated } from "../system/zones.ts";
import { type AddCommand, action, examples } from "./action.ts";
import type { Client } from "./client.ts";
import type { Context, Ending } from "./context.ts";
import { Failure } from "./failure.ts";
import type { Line, List } from "./shapes.ts";
import { spanWords } from "./times.ts";

/** One thing that was looked at. `warning` does not fail the command. */
type Finding = {
  readonly check: string;
  readonly state: "ok" | "warning" | "failed" | "unavailable";
  readonly detail: string;
  readonly cure?: string | undefined;
};

/** `carillon doctor`: looks at everything that usually goes wrong. */
export const addDoctor: AddCommand = (program, cli) => {
  const command = program
    .command("doctor")
    .description(
      "look at settings, zone data, server, clock and lines; exit 1 when something is wrong, 6 when no server runs",
    )
    .action(action(cli, doctor));
  examples(command, [["carillon doctor --json", "for a deploy script"]]);
};

export async function doctor(context: Context): Promise<Ending> {
  const config = context.config();
  const now = context.terminal.now();
  const findings: Finding[] = [
    { check: "node", state: "ok", detail: process.version },
    ...settingFindings(config),
    zoneFinding(context, now),
    ...fileFindings(context, config),
    ...(await messengerFindings(config)),
  ];
  const server = await serverFindings(context, config, now);
  findings.push(...server);
  // A running server owns its SQLite file and tells of it; Postgres can be asked beside it.
  const isAlone = server.some(({ state }) => state === "unavailable");
  if (isAlone || config.store.kind === "postgres") findings.push(...(await schemaFindings(config.store)));
  context.print({ findings }, () => findings.map((one) => findingWords(context, one)).join("\n"));
  if (findings.some(({ state }) => state === "failed")) return "failed";
  return findings.some(({ state }) => state === "unavailable") ? "unavailable" : "done";
}

function settingFindings(config: Config): Finding[] {
  const warnings = config.warnings.map((detail): Finding => ({
    check: "settings",
    state: "warning",
    detail,
  }));
  return warnings.length > 0 ? warnings : [{ check: "settings", state: "ok", detail: "all valid" }];
}

function zoneFinding(context: Context, now: number): Finding {
  const { zones } = context.times();
  const old = zonesOutdated(zones.version, now);
  if (old !== undefined) return { check: "time zones", state: "warning", detail: old };
  return { check: "time zones", state: "ok", detail: `tzdb ${zones.version} from ${zones.source}` };
}

/** The file is only looked at here, not opened. */
function fileFindings(context: Context, { store }: Config): Finding[] {
  if (store.kind !== "sqlite" || store.path === ":memory:") return [];
  const path = resolve(context.terminal.cwd, store.path);
  const target = existsSync(path) ? path : dirname(path);
  try {
    accessSync(target, constants.R_OK | constants.W_OK);
  } catch (error) {
    const detail = `${target} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    return [
      {
        check: "database",
        state: "failed",
        detail,
        cure: "Set DATABASE_PATH, or give the user the right to write.",
      },
    ];
  }
  const detail = existsSync(path) ? path : `${path} will be made at the first start`;
  return [{ check: "database", state: "ok", detail }];
}

/** Opens the database, changes nothing, and tells whether its schema is that of this version. */
async function schemaFindings(location: StoreLocation): Promise<Finding[]> {
  if (location.kind === "sqlite" && !existsSync(location.path)) return [];
  const { openAndMigrate } = await import("../store/open.ts");
  const { SystemClock } = await import("../system/clock.ts");
  const { silentLog } = await import("../system/log.ts");
  const clock = new SystemClock();
  try {
    const { store, plan } = await openAndMigrate(location, { clock, log: silentLog }, true);
    await store.close();
    const { applied, pending } = plan;
    if (pending.length === 0) {
      return [{ check: "schema", state: "ok", detail: `current, ${applied.length} migrations applied` }];
    }
    const detail = `${pending.length} migrations are not applied yet`;
    return [
      { check: "schema", state: "warning", detail, cure: "Run carillon migrate, or start the server." },
    ];
  } catch (error) {
    const detail = error instanceof Error && error.message !== "" ? error.message : String(error);
    return [{ check: "schema", state: "failed", detail, cure: "Check DATABASE_PATH or DATABASE_URL." }];
  } finally {
    clock.close();
  }
}

/** By what people are told something, with the settings that are known here; what has credentials is asked, and told nothing. */
async function messengerFindings({
  messengers: { settings, unset },
  outsidePorts,
}: Config): Promise<Finding[]> {
  const { plugMessengers } = await import("../server/messengers.ts");
  const { SystemClock } = await import("../system/clock.ts");
  const { openFetch } = await import("../system/fetch.ts");
  const { silentLog } = await import("../system/log.ts");
  const clock = new SystemClock();
  const fetch = openFetch({ clock, ports: outsidePorts });
  const messengers = await plugMessengers(settings, { clock, log: silentLog, fetch });
  const findings = messageChannels.map(async (channel): Promise<Finding> => {
    const { provider, isSandbox } = messengers[channel];
    const trouble = await messengers[channel].check();
    await messengers[channel].close();
    if (trouble !== null) return { check: channel, state: "failed", detail: `${provider}: ${trouble}` };
    if (!isSandbox) return { check: channel, state: "ok", detail: `${provider}: ready` };
    const detail = `sandbox: messages are written to ${settings.outboxFolder}, and nobody is told`;
    return { check: channel, state: "ok", detail, cure: unset[channel] };
  });
  return Promise.all(findings).finally(() => clock.close());
}

type Health = {
  readonly status: string;
  readonly version?: string;
  readonly problems?: readonly string[];
  readonly store?: { readonly kind: string; readonly ok: boolean; readonly detail: string };
  readonly tzdb?: { readonly version: string };
  readonly clock?: { readonly now: string; readonly offset_ms: number };
};

async function serverFindings(context: Context, config: Config, now: number): Promise<Finding[]> {
  const client = context.client();
  try {
    const health = await client.get<Health>("/health");
    return [...healthFindings(client.url, health, now), ...(await lineFindings(client, config))];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const state = error.exit === "unavailable" ? "unavailable" : "failed";
    return [{ check: "server", state, detail: error.problem.detail, cure: error.problem.hint }];
  }
}

const SKEW_MAX_MS = 2_000;

function healthFindings(url: string, health: Health, now: number): Finding[] {
  const problems = health.problems ?? [];
  const isWell = health.status === "healthy";
  const findings: Finding[] = [
    {
      check: "server",
      state: isWell ? "ok" : "failed",
      detail: `${url} ${health.version ?? ""} ${health.status}`,
    },
    ...problems.map((detail): Finding => ({ check: "server", state: "warning", detail })),
  ];
  if (health.store !== undefined) {
    const { kind, ok, detail } = health.store;
    findings.push({ check: "store", state: ok ? "ok" : "failed", detail: `${kind}: ${detail}` });
  }
  if (health.clock !== undefined) {
    const skew = Math.abs(Date.parse(health.clock.now) - health.clock.offset_ms - now);
    const moved =
      health.clock.offset_ms === 0 ? "" : `; the test clock is ${spanWords(health.clock.offset_ms)} ahead`;
    findings.push({
      check: "clock",
      state: skew > SKEW_MAX_MS ? "warning" : "ok",
      detail: `${spanWords(skew)} between server and this machine${moved}`,
      cure: skew > SKEW_MAX_MS ? "Let both follow a time server (NTP)." : undefined,
    });
  }
  return findings;
}

type Check = {
  readonly ok: boolean;
  readonly detail: string;
  readonly cure?: string | null;
  readonly warnings?: readonly string[];
};

async function lineFindings(client: Client, config: Config): Promise<Finding[]> {
  const { data: lines } = await client.get<List<Line>>("/v1/lines");
  const findings: Finding[] = [];
  for (const line of lines) {
    const check = await client.post<Check>(`/v1/lines/${line.id}/check`, {});
    findings.push({
      check: `line ${line.name}`,
      state: check.ok ? "ok" : "failed",
      detail: check.detail,
      cure: check.cure ?? undefined,
    });
    for (const detail of check.warnings ?? [])
      findings.push({ check: `line ${line.name}`, state: "warning", detail });
  }
  findings.push(...unusedFindings(lines, config));
  if (lines.some(({ real }) => real) && config.publicUrl === null) {
    findings.push({
      check: "callbacks",
      state: "warning",
      detail: "PUBLIC_URL is not set here: a carrier outside this machine cannot report back",
      cure: "Set PUBLIC_URL to the address under which the server is reached from outside.",
    });
  }
  if (lines.some(({ real }) => real)) findings.push(...liveFindings(await client.get<Live>("/v1/live")));
  return findings;
}

type Live = {
  readonly workspace: string;
  readonly mode: "canary" | "open";
  readonly numbers: number;
  readonly countries: readonly { readonly country: string; readonly status: string }[];
  readonly warnings: readonly string[];
};

/** Whom lines that can ring people may call: what waits for a person, and what nobody has limited. */
function liveFindings({ workspace, mode, numbers, countries, warnings }: Live): Finding[] {
  const isOpen = mode === "open";
  const detail = isOpen
    ? "open: everybody whom the rules allow is called"
    : `canary: only the ${numbers} numbers on the allow-list are called`;
  const cure = isOpen
    ? undefined
    : `carillon live allow NUMBER, or for everybody: carillon live open --confirm ${workspace}`;
  const waiting = countries.filter(({ status }) => status === "waiting");
  return [
    { check: "live", state: isOpen ? "ok" : "warning", detail, cure },
    ...waiting.map(({ country }): Finding => ({
      check: "live",
      state: "warning",
      detail: `calls to ${country} wait until a person allows them`,
      cure: `carillon live country ${country} allow (or refuse)`,
    })),
    ...(isOpen ? warnings : []).map((one): Finding => ({ check: "live", state: "warning", detail: one })),
  ];
}

/** The variables of an account make no line by themselves: whoever sets them is told what is missing. */
function unusedFindings(lines: readonly Line[], { twilio, livekit }: Config): Finding[] {
  const accounts = [
    ["TWILIO_ACCOUNT_SID", "twilio", twilio.accountSid],
    ["LIVEKIT_URL", "livekit", livekit.url],
  ] as const;
  return accounts
    .filter(([, carrier, value]) => value !== null && !lines.some((line) => line.carrier === carrier))
    .map(([name, carrier]): Finding => ({
      check: carrier,
      state: "warning",
      detail: `${name} is set, and no line uses it: calls go where they went before`,
      cure: `Run carillon lines add NAME --carrier ${carrier}, and name it in calls or make it the default.`,
    }));
}

function findingWords(context: Context, { check, state, detail, cure }: Finding): string {
  const mark = {
    ok: context.paint("green", "✓"),
    warning: context.paint("yellow", "!"),
    failed: context.paint("red", "✗"),
    unavailable: context.paint("red", "✗"),
  }[state];
  return `${mark} ${check.padEnd(12)} ${detail.trim()}${cure === undefined || cure === null ? "" : `\n  → ${cure}`}`;
}
