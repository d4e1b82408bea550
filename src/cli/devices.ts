import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Device = {
  readonly id: string;
  readonly recipient_id: string;
  readonly platform: string | null;
  readonly token_end: string;
  readonly seen_at: string;
};

const SHOWN_MAX = 1_000;

/** `carillon devices …`: where push goes. */
export const addDevices: AddCommand = (program, cli) => {
  const group = program.command("devices").description("the devices of recipients, where push goes");
  const list = group
    .command("list")
    .description("list the devices, newest first")
    .option("--recipient <id>", "only those of one recipient")
    .action(action<{ recipient?: string }>(cli, listAll));
  examples(list, [["carillon devices list --recipient uid_1", ""]]);
  const add = group
    .command("add")
    .description("register a device; one that is known belongs to this recipient from now on")
    .argument("<recipient>", "your own id of a person")
    .argument("<token>", "what the device was given to be told by")
    .option("--platform <name>", "such as android, ios or web")
    .action(
      action<{ platform?: string }>(cli, async (context, { platform }, recipient_id = "", token = "") => {
        const made = await context.client().post<Device>("/v1/devices", { recipient_id, token, platform });
        context.print(made, () => `${made.id} is registered for ${made.recipient_id}.`);
      }),
    );
  examples(add, [["carillon devices add uid_1 fcm-token --platform android", ""]]);
  const remove = group
    .command("remove")
    .description("push nothing to a device any more")
    .argument("<id>", "its id")
    .action(
      action(cli, async (context, _options, id = "") => {
        await context.client().remove(`/v1/devices/${encodeURIComponent(id)}`);
        context.print({ removed: id }, () => `${id} is removed.`);
      }),
    );
  examples(remove, [["carillon devices remove dev_01…", ""]]);
};

async function listAll(context: Context, { recipient }: { readonly recipient?: string }): Promise<void> {
  const found: Device[] = [];
  const query = { recipient_id: recipient };
  for await (const one of context.client().list<Device>("/v1/devices", query, SHOWN_MAX)) found.push(one);
  const times = context.times();
  context.print({ data: found }, () => {
    const rows = found.map((one) => [
      one.id,
      one.recipient_id,
      one.platform ?? "",
      one.token_end,
      stamp(instant(one.seen_at), times.home),
    ]);
    return table(["ID", "RECIPIENT", "PLATFORM", "TOKEN", "REGISTERED"], rows, "No device is registered.");
  });
}
