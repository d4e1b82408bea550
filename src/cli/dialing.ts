import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { instant, stamp } from "./times.ts";

type Dialing = { readonly stopped: boolean; readonly reason: string | null; readonly since: string | null };

/** `carillon dialing …`: the switch that stops all new calls. */
export const addDialing: AddCommand = (program, cli) => {
  const group = program.command("dialing").description("the switch that stops all new calls");
  const stop = group
    .command("stop")
    .description("place no new call from now on; calls under way go on")
    .option("--reason <words>", "why, for the ledger", "stopped from the command line")
    .action(
      action<{ reason: string }>(cli, (context, { reason }) => turn(context, "/v1/dialing/stop", { reason })),
    );
  examples(stop, [['carillon dialing stop --reason "wrong script"', "works within a second"]]);
  const resume = group
    .command("resume")
    .description("place calls again")
    .action(action(cli, (context) => turn(context, "/v1/dialing/resume", {})));
  examples(resume, [["carillon dialing resume", ""]]);
  const status = group
    .command("status")
    .description("say whether new calls are placed")
    .action(
      action(cli, async (context) => print(context, await context.client().get<Dialing>("/v1/dialing"))),
    );
  examples(status, [["carillon dialing status --json", ""]]);
};

async function turn(context: Context, path: string, body: object): Promise<void> {
  const client = context.client();
  await client.post(path, body);
  print(context, await client.get<Dialing>("/v1/dialing"));
}

function print(context: Context, dialing: Dialing): void {
  const times = context.times();
  context.print(dialing, () => {
    if (!dialing.stopped) return "Calls are placed.";
    const since = dialing.since === null ? "" : ` since ${stamp(instant(dialing.since), times.home)}`;
    return `No new call is placed${since}: ${dialing.reason ?? "no reason given"}. Go on with carillon dialing resume`;
  });
}
