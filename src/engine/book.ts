import { parseDay } from "../domain/civil.ts";
import { refuseField } from "../domain/refusal.ts";
import { type RetryPolicy, defaultRetryPolicy, noRetries } from "../domain/retry.ts";
import { type ClosedDates, type Hours, type Weekly, closedDatesOf, parseWeekly } from "../domain/window.ts";
import type { NumberCap } from "../domain/pacing.ts";
import type { HoursRow, LaneRow, LineRow, RetryPolicyRow, SettingRow, WorkspaceRow } from "../ports/rows.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { Ids } from "./ids.ts";
import { type LiveBook, type LiveConfig, emptyLiveBook, liveBookOf, readLiveRows } from "./live-book.ts";
import { type SurePorts, runSure } from "./run-sure.ts";

/** Calling hours, ready to be asked. */
export type HoursEntry = { readonly row: HoursRow; readonly hours: Hours };
export type PolicyEntry = { readonly row: RetryPolicyRow; readonly policy: RetryPolicy };

/** What one workspace has set. Ids refer to lines, hours and policies of the same workspace; null: none. */
export type WorkspaceConfig = {
  readonly row: WorkspaceRow;
  readonly defaultHours: number | null;
  readonly defaultPolicy: number | null;
  readonly defaultLine: number | null;
  /** Lines that programs keep for their own calls; no other call goes out through one that does not name it. */
  readonly keptLines: readonly number[];
  readonly expiresAfterMs: number;
  readonly numberCaps: readonly NumberCap[];
};

/** Calling hours that every workspace has: none at all, and those that hold for real calls unless others are named. */
export const alwaysId = -1;
export const legalFloorId = -2;
const everyDay = (range: string): string =>
  JSON.stringify(
    Object.fromEntries(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((day) => [day, [range]])),
  );
const builtIn: readonly HoursRow[] = [
  { id: alwaysId, name: "always", weekly: everyDay("00:00-24:00") },
  { id: legalFloorId, name: "legal-floor", weekly: everyDay("08:00-21:00") },
].map((own) => ({
  ...own,
  workspace_id: 0,
  timezone: null,
  closed_dates: "[]",
  holidays: null,
  version: 1,
  created_at: 0,
  updated_at: 0,
}));

/** A retry policy that every workspace has: no second attempt, whatever became of the first. */
export const noRetriesId = -1;
const builtInPolicies: readonly RetryPolicyRow[] = [
  {
    id: noRetriesId,
    workspace_id: 0,
    name: "none",
    spec: JSON.stringify(noRetries),
    version: 1,
    created_at: 0,
    updated_at: 0,
  },
];

type BookPorts = SurePorts & {
  readonly secrets: Secrets;
  readonly ids: Ids;
  readonly holidays: (country: string, region: string | undefined) => Promise<ClosedDates>;
  /** Does a carrier take a call that hands it nothing? */
  readonly takesAnyCall: (carrier: string) => boolean;
};

const hourMs = 3_600_000;

/**
 * Everything that is small and seldom changes, kept in memory: workspaces, lines, lanes, hours, retry policies, settings.
 * It is read again after each change of ours, and at each heartbeat where several nodes share the store. What must never
 * be stale (is dialing stopped? is the line paused? which plan version holds?) is read in the claim itself instead.
 */
export class Book {
  readonly #ports: BookPorts;
  workspaces: ReadonlyMap<number, WorkspaceConfig> = new Map();
  lines: ReadonlyMap<number, LineRow> = new Map();
  lanes: ReadonlyMap<number, LaneRow> = new Map();
  hours: ReadonlyMap<number, HoursEntry> = new Map();
  policies: ReadonlyMap<number, PolicyEntry> = new Map();
  live: LiveBook = emptyLiveBook;
  #laneIds: ReadonlyMap<string, number> = new Map();
  #reads = 0;
  #newest = 0;

  constructor(ports: BookPorts) {
    this.#ports = ports;
  }

  /** Reads everything anew. */
  async load(): Promise<void> {
    const { statements } = this.#ports.store;
    const turn = (this.#reads += 1);
    const read = await this.#ports.store.read("read the book", function* () {
      return {
        workspaces: yield* statements.workspaces.all({}),
        settings: yield* statements.settings.all({}),
        lines: yield* statements.lines.all({}),
        lanes: yield* statements.lanes.all({}),
        hours: yield* statements.hours.all({}),
        policies: yield* statements.retryPolicies.all({}),
        live: yield* readLiveRows(statements),
      };
    });
    const hours = new Map<number, HoursEntry>();
    for (const row of [...builtIn, ...read.hours])
      hours.set(row.id, { row, hours: await this.#hoursOf(row) });
    // Loads overlap; what was read before what stands here must not replace it.
    if (turn < this.#newest) return;
    this.#newest = turn;
    this.workspaces = new Map(read.workspaces.map((row) => [row.id, workspaceConfig(row, read.settings)]));
    this.lines = new Map(read.lines.map((row) => [row.id, row]));
    this.lanes = new Map(read.lanes.map((row) => [row.id, row]));
    this.#laneIds = new Map(
      read.lanes.map((row) => [laneKey(row.line_id, row.campaign_id, row.priority), row.id]),
    );
    this.hours = hours;
    this.live = liveBookOf([...this.workspaces.keys()], read.live);
    this.policies = new Map(
      [...builtInPolicies, ...read.policies].map((row) => [row.id, { row, policy: parsePolicy(row.spec) }]),
    );
  }

  /** Runs a change of what stands here. When it fails, or its answer is lost, everything is read anew: it may stand. */
  async changing<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } catch (error) {
      await this.load();
      throw error;
    }
  }

  workspace(id: number): WorkspaceConfig {
    const config = this.workspaces.get(id);
    if (config === undefined) throw new Error(`Workspace ${id} is not in the book`);
    return config;
  }

  /** Whom the workspace's real lines may ring. */
  liveOf(workspaceId: number): LiveConfig {
    const config = this.live.workspaces.get(workspaceId);
    if (config === undefined) throw new Error(`Workspace ${workspaceId} is not in the book`);
    return config;
  }

  /** The lane of a line, campaign and priority, or undefined until `makeLane` has been awaited once. */
  laneOf(lineId: number, campaignId: number, priority: number): number | undefined {
    return this.#laneIds.get(laneKey(lineId, campaignId, priority));
  }

  async makeLane(workspaceId: number, lineId: number, campaignId: number, priority: number): Promise<number> {
    const known = this.laneOf(lineId, campaignId, priority);
    if (known !== undefined) return known;
    const { statements } = this.#ports.store;
    const id = (await this.#ports.ids.reserve({ config: 1 })).next("config");
    // Whoever makes it first, it is the same lane: so it may be made again after a lost answer.
    await runSure(this.#ports, "make a lane", () =>
      statements.lanes.insert([
        { id, workspace_id: workspaceId, line_id: lineId, campaign_id: campaignId, priority },
      ]),
    );
    await this.load();
    const made = this.laneOf(lineId, campaignId, priority);
    if (made === undefined) throw new Error("The lane that was just made is not there");
    return made;
  }

  lineOfLane(laneId: number): LineRow {
    const lane = this.lanes.get(laneId);
    const line = lane === undefined ? undefined : this.lines.get(lane.line_id);
    if (line === undefined) throw new Error(`Lane ${laneId} has no line in the book`);
    return line;
  }

  /** A line by name or public id, not removed ones; undefined when there is none in the workspace. */
  findLine(workspaceId: number, nameOrId: string): LineRow | undefined {
    const id = this.#ports.secrets.readId("line", nameOrId);
    return this.linesOf(workspaceId).find((line) => line.id === id || line.name === nameOrId);
  }

  linesOf(workspaceId: number): LineRow[] {
    return [...this.lines.values()].filter(
      (line) => line.workspace_id === workspaceId && line.status !== "removed",
    );
  }

  findHours(workspaceId: number, nameOrId: string): HoursEntry | undefined {
    const id = this.#ports.secrets.readId("hours", nameOrId);
    return [...this.hours.values()].find(
      ({ row }) =>
        (row.workspace_id === workspaceId || row.workspace_id === 0) &&
        (row.id === id || row.name === nameOrId),
    );
  }

  findPolicy(workspaceId: number, nameOrId: string): PolicyEntry | undefined {
    const id = this.#ports.secrets.readId("retry_policy", nameOrId);
    return [...this.policies.values()].find(
      ({ row }) =>
        (row.workspace_id === workspaceId || row.workspace_id === 0) &&
        (row.id === id || row.name === nameOrId),
    );
  }

  /** The line for calls that name none: the default, or the only one that takes any call. */
  defaultLine(workspaceId: number): LineRow | undefined {
    const { defaultLine: chosen, keptLines } = this.workspace(workspaceId);
    const lines = this.linesOf(workspaceId);
    if (chosen !== null) return lines.find((line) => line.id === chosen);
    const general = lines.filter(
      (line) => this.#ports.takesAnyCall(line.carrier) && !keptLines.includes(line.id),
    );
    return general.length === 1 ? general[0] : undefined;
  }

  /** The retry policy of a call: its own, else its line's, else the workspace's, else the built-in one. */
  policyOf(workspaceId: number, own: number | null, line: LineRow): RetryPolicy {
    const id = own ?? line.retry_policy_id ?? this.workspace(workspaceId).defaultPolicy;
    return (id === null ? undefined : this.policies.get(id)?.policy) ?? defaultRetryPolicy;
  }

  async #hoursOf(row: HoursRow): Promise<Hours> {
    const extra = new Map<number, string>();
    for (const date of JSON.parse(row.closed_dates) as string[]) {
      const day = parseDay(date);
      if (day !== undefined) extra.set(day, "closed");
    }
    const holidays =
      row.holidays === null ? null : (JSON.parse(row.holidays) as { country: string; region?: string });
    const calendar = holidays === null ? null : await this.#ports.holidays(holidays.country, holidays.region);
    const closed: ClosedDates =
      calendar === null ? closedDatesOf(extra) : { has: (day) => extra.get(day) ?? calendar.has(day) };
    return { name: row.name, weekly: weeklyOf(row.weekly), closed };
  }
}

function laneKey(lineId: number, campaignId: number, priority: number): string {
  return `${lineId}/${campaignId}/${priority}`;
}

function weeklyOf(text: string): Weekly {
  const parsed = parseWeekly(JSON.parse(text) as Record<string, string[]>);
  if (!parsed.ok) throw refuseField("invalid_body", `/weekly/${parsed.path}`, parsed.detail);
  return parsed.weekly;
}

function parsePolicy(spec: string): RetryPolicy {
  return JSON.parse(spec) as RetryPolicy;
}

function workspaceConfig(row: WorkspaceRow, settings: readonly SettingRow[]): WorkspaceConfig {
  const value = <T>(name: string, fallback: T): T => {
    const found = settings.find((setting) => setting.workspace_id === row.id && setting.name === name);
    return found === undefined ? fallback : (JSON.parse(found.value) as T);
  };
  return {
    row,
    defaultHours: value<number | null>("default_hours", null),
    defaultPolicy: value<number | null>("default_retry_policy", null),
    defaultLine: value<number | null>("default_line", null),
    keptLines: value<readonly number[]>("kept_lines", []),
    expiresAfterMs: value("default_expires_after_ms", hourMs),
    numberCaps: value<readonly NumberCap[]>("number_caps", []),
  };
}
