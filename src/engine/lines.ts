import { parsePhone } from "../domain/phone.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { CarrierCheck } from "../ports/carrier.ts";
import type { LineCountersRow, LineRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { LineInput, LineView } from "./config-api.ts";
import type { Actor } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { hidden, openSettings, settingsPlace, withKeptSecrets } from "./line-settings.ts";
import { type LineWaits, lineDay, readLineWaits } from "./line-waits.ts";
import { zoneNamed } from "./when.ts";

/** A line's row before anything is set: ten slots, no other limit, and no settings yet. */
export function newLine(
  id: number,
  workspaceId: number,
  name: string,
  carrier: string,
  now: number,
): LineRow {
  return {
    id,
    workspace_id: workspaceId,
    name,
    carrier,
    status: "active",
    status_reason: null,
    settings: "",
    caller_id: null,
    slots_max: 10,
    calls_per_second: 0,
    burst: 1,
    daily_max: 0,
    ring_timeout_ms: 60_000,
    max_duration_ms: 3_600_000,
    timezone: "UTC",
    hours_id: null,
    retry_policy_id: null,
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

/** Counters of a line that has placed nothing. */
export function newCounters(lineId: number): LineCountersRow {
  return { line_id: lineId, slots_used: 0, next_free_at: 0, backoff_until: 0, day: 0, day_used: 0 };
}

/** A new line. Real carriers start with modest limits; a sandbox line has room for a demonstration. */
export async function createLine(context: Context, actor: Actor, input: LineInput): Promise<LineView> {
  const lease = await context.ids.reserve({ config: 1, ledger: 1 });
  const id = lease.next("config");
  const now = context.clock.now();
  const base = newLine(id, actor.workspaceId, input.name, input.carrier, now);
  const defaults = context.carriers.get(input.carrier)?.kind.lineDefaults;
  const row = patched(context, actor, base, { ...defaults, ...input, settings: input.settings ?? {} });
  const entries = new Entries(lease);
  entries.addWide(actor.workspaceId, {
    at: now,
    type: "line.created",
    actor: actor.name,
    data: { line: row.name },
  });
  const create = context.store.run("create a line", function* () {
    const { statements } = context.store;
    if ((yield* statements.lines.insert([row])).length === 0) throw nameTaken(input.name);
    yield* statements.lines.insertCounters([newCounters(id)]);
    if (input.guarded === false)
      yield* statements.live.insertUnguarded([
        { line_id: id, workspace_id: actor.workspaceId, created_at: now },
      ]);
    yield* statements.ledger.insert(entries.rows);
  });
  // Another process may have been faster: whoever asks next shall find its line.
  await context.book.changing(create);
  return changed(context, actor, row.name);
}

export async function updateLine(
  context: Context,
  actor: Actor,
  lineId: string,
  patch: Partial<LineInput>,
  ifVersion?: number,
): Promise<LineView> {
  const before = requireLine(context, actor, lineId);
  checkVersion(before.version, ifVersion);
  if (patch.carrier !== undefined && patch.carrier !== before.carrier) {
    throw refuseField(
      "line_settings_invalid",
      "/carrier",
      "A line keeps its carrier; make another line instead.",
    );
  }
  const row = { ...patched(context, actor, before, patch), updated_at: context.clock.now() };
  await writeLine(context, actor, row, row.hours_id !== before.hours_id, "line.updated");
  return changed(context, actor, row.name);
}

/** Removes a line from use. Calls that wait on it stay, say so, and can be canceled. */
export async function removeLine(context: Context, actor: Actor, lineId: string): Promise<void> {
  const line = requireLine(context, actor, lineId);
  const name = `${line.name} (removed ${line.id})`;
  await writeLine(
    context,
    actor,
    { ...line, name, status: "removed", status_reason: "removed", updated_at: context.clock.now() },
    false,
    "line.removed",
  );
  await context.book.load();
}

export function pauseLine(context: Context, actor: Actor, lineId: string, reason: string): Promise<LineView> {
  return setStatus(context, actor, lineId, "paused", reason);
}

export function resumeLine(context: Context, actor: Actor, lineId: string): Promise<LineView> {
  return setStatus(context, actor, lineId, "active", null);
}

export async function getLine(context: Context, actor: Actor, lineId: string): Promise<LineView> {
  return lineView(context, requireLine(context, actor, lineId), await readLineWaits(context));
}

export async function listLines(context: Context, actor: Actor): Promise<readonly LineView[]> {
  const waits = await readLineWaits(context);
  return context.book.linesOf(actor.workspaceId).map((line) => lineView(context, line, waits));
}

export async function checkLine(context: Context, actor: Actor, lineId: string): Promise<CarrierCheck> {
  const line = requireLine(context, actor, lineId);
  const connected = context.carriers.get(line.carrier);
  const settings = openSettings(context, line);
  if (connected === undefined) return { ok: false, detail: `The carrier ${line.carrier} is not there.` };
  if (settings === null)
    return { ok: false, detail: "The line's settings cannot be read.", cure: "Check ENCRYPTION_KEYS." };
  return connected.carrier.check(settings, {
    from: line.caller_id,
    callsPerSecond: line.calls_per_second,
    publicUrl: context.publicUrl(),
  });
}

export function requireLine(context: Context, actor: Actor, lineId: string): LineRow {
  const line = context.book.findLine(actor.workspaceId, lineId);
  if (line === undefined) throw new Refusal("not_found", `There is no line "${lineId.slice(0, 64)}".`);
  return line;
}

export function nameTaken(name: string): Refusal {
  return refuseField("name_taken", "/name", `"${name.slice(0, 64)}" is taken.`);
}

export function checkVersion(version: number, ifVersion: number | undefined): void {
  if (ifVersion !== undefined && ifVersion !== version)
    throw new Refusal("precondition_failed", `It is at version ${version}.`);
}

/** The row with the patch applied and checked. Throws `Refusal` with the field. */
function patched(context: Context, actor: Actor, row: LineRow, patch: Partial<LineInput>): LineRow {
  const next: LineRow = { ...row };
  if (patch.name !== undefined) next.name = patch.name;
  if (patch.settings !== undefined) next.settings = sealedSettings(context, row, patch.settings);
  if (patch.caller_id !== undefined) next.caller_id = readCallerId(patch.caller_id);
  if (patch.slots_max !== undefined) next.slots_max = patch.slots_max;
  if (patch.calls_per_second !== undefined) next.calls_per_second = patch.calls_per_second;
  if (patch.burst !== undefined) next.burst = patch.burst;
  else if (patch.calls_per_second !== undefined)
    next.burst = Math.max(1, Math.ceil(patch.calls_per_second / 10));
  if (patch.daily_max !== undefined) next.daily_max = patch.daily_max;
  if (patch.ring_timeout_seconds !== undefined) next.ring_timeout_ms = patch.ring_timeout_seconds * 1000;
  if (patch.max_duration_seconds !== undefined) next.max_duration_ms = patch.max_duration_seconds * 1000;
  if (patch.timezone !== undefined) next.timezone = zoneNamed(context, patch.timezone, "/timezone").name;
  if (patch.hours !== undefined)
    next.hours_id = idOf(
      patch.hours,
      (name) => context.book.findHours(actor.workspaceId, name)?.row.id,
      "hours_unknown",
      "/hours",
    );
  if (patch.retry_policy !== undefined) {
    next.retry_policy_id = idOf(
      patch.retry_policy,
      (name) => context.book.findPolicy(actor.workspaceId, name)?.row.id,
      "retry_policy_unknown",
      "/retry_policy",
    );
  }
  return next;
}

/** Checks the settings with their carrier; a secret sent back as it is shown keeps its value. */
function sealedSettings(context: Context, row: LineRow, input: Readonly<Record<string, unknown>>): string {
  const kind = context.carriers.get(row.carrier)?.kind;
  if (kind === undefined)
    throw refuseField(
      "carrier_unknown",
      "/carrier",
      `"${row.carrier.slice(0, 64)}" is no carrier; there are ${[...context.carriers.keys()].join(", ")}.`,
    );
  const before = row.settings === "" ? {} : ((openSettings(context, row) ?? {}) as Record<string, unknown>);
  const parsed = kind.parseSettings(withKeptSecrets(kind.secrets, before, input));
  if (!parsed.ok) throw refuseField("line_settings_invalid", `/settings${parsed.pointer}`, parsed.detail);
  return context.secrets.seal(JSON.stringify(parsed.settings), settingsPlace(row.id));
}

function readCallerId(callerId: string | null): string | null {
  if (callerId === null) return null;
  const phone = parsePhone(callerId);
  if (!phone.ok) throw refuseField("phone_invalid", "/caller_id", phone.detail);
  return phone.e164;
}

function idOf(
  name: string | null,
  find: (name: string) => number | undefined,
  code: "hours_unknown" | "retry_policy_unknown",
  pointer: string,
): number | null {
  if (name === null) return null;
  const id = find(name);
  if (id === undefined) throw refuseField(code, pointer, `None is called "${name.slice(0, 64)}".`);
  return id;
}

async function setStatus(
  context: Context,
  actor: Actor,
  lineId: string,
  status: "active" | "paused",
  reason: string | null,
): Promise<LineView> {
  const line = requireLine(context, actor, lineId);
  await writeLine(
    context,
    actor,
    { ...line, status, status_reason: reason, updated_at: context.clock.now() },
    false,
    status === "paused" ? "line.paused" : "line.resumed",
    reason,
  );
  return changed(context, actor, line.name);
}

async function writeLine(
  context: Context,
  actor: Actor,
  row: LineRow,
  windowsChanged: boolean,
  type: string,
  reason: string | null = null,
): Promise<void> {
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = new Entries(lease);
  entries.addWide(actor.workspaceId, {
    at: row.updated_at,
    type,
    reason,
    actor: actor.name,
    data: { line: row.name },
  });
  await context.book.changing(
    context.store.run("change a line", function* () {
      const { statements } = context.store;
      if ((yield* statements.lines.update([row])).length === 0)
        throw new Refusal("precondition_failed", "The line was changed at the same time.");
      if (windowsChanged) yield* statements.workspaces.bumpPlan({ id: actor.workspaceId });
      yield* statements.ledger.insert(entries.rows);
    }),
  );
}

async function changed(context: Context, actor: Actor, name: string): Promise<LineView> {
  await context.book.load();
  const line = requireLine(context, actor, name);
  context.state.blocked.delete(line.id);
  context.wake("dispatch");
  context.wake("replan");
  context.announce();
  return getLine(context, actor, name);
}

function lineView(context: Context, line: LineRow, waits: LineWaits): LineView {
  const kind = context.carriers.get(line.carrier)?.kind;
  const counters = waits.counters(line.id);
  const { today } = lineDay(context, line.timezone, context.clock.now());
  return {
    id: context.secrets.publicId("line", line.id),
    name: line.name,
    carrier: line.carrier,
    real: kind?.real ?? true,
    status: line.status === "paused" ? "paused" : "active",
    statusReason: line.status_reason,
    settings: shownSettings(openSettings(context, line), kind?.secrets ?? []),
    callerId: line.caller_id,
    slotsMax: line.slots_max,
    slotsUsed: counters?.slots_used ?? 0,
    callsPerSecond: line.calls_per_second,
    burst: line.burst,
    dailyMax: line.daily_max,
    dayUsed: counters?.day === today ? counters.day_used : 0,
    ringTimeoutMs: line.ring_timeout_ms,
    maxDurationMs: line.max_duration_ms,
    timezone: line.timezone,
    hours: line.hours_id === null ? null : (context.book.hours.get(line.hours_id)?.row.name ?? null),
    retryPolicy:
      line.retry_policy_id === null
        ? null
        : (context.book.policies.get(line.retry_policy_id)?.row.name ?? null),
    waitingFor: waits.ofLine(line.id),
    isDefault: context.book.defaultLine(line.workspace_id)?.id === line.id,
    version: line.version,
    createdAt: line.created_at,
    updatedAt: line.updated_at,
  };
}

function shownSettings(settings: unknown, secrets: readonly string[]): Record<string, unknown> {
  const entries = Object.entries((settings ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      secrets.includes(name) && value !== null && value !== undefined ? hidden : value,
    ]),
  );
}
