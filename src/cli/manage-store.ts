import { rmSync } from "node:fs";

import type { Context } from "./context.ts";
import { Failure, usage } from "./failure.ts";
import { openClient } from "./client.ts";
import { valueWords } from "./job-shapes.ts";
import { storeFailure } from "./store-failure.ts";
import { start } from "./worker.ts";

export type ResetOptions = { readonly yes?: boolean };
export type SeedOptions = { readonly beside?: boolean };

/** `manage db:reset`: removes all data and makes the tables anew. */
export async function resetDatabase(context: Context, options: ResetOptions): Promise<void> {
  const { store: location, sandboxPath, logLevel } = context.config();
  const place = location.kind === "sqlite" ? location.path : "the Postgres database";
  await confirm(context, options, place);
  const { resetStore } = await import("../store/reset.ts");
  const { SystemClock } = await import("../system/clock.ts");
  const { createLog } = await import("../system/log.ts");
  const clock = new SystemClock();
  const ports = { clock, log: createLog(logLevel === "info" ? "warn" : logLevel) };
  await resetStore(location, ports).catch(storeFailure);
  clock.close();
  // The sandbox's network remembers attempts by ids that are given out anew.
  if (sandboxPath !== null) rmSync(sandboxPath, { force: true });
  context.print({ reset: place }, () => `All data in ${place} is removed; its tables are new and empty.`);
}

async function confirm(context: Context, { yes }: ResetOptions, place: string): Promise<void> {
  if (yes === true) return;
  const { terminal } = context;
  if (!terminal.isTty || context.json)
    throw usage(`db:reset removes all data in ${place}.`, "Add --yes when that is what you want.");
  const answer = await terminal.ask(`This removes all data in ${place}. Type "reset" to go on: `);
  if (answer.trim() !== "reset")
    throw new Failure("failed", {
      title: "Nothing was removed",
      code: "not_confirmed",
      detail: `${place} is as it was.`,
    });
}

const seedPath = "/v1/appointments/seed";

/** `manage db:seed`: makes an example salon, on the running server, or in the database when none runs. */
export async function seedDatabase(context: Context, options: SeedOptions): Promise<void> {
  const body = options.beside === true ? { beside: true } : {};
  const seeded = (await seedOnServer(context, body)) ?? (await seedHere(context, body));
  context.print(seeded, () =>
    Object.entries(seeded)
      .map(([name, value]) => `${name.replaceAll("_", " ")}: ${valueWords(value)}`)
      .join("\n"),
  );
}

type Seeded = Readonly<Record<string, unknown>>;

/** Null when no server answers. */
async function seedOnServer(context: Context, body: object): Promise<Seeded | null> {
  const { url, apiKey } = context.config();
  try {
    return await openClient({ url, apiKey }).post<Seeded>(seedPath, body);
  } catch (error) {
    if (error instanceof Failure && error.problem.code === "server_unreachable") return null;
    throw error;
  }
}

/** Starts the engine for this one request; it works on nothing, and nobody can reach it. */
async function seedHere(context: Context, body: object): Promise<Seeded> {
  const config = context.config({ host: "127.0.0.1", extraPorts: "" });
  const carillon = await start(config, { works: { calls: false, queues: [] }, listens: "nothing" });
  try {
    const { server } = carillon;
    const answer = await server.app.inject({
      method: "POST",
      url: seedPath,
      headers: {
        host: "localhost",
        "content-type": "application/json",
        ...(config.apiKey === null ? {} : { authorization: `Bearer ${config.apiKey}` }),
      },
      payload: JSON.stringify(body),
    });
    const answered = JSON.parse(answer.body) as Record<string, unknown>;
    if (answer.statusCode >= 400) throw refused(answered);
    return answered;
  } finally {
    await carillon.stop();
  }
}

function refused(problem: Readonly<Record<string, unknown>>): Failure {
  const word = (name: string): string => (typeof problem[name] === "string" ? problem[name] : "");
  const title = word("title");
  return new Failure("conflict", { ...problem, title, code: word("code"), detail: word("detail") });
}
