import { existsSync } from "node:fs";

import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { storeFailure } from "./store-failure.ts";

type Options = { readonly dryRun?: boolean; readonly databasePath?: string; readonly databaseUrl?: string };

/** `carillon migrate`: brings the database's schema up to date; `serve` does the same at its start. */
export const addMigrate: AddCommand = (program, cli) => {
  const command = program
    .command("migrate")
    .description("bring the database up to date (serve does it too); not while a server runs on SQLite")
    .option("--dry-run", "list what would be applied; nothing is changed")
    .option("--database-path <file>", "the SQLite file (DATABASE_PATH, carillon.db)")
    .option("--database-url <url>", "sqlite:… or postgres://… (DATABASE_URL)")
    .action(action<Options>(cli, migrate));
  examples(command, [
    ["carillon migrate --dry-run", "what an upgrade would do"],
    ["DATABASE_URL=postgres://carillon@db/carillon carillon migrate", ""],
  ]);
};

export async function migrate(context: Context, options: Options): Promise<void> {
  const isDry = options.dryRun === true;
  const { databasePath, databaseUrl } = options;
  const { store: location, logLevel } = context.config({ databasePath, databaseUrl });
  const { openAndMigrate } = await import("../store/open.ts");
  const { SystemClock } = await import("../system/clock.ts");
  const { createLog } = await import("../system/log.ts");
  // Opening a file makes it, and a dry run makes nothing.
  const isNew = location.kind === "sqlite" && location.path !== ":memory:" && !existsSync(location.path);
  const target = isDry && isNew ? ({ kind: "sqlite", path: ":memory:" } as const) : location;
  const clock = new SystemClock();
  const log = createLog(logLevel === "info" ? "warn" : logLevel);
  const { store, plan } = await openAndMigrate(target, { clock, log }, isDry).catch(storeFailure);
  await store.close();
  clock.close();
  const result = { dry_run: isDry, store: location.kind, applied: plan.applied, pending: plan.pending };
  context.print(result, () => {
    if (plan.pending.length === 0) return `Nothing to do: all ${plan.applied.length} migrations are applied.`;
    const names = plan.pending.map((name) => `  ${name}`).join("\n");
    return `${isDry ? "Would apply" : "Applied"} ${plan.pending.length} of ${plan.applied.length + plan.pending.length} migrations:\n${names}`;
  });
}
