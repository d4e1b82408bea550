import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { table } from "./table.ts";

type Template = {
  readonly id: string;
  readonly name: string;
  readonly subject: string | null;
  readonly body: string;
  readonly variables: readonly string[];
};
type Words = { readonly subject?: string; readonly body?: string };

const SHOWN_MAX = 1_000;

/** `carillon templates …`: the words of notifications. */
export const addTemplates: AddCommand = (program, cli) => {
  const group = program.command("templates").description("the words of notifications, with variables");
  const list = group.command("list").description("list the templates").action(action(cli, listAll));
  examples(list, [["carillon templates list", ""]]);
  const show = group
    .command("show")
    .description("show a template")
    .argument("<name>", "its name or id")
    .action(
      action(cli, async (context, _options, name = "") => {
        const one = await context.client().get<Template>(pathOf(name));
        context.print(one, () => (one.subject === null ? one.body : `${one.subject}\n\n${one.body}`));
      }),
    );
  examples(show, [["carillon templates show reminder", ""]]);
  const add = group
    .command("add")
    .description("store words with variables, which are checked")
    .argument("<name>", "what notifications name it by")
    .option("--subject <words>", "for channels that have one")
    .requiredOption("--body <words>", "with placeholders such as {{client_name}}")
    .action(
      action<Words>(cli, async (context, { subject, body }, name = "") => {
        const made = await context
          .client()
          .post<Template>("/v1/notification-templates", { name, subject, body });
        context.print(made, () => `${made.name} is stored; its variables: ${listOf(made)}.`);
      }),
    );
  examples(add, [['carillon templates add reminder --body "Hello {{client_name}}, until {{time}}."', ""]]);
  const set = group
    .command("set")
    .description("change the words of a template; what was made with it keeps its own")
    .argument("<name>", "its name or id")
    .option("--subject <words>", "for channels that have one")
    .option("--body <words>", "with placeholders such as {{client_name}}")
    .action(
      action<Words>(cli, async (context, { subject, body }, name = "") => {
        const changed = await context.client().patch<Template>(pathOf(name), { subject, body });
        context.print(changed, () => `${changed.name} is changed; its variables: ${listOf(changed)}.`);
      }),
    );
  examples(set, [['carillon templates set reminder --body "Until {{time}}."', ""]]);
  const remove = group
    .command("remove")
    .description("remove a template")
    .argument("<name>", "its name or id")
    .action(
      action(cli, async (context, _options, name = "") => {
        await context.client().remove(pathOf(name));
        context.print({ removed: name }, () => `${name} is removed.`);
      }),
    );
  examples(remove, [["carillon templates remove reminder", ""]]);
};

async function listAll(context: Context): Promise<void> {
  const found: Template[] = [];
  for await (const one of context.client().list<Template>("/v1/notification-templates", {}, SHOWN_MAX))
    found.push(one);
  context.print({ data: found }, () =>
    table(
      ["NAME", "VARIABLES", "SUBJECT"],
      found.map((one) => [one.name, listOf(one), one.subject ?? ""]),
      "There is no template.",
    ),
  );
}

function listOf({ variables }: Template): string {
  return variables.length === 0 ? "none" : variables.join(", ");
}

function pathOf(name: string): string {
  return `/v1/notification-templates/${encodeURIComponent(name)}`;
}
