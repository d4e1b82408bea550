import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Suppression = {
  readonly id: string;
  readonly to: string;
  readonly kind: string;
  readonly reason: string;
  readonly purpose: string | null;
  readonly until: string | null;
};

const SHOWN_MAX = 1_000;

/** `carillon suppressions …`: numbers that are not to be called. */
export const addSuppressions: AddCommand = (program, cli) => {
  const group = program.command("suppressions").description("numbers that are not to be called");
  const list = group.command("list").description("list them").action(action(cli, listAll));
  examples(list, [["carillon suppressions list --json", ""]]);
  const add = group
    .command("add")
    .description("call a number no more; calls that wait for it are skipped")
    .argument("<number>", "in E.164 form")
    .option("--reason <words>", "why")
    .option("--purpose <word>", "only calls of this purpose")
    .option("--until <time>", "until then, with offset (default: for ever)")
    .action(
      action<{ reason?: string; purpose?: string; until?: string }>(
        cli,
        async (context, options, to = "") => {
          const { reason, purpose, until } = options;
          const made = await context
            .client()
            .post<Suppression>("/v1/suppressions", { to, reason, purpose, until });
          context.print(made, () => `${made.to} is not called any more (${made.id}).`);
        },
      ),
    );
  examples(add, [['carillon suppressions add +12125550110 --reason "asked us to stop"', ""]]);
  const remove = group
    .command("remove")
    .description("allow a number again")
    .argument("<id>", "the suppression's id")
    .action(
      action(cli, async (context, _options, id = "") => {
        await context.client().remove(`/v1/suppressions/${encodeURIComponent(id)}`);
        context.print({ removed: id }, () => `${id} is removed.`);
      }),
    );
  examples(remove, [["carillon suppressions remove sup_01…", ""]]);
};

async function listAll(context: Context): Promise<void> {
  const found: Suppression[] = [];
  for await (const one of context.client().list<Suppression>("/v1/suppressions", {}, SHOWN_MAX))
    found.push(one);
  const times = context.times();
  context.print({ data: found }, () => {
    const rows = found.map((one) => [
      one.id,
      one.to,
      one.kind,
      one.reason,
      one.purpose ?? "every purpose",
      one.until === null ? "for ever" : stamp(instant(one.until), times.home),
    ]);
    return table(["ID", "NUMBER", "KIND", "REASON", "PURPOSE", "UNTIL"], rows, "No number is suppressed.");
  });
}
