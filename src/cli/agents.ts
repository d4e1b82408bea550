import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import type { List } from "./shapes.ts";
import { table } from "./table.ts";

type Agent = { readonly id: string; readonly name: string };

/** `carillon agents …`: who may speak in calls. */
export const addAgents: AddCommand = (program, cli) => {
  const group = program.command("agents").description("who may speak in calls");
  const list = group.command("list").description("list the agents").action(action(cli, listAgents));
  examples(list, [["carillon agents list", ""]]);
  const add = group
    .command("add")
    .description(
      "register an agent; from the first one on, unknown ones are refused where agents are checked",
    )
    .argument("<id>", "your own id of it")
    .option("--name <name>", "for people to read")
    .action(
      action<{ name?: string }>(cli, async (context, { name }, id = "") => {
        const agent = await context.client().post<Agent>("/v1/agents", { id, name });
        context.print(agent, () => `${agent.id} is registered as ${agent.name}.`);
      }),
    );
  examples(add, [['carillon agents add agent123 --name "Sales"', ""]]);
  const remove = group
    .command("remove")
    .description("remove an agent; calls that name it stay as they are")
    .argument("<id>", "its id")
    .action(
      action(cli, async (context, _options, id = "") => {
        await context.client().remove(`/v1/agents/${encodeURIComponent(id)}`);
        context.print({ removed: id }, () => `${id} is removed.`);
      }),
    );
  examples(remove, [["carillon agents remove agent123", ""]]);
};

async function listAgents(context: Context): Promise<void> {
  const agents: Agent[] = [];
  for await (const agent of context.client().list<Agent>("/v1/agents", {}, 1000)) agents.push(agent);
  context.print({ data: agents } satisfies List<Agent>, () =>
    table(
      ["ID", "NAME"],
      agents.map(({ id, name }) => [id, name]),
      "No agents: every id is taken as it is.",
    ),
  );
}
