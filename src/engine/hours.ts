import { parseDay } from "../domain/civil.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import { describeHours, findOpening, parseWeekly } from "../domain/window.ts";
import type { HoursRow } from "../ports/rows.ts";
import type { HoursEntry } from "./book.ts";
import type { Context } from "./context.ts";
import type { HoursInput, HoursView } from "./config-api.ts";
import type { Actor } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { checkVersion, nameTaken } from "./lines.ts";
import { zoneNamed } from "./when.ts";

const closedMax = 1000;

export async function createHours(context: Context, actor: Actor, input: HoursInput): Promise<HoursView> {
  if (context.book.findHours(actor.workspaceId, input.name) !== undefined) throw nameTaken(input.name);
  const lease = await context.ids.reserve({ config: 1 });
  const now = context.clock.now();
  const row: HoursRow = {
    id: lease.next("config"),
    workspace_id: actor.workspaceId,
    version: 1,
    created_at: now,
    updated_at: now,
    ...(await readInput(context, input)),
  };
  await write(context, actor, row, "hours.created", false);
  return viewAfter(context, actor, row.id);
}

/** Changes calling hours; every waiting call is planned again before it may be dialed. */
export async function updateHours(
  context: Context,
  actor: Actor,
  hoursId: string,
  patch: Partial<HoursInput>,
  ifVersion?: number,
): Promise<HoursView> {
  const before = requireHours(context, actor, hoursId).row;
  checkVersion(before.version, ifVersion);
  const fields = await readInput(context, { ...inputOf(before), ...patch });
  await write(
    context,
    actor,
    { ...before, ...fields, updated_at: context.clock.now() },
    "hours.updated",
    true,
  );
  return viewAfter(context, actor, before.id);
}

export async function removeHours(context: Context, actor: Actor, hoursId: string): Promise<void> {
  const { row } = requireHours(context, actor, hoursId);
  const workspace = context.book.workspace(actor.workspaceId);
  const line = context.book.linesOf(actor.workspaceId).find((one) => one.hours_id === row.id);
  if (line !== undefined) throw new Refusal("in_use", `The line "${line.name}" uses these hours.`);
  if (workspace.defaultHours === row.id)
    throw new Refusal("in_use", "They are the workspace's default hours.");
  await context.store.run("remove hours", function* () {
    yield* context.store.statements.hours.remove([{ id: row.id }]);
    yield* context.store.statements.workspaces.bumpPlan({ id: actor.workspaceId });
  });
  await context.book.load();
  context.wake("replan");
}

export function listHours(context: Context, actor: Actor): readonly HoursView[] {
  return [...context.book.hours.values()]
    .filter(({ row }) => row.workspace_id === actor.workspaceId)
    .map((entry) => view(context, entry));
}

function requireHours(context: Context, actor: Actor, hoursId: string): HoursEntry {
  const entry = context.book.findHours(actor.workspaceId, hoursId);
  if (entry === undefined || entry.row.workspace_id === 0)
    throw new Refusal("not_found", `There are no hours "${hoursId.slice(0, 64)}".`);
  return entry;
}

type Fields = Pick<HoursRow, "name" | "timezone" | "weekly" | "closed_dates" | "holidays">;

async function readInput(context: Context, input: HoursInput): Promise<Fields> {
  const parsed = parseWeekly(input.weekly);
  if (!parsed.ok)
    throw refuseField("invalid_body", `/weekly/${parsed.path.replace(/\[(\d+)\]/, "/$1")}`, parsed.detail);
  const timezone = input.timezone ?? null;
  const zone = timezone === null ? null : zoneNamed(context, timezone, "/timezone");
  const dates = input.closed_dates ?? [];
  if (dates.length > closedMax)
    throw refuseField("too_many_items", "/closed_dates", `At most ${closedMax} dates.`);
  for (const [index, date] of dates.entries()) {
    if (parseDay(date) === undefined)
      throw refuseField(
        "invalid_body",
        `/closed_dates/${index}`,
        `"${date.slice(0, 20)}" is no date such as 2026-12-25.`,
      );
  }
  if (input.holidays !== undefined && input.holidays !== null) await checkHolidays(context, input.holidays);
  const anywhere = zone ?? context.zones.zone("UTC");
  const hours = { name: input.name, weekly: parsed.weekly, closed: { has: () => undefined } };
  if (
    anywhere !== undefined &&
    findOpening([{ hours, zone: anywhere }], context.clock.now()).kind === "never"
  ) {
    throw refuseField("never_open", "/weekly", "These hours are never open.");
  }
  return {
    name: input.name,
    timezone: zone?.name ?? null,
    weekly: JSON.stringify(input.weekly),
    closed_dates: JSON.stringify(dates),
    holidays: input.holidays === undefined || input.holidays === null ? null : JSON.stringify(input.holidays),
  };
}

async function checkHolidays(
  context: Context,
  holidays: { readonly country: string; readonly region?: string },
): Promise<void> {
  try {
    await context.holidays(holidays.country, holidays.region);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refuseField("invalid_body", "/holidays", error.message);
  }
}

function inputOf(row: HoursRow): HoursInput {
  return {
    name: row.name,
    timezone: row.timezone,
    weekly: JSON.parse(row.weekly) as Record<string, string[]>,
    closed_dates: JSON.parse(row.closed_dates) as string[],
    holidays:
      row.holidays === null ? null : (JSON.parse(row.holidays) as { country: string; region?: string }),
  };
}

async function write(
  context: Context,
  actor: Actor,
  row: HoursRow,
  type: string,
  exists: boolean,
): Promise<void> {
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = new Entries(lease);
  entries.addWide(actor.workspaceId, {
    at: row.updated_at,
    type,
    actor: actor.name,
    data: { hours: row.name },
  });
  await context.book.changing(
    context.store.run("write hours", function* () {
      const { statements } = context.store;
      const written = exists ? yield* statements.hours.update([row]) : yield* statements.hours.insert([row]);
      if (written.length === 0)
        throw exists
          ? new Refusal("precondition_failed", "The hours were changed at the same time.")
          : nameTaken(row.name);
      if (exists) yield* statements.workspaces.bumpPlan({ id: actor.workspaceId });
      yield* statements.ledger.insert(entries.rows);
    }),
  );
}

async function viewAfter(context: Context, actor: Actor, id: number): Promise<HoursView> {
  await context.book.load();
  context.wake("replan");
  context.wake("dispatch");
  return view(context, requireHours(context, actor, context.secrets.publicId("hours", id)));
}

function view(context: Context, { row, hours }: HoursEntry): HoursView {
  const input = inputOf(row);
  return {
    id: context.secrets.publicId("hours", row.id),
    name: row.name,
    timezone: row.timezone,
    weekly: input.weekly,
    closedDates: input.closed_dates ?? [],
    holidays: input.holidays ?? null,
    description: `${describeHours(hours.weekly)}${row.timezone === null ? ", in the recipient's zone" : `, ${row.timezone}`}`,
    isDefault: context.book.workspace(row.workspace_id).defaultHours === row.id,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
