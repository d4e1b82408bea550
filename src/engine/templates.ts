import { type MessageTemplate, readMessageTemplate } from "../domain/message-template.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { TemplateRow } from "../ports/notification-rows.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { checkVersion } from "./lines.ts";
import type { TemplateInput, TemplateView } from "./notifications-api.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/;

/** Stores words with placeholders. Throws `template_invalid` when they, or the declared variables, cannot be right. */
export async function createTemplate(
  context: Context,
  actor: Actor,
  input: TemplateInput,
): Promise<TemplateView> {
  if (!NAME.test(input.name) || input.name.startsWith("tpl_"))
    throw refuseField("invalid_body", "/name", "Write a name such as appointment_reminder.");
  const lease = await context.ids.reserve({ record: 1, ledger: 1 });
  const now = context.clock.now();
  const row: TemplateRow = {
    id: lease.next("record"),
    workspace_id: actor.workspaceId,
    name: input.name,
    ...wordsOf(input),
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const entries = entryOf(context, lease, actor, row, "notification_template.created");
  await context.store.run("create a template", function* () {
    if ((yield* context.store.statements.templates.insert([row])).length === 0)
      throw refuseField("name_taken", "/name", `There is a template "${row.name}" already.`);
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  context.announce();
  return viewOf(context, row);
}

export async function getTemplate(context: Context, actor: Actor, idOrName: string): Promise<TemplateView> {
  return viewOf(context, await requireTemplate(context, actor, idOrName));
}

export async function listTemplates(
  context: Context,
  actor: Actor,
  page: PageRequest,
): Promise<Page<TemplateView>> {
  const before = beforeOf(page, "templates");
  const rows = await context.store.read("list templates", () =>
    context.store.statements.templates.list({
      workspace_id: actor.workspaceId,
      before_id: before,
      limit: page.limit + 1,
    }),
  );
  return pageOf(rows, page, "templates", (row) => viewOf(context, row));
}

export async function updateTemplate(
  context: Context,
  actor: Actor,
  idOrName: string,
  patch: Partial<Omit<TemplateInput, "name">>,
  ifVersion: number | undefined,
): Promise<TemplateView> {
  const before = await requireTemplate(context, actor, idOrName);
  checkVersion(before.version, ifVersion);
  const row: TemplateRow = {
    ...before,
    ...wordsOf({ name: before.name, subject: before.subject, body: before.body, ...patch }),
    updated_at: context.clock.now(),
  };
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = entryOf(context, lease, actor, row, "notification_template.updated");
  await context.store.run("change a template", function* () {
    if ((yield* context.store.statements.templates.update([row])).length === 0)
      throw new Refusal("precondition_failed", "The template was changed at the same time.");
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  context.announce();
  return viewOf(context, { ...row, version: row.version + 1 });
}

export async function removeTemplate(context: Context, actor: Actor, idOrName: string): Promise<void> {
  const row = await requireTemplate(context, actor, idOrName);
  const lease = await context.ids.reserve({ ledger: 1 });
  const gone = { ...row, updated_at: context.clock.now() };
  const entries = entryOf(context, lease, actor, gone, "notification_template.removed");
  await context.store.run("remove a template", function* () {
    yield* context.store.statements.templates.remove([row]);
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  context.announce();
}

async function requireTemplate(context: Context, actor: Actor, idOrName: string): Promise<TemplateRow> {
  const { statements } = context.store;
  const id = context.secrets.readId("template", idOrName);
  const [row] = await context.store.read("find a template", () =>
    id === null
      ? statements.templates.of([{ workspace_id: actor.workspaceId, name: idOrName }])
      : statements.templates.list({ workspace_id: actor.workspaceId, before_id: id + 1, limit: 1 }),
  );
  if (row === undefined || (id !== null && row.id !== id))
    throw new Refusal("not_found", `There is no template "${idOrName.slice(0, 64)}".`);
  return row;
}

function wordsOf(input: TemplateInput): Pick<TemplateRow, "subject" | "body" | "variables"> {
  const template = readWords(input);
  return {
    subject: input.subject ?? null,
    body: input.body,
    variables: JSON.stringify(template.variables),
  };
}

function readWords(input: TemplateInput): MessageTemplate {
  const read = readMessageTemplate(input, input.variables);
  if (!read.ok) throw refuseField("template_invalid", read.pointer, read.detail);
  return read.template;
}

function entryOf(
  context: Context,
  lease: ConstructorParameters<typeof Entries>[0],
  actor: Actor,
  row: TemplateRow,
  type: `notification_template.${"created" | "updated" | "removed"}`,
): Entries {
  const entries = new Entries(lease);
  entries.addWide(row.workspace_id, {
    at: row.updated_at,
    type,
    actor: actor.name,
    data: { template_id: context.secrets.publicId("template", row.id), name: row.name },
  });
  return entries;
}

function viewOf(context: Pick<Context, "secrets">, row: TemplateRow): TemplateView {
  return {
    id: context.secrets.publicId("template", row.id),
    name: row.name,
    subject: row.subject,
    body: row.body,
    variables: JSON.parse(row.variables) as string[],
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
