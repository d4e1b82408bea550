import type { SettingKey } from "../config.ts";
import { type AddCommand, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { Failure } from "./failure.ts";
import { storeFailure } from "./store-failure.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "../system/version.ts";

type Options = { readonly [K in SettingKey]?: string };

/** `carillon serve`: API, engine and health in one process. */
export const addServe: AddCommand = (program, cli) => {
  const command = program
    .command("serve")
    .description("start the server: API and engine")
    .option("--port <port>", "the port to listen on (PORT, 8090)")
    .option("--host <address>", "the address to listen on (HOST, 127.0.0.1)")
    .option("--extra-ports <ports>", "more ports, with commas (EXTRA_PORTS)")
    .option("--database-path <file>", "the SQLite file (DATABASE_PATH, carillon.db)")
    .option("--database-url <url>", "sqlite:… or postgres://… (DATABASE_URL)")
    .option("--public-url <url>", "where carriers reach this server (PUBLIC_URL)")
    .option("--log-level <word>", "debug, info, warn, error or silent (LOG_LEVEL, info)")
    .addHelpText(
      "after",
      "\nEvery setting: docs/reference/configuration.md. Stops at Ctrl-C or SIGTERM within 10 s.",
    )
    .action(action<Options>(cli, serve));
  examples(command, [
    ["carillon serve", "on http://localhost:8090, data in carillon.db"],
    ["carillon serve --port 9000 --database-path /var/lib/carillon/carillon.db", ""],
    ["DATABASE_URL=postgres://carillon@db/carillon carillon serve", "on Postgres"],
  ]);
};

/** How long after a signal the process ends by all means. */
const STOP_WITHIN_MS = 10_000;
/** npm and a terminal both pass Ctrl-C on; only a later one is a second one. */
const SAME_SIGNAL_MS = 1_000;

async function serve(context: Context, options: Options): Promise<Ending> {
  const { terminal } = context;
  const { port, host, extraPorts, databasePath, databaseUrl, publicUrl, logLevel } = options;
  const config = context.config({ port, host, extraPorts, databasePath, databaseUrl, publicUrl, logLevel });
  const stopped = stopSignal(terminal);
  const { startCarillon } = await import("../server/start.ts");
  const carillon = await startCarillon(config).catch(storeFailure);
  const [url = ""] = carillon.urls;
  const store = config.store.kind === "sqlite" ? config.store.path : "Postgres";
  context.printLine({ type: "started", version: version(), urls: carillon.urls, store }, () =>
    [
      context.paint("bold", `carillon ${version()}`),
      `  API       ${carillon.urls.map((one) => `${one}/v1`).join("  ")}`,
      `  Docs      ${url}/docs   OpenAPI ${url}/openapi.json   Health ${url}/health`,
      `  Data      ${store}`,
      `  Try next  carillon call +12125550100 --in 5s --watch`,
    ].join("\n"),
  );
  const signal = await stopped.first;
  context.note(`${signal}: no new call is placed; finishing what runs.`);
  const over = new AbortController();
  const ended = await Promise.race([
    carillon.stop().then(() => "stopped" as const),
    terminal.sleep(STOP_WITHIN_MS, over.signal).then(() => "late" as const),
    stopped.second.then(() => "forced" as const),
  ]);
  over.abort();
  stopped.release();
  if (ended === "stopped") return "done";
  throw new Failure("failed", {
    title: "The server did not stop in good order",
    code: "stop_forced",
    detail: ended === "late" ? "It did not stop within 10 s." : "It was stopped by a second signal.",
    hint: "What was under way is asked for at the carrier after the next start.",
  });
}

/** Two promises: of the first signal, and of one that comes while the first is being obeyed. */
function stopSignal(terminal: Terminal) {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<void>();
  let at = 0;
  const release = terminal.onInterrupt((signal) => {
    if (at === 0) at = terminal.now();
    else if (terminal.now() - at > SAME_SIGNAL_MS) second.resolve();
    first.resolve(signal);
  });
  return { first: first.promise, second: second.promise, release };
}
