import { DAY_MS, HOUR_MS, dayOfMs, formatDay } from "../../domain/civil.ts";
import { Refusal } from "../../domain/refusal.ts";
import { type ZoneRules, localToInstant, offsetAt } from "../../domain/zone.ts";
import type { Job, JobResult, JobRun } from "../../ports/job.ts";
import type { ProgramActor } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { doWithAppointment } from "./appointments.ts";
import { changeAppointment } from "./change.ts";
import type { Context } from "./context.ts";
import { quietFor, zoneOf } from "./facts.ts";
import { planAfterwards } from "./rules.ts";
import { countBusiness, countDay, sumReviews } from "./statistics.ts";
import { heal } from "./tend.ts";

const pageSize = 200;
/** Work that one run does at most; the next goes on. */
const pagesMax = 500;
const yearDays = 365;
const staleMonths = 6;
const askAgainDays = 7;
/** Whoever was asked longer ago is left in peace. */
const askAgainWithinDays = 14;

/** The program's part of the timetable, and what runs when somebody asks. */
export function makeJobs(context: Context): readonly Job[] {
  const { timezone } = context.house.settings;
  const job = (
    name: string,
    queue: Job["queue"],
    rule: string | null,
    title: string,
    run: (run: JobRun) => Promise<JobResult>,
  ): Job => ({ name, queue, rule, title, timezone, run });
  return [
    job(
      "check-appointment-reminders",
      "appointments",
      "*/5 * * * *",
      "Plans what is told of appointments that were changed in the tables themselves",
      ({ actor, isStopping }) => heal(context, actor, isStopping),
    ),
    job(
      "process-completed-appointments",
      "reviews",
      "0 10 * * *",
      "Asks the clients of the last day for a review, each once",
      (run) => askForReviews(context, run),
    ),
    job(
      "cleanup-expired-appointments",
      "maintenance",
      "0 3 * * *",
      "Archives completed and cancelled appointments that are over a year old",
      (run) => archiveAppointments(context, run),
    ),
    job("generate-daily-statistics", "maintenance", "0 1 * * *", "Counts the day before", (run) =>
      generateDaily(context, run),
    ),
    job(
      "cleanup-stale-chatrooms",
      "maintenance",
      "0 4 1 * *",
      "Archives chat rooms in which nothing was said for six months",
      (run) => archiveRooms(context, run),
    ),
    job(
      "mark-missed-appointments",
      "appointments",
      null,
      "Marks confirmed appointments as missed an hour after they were to begin",
      (run) => markMissed(context, run),
    ),
    job(
      "send-review-reminder",
      "reviews",
      null,
      "Asks again whoever was asked for a review seven days ago and left none",
      (run) => remindOfReviews(context, run),
    ),
    job(
      "aggregate-business-review-stats",
      "reviews",
      null,
      "Adds up the reviews of each business anew",
      (run) => forEachBusiness(context, run, (id) => sumReviews(context, run.actor, id)),
    ),
    job(
      "update-business-statistics",
      "maintenance",
      null,
      "Counts the appointments and reviews of each business",
      (run) => forEachBusiness(context, run, (id) => countBusiness(context, run.actor, id)),
    ),
  ];
}

/** The day that ends with the slot, by the calendar: a day on which the clocks change is not cut. */
async function askForReviews(context: Context, { actor, at, isStopping }: JobRun): Promise<JobResult> {
  const zone = zoneOf(context, context.house.settings.timezone);
  const args = {
    workspace_id: actor.workspaceId,
    from: daysBefore(zone, at, 1),
    to: context.house.clock.now(),
  };
  const asked = await tellEach(context, actor, isStopping, "review_request", (afterId) =>
    context.statements.appointments.toAsk({ ...args, after_id: afterId, limit: pageSize }),
  );
  return { asked };
}

async function remindOfReviews(context: Context, { actor, at, isStopping }: JobRun): Promise<JobResult> {
  const zone = zoneOf(context, context.house.settings.timezone);
  const args = {
    workspace_id: actor.workspaceId,
    from: daysBefore(zone, at, askAgainWithinDays),
    to: daysBefore(zone, at, askAgainDays),
  };
  const reminded = await tellEach(context, actor, isStopping, "review_reminder", (afterId) =>
    context.statements.appointments.toAskAgain({ ...args, after_id: afterId, limit: pageSize }),
  );
  return { reminded };
}

/** Tells each of a list something afterwards. Whoever must not be told keeps nobody else from it. */
async function tellEach(
  context: Context,
  actor: ProgramActor,
  isStopping: () => boolean,
  kind: string,
  find: (afterId: number) => Tx<readonly { readonly id: number }[]>,
): Promise<number> {
  let told = 0;
  let afterId = 0;
  for (let page = 0; page < pagesMax && !isStopping(); page += 1) {
    const rows = await context.house.read("find whom to tell", () => find(afterId));
    for (const { id } of rows) {
      if (await tellAfterwards(context, actor, id, kind)) told += 1;
      afterId = id;
    }
    if (rows.length < pageSize) break;
  }
  return told;
}

async function tellAfterwards(
  context: Context,
  actor: ProgramActor,
  id: number,
  kind: string,
): Promise<boolean> {
  let isTold = false;
  await changeAppointment(context, actor, id, ({ appointment, business, client, messages }, now) => {
    isTold = false;
    const isAsked = messages.some((row) => row.kind === kind);
    if (appointment.status !== "completed" || isAsked || business.asks_reviews === 0) return null;
    if (client.erased_at !== null) return null;
    isTold = true;
    const beside = [planAfterwards(kind, now, quietFor(context, business, client))];
    return { after: appointment, note: null, beside };
  });
  return isTold;
}

async function markMissed(context: Context, { actor, isStopping }: JobRun): Promise<JobResult> {
  const before = context.house.clock.now() - HOUR_MS;
  let marked = 0;
  for (let page = 0; page < pagesMax && !isStopping(); page += 1) {
    const rows = await context.house.read("find who did not come", () =>
      context.statements.appointments.missed({
        workspace_id: actor.workspaceId,
        from: before - yearDays * DAY_MS,
        before,
        limit: pageSize,
      }),
    );
    let done = 0;
    for (const { id } of rows) if (await markOne(context, actor, id)) done += 1;
    marked += done;
    if (rows.length < pageSize || done === 0) break;
  }
  return { marked, status: "no_show", booking_status: "CANCELLED" };
}

/** False when somebody was faster: the client came, or it was cancelled. */
async function markOne(context: Context, actor: ProgramActor, id: number): Promise<boolean> {
  try {
    await doWithAppointment(context, actor, id, "no-show");
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

async function archiveAppointments(context: Context, { actor, isStopping }: JobRun): Promise<JobResult> {
  const before = context.house.clock.now() - yearDays * DAY_MS;
  const args = { workspace_id: actor.workspaceId, before, limit: pageSize };
  const archived = await inPieces(context, actor, isStopping, "archive appointments", () =>
    context.statements.appointments.archive(args),
  );
  return { archived };
}

async function archiveRooms(context: Context, { actor, isStopping }: JobRun): Promise<JobResult> {
  const before = monthsBefore(context.house.clock.now(), staleMonths);
  const args = { workspace_id: actor.workspaceId, before, limit: pageSize };
  const archived = await inPieces(context, actor, isStopping, "archive chat rooms", () =>
    context.statements.rooms.archive(args),
  );
  return { archived };
}

async function inPieces(
  context: Context,
  actor: ProgramActor,
  isStopping: () => boolean,
  name: string,
  piece: () => Tx<readonly unknown[]>,
): Promise<number> {
  let done = 0;
  for (let page = 0; page < pagesMax && !isStopping(); page += 1) {
    const count = await context.house.transact(name, actor, {}, function* () {
      return (yield* piece()).length;
    });
    done += count;
    if (count < pageSize) break;
  }
  return done;
}

async function generateDaily(context: Context, { actor, at }: JobRun): Promise<JobResult> {
  const zone = zoneOf(context, context.house.settings.timezone);
  const day = dayOfMs(at + offsetAt(zone, at)) - 1;
  const from = localToInstant(zone, day * DAY_MS)?.at ?? day * DAY_MS;
  const to = localToInstant(zone, (day + 1) * DAY_MS)?.at ?? (day + 1) * DAY_MS;
  return countDay(context, actor, { day: formatDay(day), timezone: zone.name, from, to });
}

async function forEachBusiness(
  context: Context,
  { actor, isStopping }: JobRun,
  count: (businessId: number) => Promise<void>,
): Promise<JobResult> {
  let afterId = 0;
  let businesses = 0;
  for (let page = 0; page < pagesMax && !isStopping(); page += 1) {
    const rows = await context.house.read("list businesses", () =>
      context.statements.businesses.after({
        workspace_id: actor.workspaceId,
        after_id: afterId,
        limit: pageSize,
      }),
    );
    for (const { id } of rows) {
      await count(id);
      afterId = id;
      businesses += 1;
    }
    if (rows.length < pageSize) break;
  }
  return { businesses };
}

/** The same local time some days earlier. */
function daysBefore(zone: ZoneRules, at: number, days: number): number {
  return localToInstant(zone, at + offsetAt(zone, at) - days * DAY_MS)?.at ?? at - days * DAY_MS;
}

/** About so many months earlier; to the day it does not matter. */
function monthsBefore(at: number, months: number): number {
  return at - Math.round((months * yearDays) / 12) * DAY_MS;
}
