import { DAY_MS } from "../../domain/civil.ts";
import type { Job, JobResult, JobRun } from "../../ports/job.ts";
import type { House, Program } from "../../ports/program.ts";

import { hintsOf } from "./health.ts";
import { type Statements, makeStatements } from "./statements.ts";

/** As many as one run of the hour tries again. */
const retriedAtOnce = 100;
const removedAtOnce = 500;
const piecesMax = 2000;
/** What was told is kept longer than what was not. */
const toldDays = 90;
const failedDays = 30;
/** Rows beyond it are not counted. */
const rowsMax = 100_000;
const tablesShown = 15;

/** What keeps an installation in order, whatever is built on it: notifications that failed, old ones, and the database. */
export const program: Program = {
  name: "upkeep",
  plug(house) {
    const statements = makeStatements(house.sql());
    const { timezone } = house.settings;
    return {
      jobs: [
        {
          name: "retry-failed-notifications",
          title: "Tries failed notifications of the last day again that nothing else tries again",
          queue: "notifications",
          rule: "0 * * * *",
          timezone,
          run: async ({ actor }) => ({ retried: await house.retryFailedNotifications(actor, retriedAtOnce) }),
        },
        {
          name: "cleanup-old-notifications",
          title: "Removes notifications that were told over 90 days ago, and failed ones after 30 days",
          queue: "maintenance",
          rule: "0 2 * * 1",
          timezone,
          run: (run) => removeOld(house, run),
        },
        {
          name: "check-database-health",
          title:
            "Looks whether the database answers, how large its tables are, and what could be done for it",
          queue: "maintenance",
          rule: null,
          timezone,
          run: () => checkDatabase(house, statements),
        },
      ] satisfies readonly Job[],
    };
  },
};

async function removeOld(house: House, { actor, isStopping }: JobRun): Promise<JobResult> {
  const now = house.clock.now();
  const before = { toldBefore: now - toldDays * DAY_MS, failedBefore: now - failedDays * DAY_MS };
  let removed = 0;
  for (let piece = 0; piece < piecesMax && !isStopping(); piece += 1) {
    const count = await house.pruneNotifications(actor, before, removedAtOnce);
    removed += count;
    if (count < removedAtOnce) break;
  }
  return { removed };
}

async function checkDatabase(house: House, statements: Statements): Promise<JobResult> {
  const kind = house.sql().dialect;
  const tables = await house.read("look at the tables", () => statements.tables(rowsMax));
  const whole = await house.read("look at the database", () => statements.whole());
  const largest = tables.toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0) || b.rows - a.rows);
  return {
    database: kind,
    bytes: whole.bytes,
    tables: Object.fromEntries(
      largest
        .slice(0, tablesShown)
        .map(({ name, rows, bytes }) => [name, { rows, ...(bytes !== null && { bytes }) }]),
    ),
    rows_counted_up_to: kind === "sqlite" ? rowsMax : null,
    hints: hintsOf(kind, tables, whole),
  };
}
