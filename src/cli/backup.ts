import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";

import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { Failure, usage } from "./failure.ts";

type Options = { readonly databasePath?: string; readonly databaseUrl?: string };

/** `carillon backup FILE`: a whole copy of the SQLite file, also while the server runs. */
export const addBackup: AddCommand = (program, cli) => {
  const command = program
    .command("backup")
    .description("copy the SQLite database into a new file, also while the server runs")
    .argument("<file>", "the copy; it must not exist yet")
    .option("--database-path <file>", "the SQLite file (DATABASE_PATH, carillon.db)")
    .option("--database-url <url>", "sqlite:… (DATABASE_URL); for Postgres use pg_dump")
    .action(action<Options>(cli, backUp));
  examples(command, [["carillon backup backups/carillon-2026-11-22.db", "cp it back to restore"]]);
};

async function backUp(context: Context, options: Options, file = ""): Promise<void> {
  const { databasePath, databaseUrl } = options;
  const { store, encryptionKeys, secret } = context.config({ databasePath, databaseUrl });
  if (store.kind === "postgres") {
    throw usage("Carillon does not back up Postgres.", "Use its own tools, such as pg_dump.");
  }
  const target = resolve(context.terminal.cwd, file);
  const from = resolve(context.terminal.cwd, store.path);
  if (!existsSync(from)) {
    const title = "There is no database";
    throw new Failure("not_found", {
      title,
      code: "database_missing",
      detail: `There is no file ${from}.`,
      hint: "Check DATABASE_PATH.",
    });
  }
  if (existsSync(target)) {
    const title = "The file exists";
    throw new Failure("conflict", {
      title,
      code: "file_exists",
      detail: `${target} exists already, and a backup never overwrites a file.`,
    });
  }
  const { backupFile } = await import("./backup-file.ts");
  await backupFile(from, target);
  const bytes = statSync(target).size;
  context.print({ file: target, bytes }, () => `${target}: ${(bytes / 1024 / 1024).toFixed(1)} MiB`);
  const secretPlace = secret === null ? `${from}.secret` : "CARILLON_SECRET";
  const keys = encryptionKeys.length === 0 ? "" : " and ENCRYPTION_KEYS";
  context.note(`Keep ${secretPlace}${keys} too, in another place: the copy is of no use without.`);
}
