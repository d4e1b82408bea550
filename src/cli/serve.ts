import type { SettingKey } from "../config.ts";
import { type AddCommand, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { untilStopped } from "./stopping.ts";
import { storeFailure } from "./store-failure.ts";
import { readWorks } from "./worker.ts";
import { version } from "../system/version.ts";

type Options = { readonly [K in SettingKey]?: string } & { readonly queues?: string };

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
    .option(
      "-Q, --queues <names>",
      "work only these, as worker does; none: answer, and leave the work to workers",
    )
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

async function serve(context: Context, options: Options): Promise<Ending> {
  const { port, host, extraPorts, databasePath, databaseUrl, publicUrl, logLevel } = options;
  const config = context.config({ port, host, extraPorts, databasePath, databaseUrl, publicUrl, logLevel });
  const works = readWorks(options);
  const stopped = untilStopped(context);
  const { startCarillon } = await import("../server/start.ts");
  const carillon = await startCarillon(config, { works, listens: "doors" }).catch(storeFailure);
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
  return stopped.obey(carillon);
}
