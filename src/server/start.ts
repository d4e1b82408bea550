import { hostname } from "node:os";

import { carriersIn } from "../carriers/index.ts";
import { channels } from "../channels/index.ts";
import { type Config, ConfigError } from "../config.ts";
import { localConveyor } from "../conveyors/local.ts";
import { doors } from "../doors/index.ts";
import type { ZoneBook } from "../domain/zone.ts";
import type { Channel, ChannelPorts } from "../ports/channel.ts";
import type { Door } from "../ports/door.ts";
import { createEngine } from "../engine/create.ts";
import type { Engine } from "../engine/engine.ts";
import type { Works } from "../engine/programs.ts";
import type { Log } from "../ports/log.ts";
import { type Program, type ProgramSettings, queueNames } from "../ports/program.ts";
import type { Store } from "../ports/store.ts";
import { StoreError } from "../ports/store.ts";
import { programs } from "../programs/index.ts";
import { openStore } from "../store/open.ts";
import { SystemClock } from "../system/clock.ts";
import { readCsv } from "../system/csv.ts";
import { openFetch, openUrlCheck } from "../system/fetch.ts";
import { loadHolidays } from "../system/holidays.ts";
import { createLog } from "../system/log.ts";
import { loadPhoneMetadata } from "../system/phone-metadata.ts";
import { systemRandom } from "../system/random.ts";
import { newSecret, secretFromFile } from "../system/secret-file.ts";
import { createSecrets, secretFingerprint } from "../system/secrets.ts";
import { loadZones, zonesOutdated } from "../system/zones.ts";
import { isLoopback } from "./auth.ts";
import { plugMessengers } from "./messengers.ts";
import { createMetrics } from "./metrics.ts";
import { type HttpServer, createServer, defaultServerConfig } from "./server.ts";
import { version } from "../system/version.ts";

export type Carillon = {
  readonly engine: Engine;
  readonly server: HttpServer;
  /** Where it listens, the main port first. */
  readonly urls: readonly string[];
  /** No new dial from now on; resolves when all is recorded and closed, within ten seconds. */
  stop(): Promise<void>;
};

/** What a process does beside others that share its store. */
export type Role = {
  readonly works: Works;
  /** Attempts being placed, and runs of jobs, at once; absent: as many as serve. */
  readonly concurrency?: number;
  /** `probes`: health and metrics alone; `nothing`: the server is built, and nobody can reach it. */
  readonly listens: "doors" | "probes" | "nothing";
};

const everything: Role = { works: { calls: true, queues: queueNames }, listens: "doors" };
const stopWithinMs = 8000;
const holidayYears = 3;

/** The composition root: plugs system, store, carriers, engine, doors and server together, and starts them. */
export async function startCarillon(config: Config, role: Role = everything): Promise<Carillon> {
  const log = createLog(config.logLevel);
  for (const warning of config.warnings) log.warn(warning);
  const clock = new SystemClock();
  const zones = loadZones({
    ...(config.zoneinfoDir === null ? {} : { directory: config.zoneinfoDir }),
    log: (message, fields) => log.warn(message, fields as Record<string, string>),
  });
  checkZones(config, zones);
  const store = await openStore(config.store, { clock, log });
  const undo: (() => Promise<void>)[] = [() => store.close()];
  try {
    await restoreClock(store, clock);
    const secret = await installationSecret(store, config);
    const metrics = createMetrics();
    let port: number | null = null;
    const outside = { ports: config.outsidePorts };
    const fetch = openFetch({ clock, ...outside });
    const year = new Date(clock.now()).getUTCFullYear();
    const isOpen = async (): Promise<boolean> => isLoopback(config.host) && !(await engine.hasKeys());
    const carrierKinds = carriersIn({
      twilio: config.twilio,
      livekit: config.livekit,
      tasks: { ...config.doors.tasks, isOpen },
    });
    const publicUrl = (): string | null =>
      config.publicUrl ?? (port === null || !isLoopback(config.host) ? null : `http://127.0.0.1:${port}`);
    const messengers = await plugMessengers(config.messengers.settings, { clock, log, fetch });
    for (const messenger of Object.values(messengers)) undo.push(() => messenger.close());
    const engine: Engine = await createEngine({
      store,
      clock,
      log,
      random: systemRandom,
      meter: metrics.meter,
      secrets: createSecrets(secret, config.encryptionKeys),
      zones,
      fetch,
      channels: await openChannels({
        clock,
        log,
        fetch,
        checkUrl: openUrlCheck(outside),
        smtp: config.smtp,
      }),
      messengers,
      carrierKinds,
      tuning: {
        keepCallsMs: config.keepCalls,
        keepDeliveriesMs: config.keepDeliveries,
        ...(role.concurrency !== undefined && { placingMax: role.concurrency, jobsMax: role.concurrency }),
      },
      programs: { all: await loadPrograms(), settings: programSettings(config), readCsv },
      phoneMetadata: await loadPhoneMetadata(),
      holidays: (country, region) =>
        loadHolidays(
          country,
          region,
          Array.from({ length: holidayYears }, (_, index) => year + index),
        ),
      journalPath: ownsSandboxFile(config, role) ? config.sandboxPath : null,
      works: role.works,
      publicUrl,
      testClock: clock,
      conveyor: localConveyor(),
      nodeName: `${hostname()} pid ${process.pid}`,
      followServer: (ms) => clock.follow(ms),
    });
    await engine.start();
    undo.push(() => engine.stop(stopWithinMs));
    await noteUnusedAccount(config, engine, log);
    const outdated = zonesOutdated(zones.version, clock.now());
    if (outdated !== undefined) log.warn(outdated);
    const { scriptOf } = await import("../carriers/sandbox/numbers.ts");
    const server = await createServer({
      engine,
      clock,
      random: systemRandom,
      log,
      zones,
      metrics,
      version: version(),
      doors: role.listens === "probes" ? [] : [...(await loadDoors()), ...engine.programDoors()],
      doorSettings: config.doors,
      carrierKinds,
      publicUrl,
      sandboxScriptOf: scriptOf,
      warnings: outdated === undefined ? [] : [outdated],
      config: {
        ...defaultServerConfig,
        host: config.host,
        port: config.port,
        extraPorts: config.extraPorts,
        corsOrigins: config.corsOrigins,
        rateLimit: config.rateLimit,
        trustProxy: config.trustProxy,
        logRequests: config.logLevel === "debug",
      },
    });
    undo.push(() => server.close(1000));
    if (role.listens !== "nothing") port = await server.listen();
    const local = config.host === "0.0.0.0" || config.host === "::" || isLoopback(config.host);
    const host = local ? "localhost" : config.host;
    return {
      engine,
      server,
      urls: server.ports().map((one) => `http://${host}:${one}`),
      async stop() {
        // Dialing ends first: a request that is still answered may schedule, and nothing of it is dialed any more.
        engine.drain();
        await stopAll(undo, clock);
      },
    };
  } catch (error) {
    await stopAll(undo, clock);
    throw error;
  }
}

/** The sandbox's file belongs to one process: to the server, or to the only process that an SQLite file has. */
function ownsSandboxFile({ store }: Config, { works, listens }: Role): boolean {
  return works.calls && (listens === "doors" || store.kind === "sqlite");
}

async function stopAll(undo: (() => Promise<void>)[], clock: SystemClock): Promise<void> {
  for (const step of undo.splice(0).toReversed()) await step();
  clock.close();
}

async function openChannels(ports: ChannelPorts): Promise<Record<string, Channel>> {
  const opened: Record<string, Channel> = {};
  for (const [name, load] of Object.entries(channels)) opened[name] = (await load())(ports);
  return opened;
}

async function loadPrograms(): Promise<Program[]> {
  const loaded: Program[] = [];
  for (const load of programs) loaded.push(await load());
  return loaded;
}

function programSettings({ doors: { renewals }, timezone }: Config): ProgramSettings {
  return { renewals: { timezone: renewals.timezone }, timezone };
}

async function loadDoors(): Promise<Door<Engine>[]> {
  const loaded: Door<Engine>[] = [];
  for (const load of doors) loaded.push(await load());
  return loaded;
}

/** Throws `ConfigError` for a zone that the zone data does not know. */
function checkZones({ timezone, doors }: Config, zones: ZoneBook): void {
  const named = {
    SCHEDULER_TIMEZONE: doors.schedule.timezone,
    DEFAULT_TIMEZONE: doors.scheduling.timezone,
    RENEWALS_TIMEZONE: doors.renewals.timezone,
    TIMEZONE: timezone,
  };
  const wrong = Object.entries(named).filter(([, zone]) => zones.zone(zone) === undefined);
  if (wrong.length === 0) return;
  throw new ConfigError(
    wrong.map(([name, zone]) => `${name} is "${zone}": expected an IANA time zone such as Asia/Kolkata.`),
  );
}

/** An account in the environment changes nothing by itself: who set it hears what is missing. */
async function noteUnusedAccount({ twilio, livekit }: Config, engine: Engine, log: Log): Promise<void> {
  const lines = await engine.listLines(engine.defaultActor());
  for (const [name, carrier, value] of [
    ["TWILIO_ACCOUNT_SID", "twilio", twilio.accountSid],
    ["LIVEKIT_URL", "livekit", livekit.url],
  ] as const) {
    if (value === null || lines.some((line) => line.carrier === carrier)) continue;
    log.info(
      `${name} is set and no line uses it; add one with carillon lines add NAME --carrier ${carrier}.`,
    );
  }
}

/** A test clock that was moved stays moved: time must not run backwards over a restart. */
async function restoreClock(store: Store, clock: SystemClock): Promise<void> {
  const [row] = await store.read("read the test clock", () =>
    store.statements.settings.get({ workspace_id: 0, name: "clock_offset_ms" }),
  );
  if (row !== undefined) clock.restore(Number(JSON.parse(row.value)));
}

/** The secret of this installation; a wrong one would find no number and honour no callback, so it is refused. */
export async function installationSecret(store: Store, config: Config): Promise<string> {
  const secret = config.secret ?? ownSecret(config);
  const own = { workspace_id: 0, name: "secret_fingerprint" };
  const value = JSON.stringify(secretFingerprint(secret));
  const [known] = await store.read("read the fingerprint", () => store.statements.settings.get(own));
  if (known === undefined) {
    await store.run("write the fingerprint", () =>
      store.statements.settings.put([{ ...own, value, updated_at: 0 }]),
    );
  } else if (known.value !== value) {
    throw new StoreError(
      "broken",
      "CARILLON_SECRET (or the secret file) is not the one this database was made with; numbers could not be found again",
    );
  }
  return secret;
}

function ownSecret(config: Config): string {
  if (config.store.kind === "postgres") return secretFromFile("carillon.secret");
  return config.store.path === ":memory:" ? newSecret() : secretFromFile(`${config.store.path}.secret`);
}
