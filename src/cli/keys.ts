import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import type { List } from "./shapes.ts";
import { storeFailure } from "./store-failure.ts";
import { table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Key = {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
};

type CreateOptions = { readonly scopes?: string; readonly expiresIn?: string; readonly workspace?: string };

/** `carillon keys …`: who may use the API. */
export const addKeys: AddCommand = (program, cli) => {
  const group = program.command("keys").description("the keys of the API");
  const list = group
    .command("list")
    .description("list the keys; never the secrets")
    .action(action(cli, listKeys));
  examples(list, [["carillon keys list", ""]]);
  const create = group
    .command("create")
    .description("create a key and show its secret this once; with the first key, everybody needs one")
    .argument("<name>", "what it is for")
    .option("--scopes <words>", "what it may do, with commas: calls:write,calls:read (default: everything)")
    .option("--expires-in <duration>", "such as 90d (default: never)")
    .option("--workspace <name>", "the workspace that it belongs to")
    .action(action<CreateOptions>(cli, createKey));
  examples(create, [
    ["carillon keys create crm --scopes calls:read,calls:write --expires-in 90d", ""],
    ["export CARILLON_API_KEY=$(carillon keys create me --json | jq -r .secret)", "for this CLI"],
  ]);
  const revoke = group
    .command("revoke")
    .description("end a key at once")
    .argument("<id>", "the key's id")
    .action(
      action(cli, async (context, _options, id = "") => {
        await context.client().remove(`/v1/keys/${encodeURIComponent(id)}`);
        context.print({ revoked: id }, () => `${id} is revoked.`);
      }),
    );
  examples(revoke, [["carillon keys revoke key_01…", ""]]);
  const rotate = group
    .command("rotate-encryption")
    .description(
      "seal numbers and secrets anew with the newest key of ENCRYPTION_KEYS; not while a server runs",
    )
    .option("--database-path <file>", "the SQLite file (DATABASE_PATH, carillon.db)")
    .option("--database-url <url>", "sqlite:… or postgres://… (DATABASE_URL)")
    .action(action<StoreOptions>(cli, rotateEncryption));
  examples(rotate, [
    ["ENCRYPTION_KEYS=2027:<base64>,2026:<base64> carillon keys rotate-encryption", "then drop 2026"],
  ]);
};

type StoreOptions = { readonly databasePath?: string; readonly databaseUrl?: string };

async function rotateEncryption(context: Context, options: StoreOptions): Promise<void> {
  const { databasePath, databaseUrl } = options;
  const { rotateStore } = await import("../server/rotate.ts");
  const rewritten = await rotateStore(context.config({ databasePath, databaseUrl }), () => {}).catch(
    storeFailure,
  );
  context.print(
    { rewritten },
    () => `${rewritten} rows were sealed anew; older keys are no longer needed for them.`,
  );
}

async function createKey(context: Context, options: CreateOptions, name = ""): Promise<void> {
  const made = await context.client().post<Key & { readonly secret: string }>("/v1/keys", {
    name,
    scopes: options.scopes?.split(","),
    expires_in: options.expiresIn,
    workspace: options.workspace,
  });
  context.note(
    "The secret is shown this once. Set it as CARILLON_API_KEY; from now on every client needs a key.",
  );
  context.print(made, () => made.secret);
}

async function listKeys(context: Context): Promise<void> {
  const keys = await context.client().get<List<Key>>("/v1/keys");
  const times = context.times();
  const at = (text: string | null, none: string): string =>
    text === null ? none : stamp(instant(text), times.home);
  context.print(keys, () => {
    const rows = keys.data.map((key) => [
      key.id,
      key.name,
      key.hint,
      key.scopes.join(","),
      at(key.last_used_at, "never"),
      key.revoked_at === null ? at(key.expires_at, "never") : `revoked ${at(key.revoked_at, "")}`,
    ]);
    return table(["ID", "NAME", "KEY", "SCOPES", "USED", "EXPIRES"], rows, "No keys: open on loopback.");
  });
}
