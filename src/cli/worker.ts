import type { Config } from "../config.ts";
import { type QueueName, queueNames } from "../ports/program.ts";
import { StoreError } from "../ports/store.ts";
import type { Carillon, Role } from "../server/start.ts";
import { version } from "../system/version.ts";
import { type AddCommand, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { Failure, usage } from "./failure.ts";
import { untilStopped } from "./stopping.ts";
import { storeFailure } from "./store-failure.ts";

export type WorkerOptions = {
  readonly queues?: string;
  readonly concurrency?: string;
  readonly port?: string;
  readonly databasePath?: string;
  readonly databaseUrl?: string;
  readonly logLevel?: string;
};

const words = [...queueNames, "calls"] as const;
const nothing = "none";

/** `carillon worker`: works without answering, beside servers and other workers that share a Postgres store. */
export const addWorker: AddCommand = (program, cli) => {
  const command = program
    .command("worker")
    .description("work without answering: calls and the queues of programs, beside servers on one Postgres")
    .option("-Q, --queues <names>", `only these, with commas: ${words.join(", ")} (default: all of them)`)
    .option("-c, --concurrency <count>", "calls being placed, and jobs, at once")
    .option("--port <port>", "answer /livez, /readyz, /health and /metrics there (default: nowhere)")
    .option("--database-path <file>", "the SQLite file (DATABASE_PATH, carillon.db)")
    .option("--database-url <url>", "sqlite:… or postgres://… (DATABASE_URL)")
    .option("--log-level <word>", "debug, info, warn, error or silent (LOG_LEVEL, info)")
    .action(action<WorkerOptions>(cli, (context, options) => work(context, options, readWorks(options))));
  examples(command, [
    ["DATABASE_URL=postgres://carillon@db/carillon carillon worker", "everything"],
    ["carillon worker --queues appointments,notifications", "those two, and no calls"],
    ["carillon worker --queues calls --concurrency 200", "calls alone"],
  ]);
};

/** Works until a signal comes. */
export async function work(context: Context, options: WorkerOptions, works: Role["works"]): Promise<Ending> {
  const { databasePath, databaseUrl, logLevel, port } = options;
  const config = context.config({ databasePath, databaseUrl, logLevel, port, extraPorts: "" });
  const concurrency = readConcurrency(options.concurrency);
  const stopped = untilStopped(context);
  const carillon = await start(config, {
    works,
    listens: port === undefined ? "nothing" : "probes",
    ...(concurrency !== null && { concurrency }),
  });
  const { calls, queues } = works;
  const store = config.store.kind === "sqlite" ? config.store.path : "Postgres";
  context.printLine({ type: "started", version: version(), calls, queues, urls: carillon.urls, store }, () =>
    [
      context.paint("bold", `carillon ${version()} worker`),
      `  Works     ${[...(calls ? ["calls"] : []), ...queues].join(", ") || "the timetable's clock alone"}`,
      `  Data      ${store}`,
      ...carillon.urls.map((url) => `  Health    ${url}/health`),
      "  Try next  carillon workers list",
    ].join("\n"),
  );
  return stopped.obey(carillon);
}

/** Starts this process in a role. A file that a server has is no fault of the file. */
export async function start(config: Config, role: Role): Promise<Carillon> {
  const { startCarillon } = await import("../server/start.ts");
  return startCarillon(config, role).catch((error: unknown) => {
    if (!(error instanceof StoreError) || error.fault !== "busy" || config.store.kind !== "sqlite")
      return storeFailure(error);
    throw new Failure(
      "conflict",
      {
        title: "The database belongs to another process",
        code: "store_in_use",
        detail: `${config.store.path} is in use by another Carillon process, which does this work itself: a file of SQLite has one process.`,
        hint: "To work in several processes, keep the data in Postgres: set DATABASE_URL for the server and its workers.",
      },
      { cause: error },
    );
  });
}

/** What the options ask for; without queues, everything; `none` alone, nothing. Throws `Failure` for another word. */
export function readWorks({ queues }: Pick<WorkerOptions, "queues">): Role["works"] {
  if (queues === undefined) return { calls: true, queues: queueNames };
  if (queues.trim() === nothing) return { calls: false, queues: [] };
  const asked = queues.split(",").map((word) => word.trim());
  const wrong = asked.find((word) => !(words as readonly string[]).includes(word));
  if (wrong !== undefined)
    throw usage(`--queues has ${JSON.stringify(wrong)}.`, `Name some of: ${words.join(", ")}.`);
  const isAsked = (name: QueueName): boolean => asked.includes(name);
  return { calls: asked.includes("calls"), queues: queueNames.filter(isAsked) };
}

function readConcurrency(text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1 || count > 4000)
    throw usage(`--concurrency is ${JSON.stringify(text)}.`, "Write a whole number from 1 to 4000.");
  return count;
}
