import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { Failure } from "./failure.ts";
import type { List } from "./shapes.ts";
import { table } from "./table.ts";

type Erasure = {
  readonly id: string;
  readonly status: "running" | "waiting" | "done";
  readonly counts: Readonly<Record<string, number>>;
  readonly created_at: string;
  readonly ended_at: string | null;
};
type Who = {
  readonly number?: string[];
  readonly email?: string[];
  readonly recipient?: string[];
  readonly yes?: true;
};

/** `carillon people …`: forgetting a person. */
export const addPeople: AddCommand = (program, cli) => {
  const group = program.command("people").description("forget people who asked for it");
  const erase = group
    .command("erase")
    .description("remove a person's names, numbers and addresses everywhere; there is no way back")
    .option("--number <number...>", "their numbers")
    .option("--email <address...>", "their e-mail addresses")
    .option("--recipient <id...>", "ids under which they are told things")
    .option("--yes", "it is meant: erases without asking")
    .action(action<Who>(cli, erasePerson));
  examples(erase, [["carillon people erase --number +12125550137 --email ada@example.com --yes", ""]]);
  const list = group
    .command("list")
    .description("list what was forgotten, the newest first")
    .action(action(cli, listErasures));
  examples(list, [["carillon people list", ""]]);
};

async function erasePerson(context: Context, { number, email, recipient, yes }: Who): Promise<void> {
  if (yes !== true) {
    throw new Failure("usage", {
      title: "Erasing a person cannot be undone",
      code: "confirm_needed",
      detail: "Nothing was erased.",
      hint: "Say the same again with --yes.",
    });
  }
  const erasure = await context.client().post<Erasure>("/v1/people/erase", {
    ...(number !== undefined && { numbers: number }),
    ...(email !== undefined && { emails: email }),
    ...(recipient !== undefined && { recipient_ids: recipient }),
  });
  context.print(erasure, () =>
    erasure.status === "done"
      ? `The person is forgotten: ${told(erasure)}.`
      : `The person is forgotten (${told(erasure)}), but for a call that is under way; that follows when it has ended (${erasure.id}).`,
  );
}

function told({ counts }: Erasure): string {
  const parts = Object.entries(counts).map(([what, count]) => `${count} ${what.replaceAll("_", " ")}`);
  return parts.length === 0 ? "nothing was known of them" : parts.join(", ");
}

async function listErasures(context: Context): Promise<void> {
  const erasures: Erasure[] = [];
  for await (const one of context.client().list<Erasure>("/v1/people/erasures", {}, 1000)) erasures.push(one);
  context.print({ data: erasures } satisfies List<Erasure>, () =>
    table(
      ["ID", "STATUS", "ASKED", "ERASED"],
      erasures.map((one) => [one.id, one.status, one.created_at, told(one)]),
      "Nobody was forgotten.",
    ),
  );
}
