import { parsePhone, phoneFault } from "../domain/phone.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { SuppressionRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import type { SuppressionInput, SuppressionView } from "./config-api.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { readInstant } from "./when.ts";

/** Puts a number on the do-not-call list; the next claim already knows it. */
export async function createSuppression(
  context: Context,
  actor: Actor,
  input: SuppressionInput,
): Promise<SuppressionView> {
  const phone = parsePhone(input.to);
  if (!phone.ok) throw refuseField("phone_invalid", "/to", phoneFault(phone));
  const now = context.clock.now();
  const until =
    input.until === undefined ? null : readInstant(context, input.until, null, "compatible", "/until").at;
  if (until !== null && until <= now)
    throw refuseField("time_in_past", "/until", "It would have ended already.");
  const lease = await context.ids.reserve({ config: 1, ledger: 1 });
  const id = lease.next("config");
  const row: SuppressionRow = {
    id,
    workspace_id: actor.workspaceId,
    number_hash: context.secrets.numberHash(actor.workspaceId, phone.e164),
    scope: input.purpose ?? "",
    kind: "suppressed",
    phone: context.secrets.seal(phone.e164, suppressionPlace(id)),
    reason: input.reason ?? "requested",
    until_at: until,
    created_at: now,
  };
  const entries = new Entries(lease);
  entries.addWide(actor.workspaceId, {
    at: now,
    type: "suppression.created",
    reason: row.reason,
    actor: actor.name,
  });
  const stored = await context.store.run("suppress a number", function* () {
    const { statements } = context.store;
    yield* statements.suppressions.insert([row]);
    yield* statements.ledger.insert(entries.rows);
    const there = yield* statements.suppressions.of([row]);
    return there.find((one) => one.scope === row.scope);
  });
  context.announce();
  return view(context, stored ?? row);
}

export async function removeSuppression(
  context: Context,
  actor: Actor,
  suppressionId: string,
): Promise<void> {
  const id = context.secrets.readId("suppression", suppressionId);
  if (id === null) throw noSuch(suppressionId);
  const lease = await context.ids.reserve({ ledger: 1 });
  await context.store.run("remove a suppression", function* () {
    const { statements } = context.store;
    const [row] = yield* statements.suppressions.byId({ workspace_id: actor.workspaceId, id });
    if (row === undefined) throw noSuch(suppressionId);
    const entries = new Entries(lease);
    entries.addWide(actor.workspaceId, {
      at: context.clock.now(),
      type: "suppression.removed",
      actor: actor.name,
    });
    yield* statements.suppressions.remove([{ id }]);
    yield* statements.ledger.insert(entries.rows);
  });
  context.announce();
}

export async function listSuppressions(
  context: Context,
  actor: Actor,
  page: PageRequest,
): Promise<Page<SuppressionView>> {
  const before = beforeOf(page, "suppressions");
  const rows = await context.store.read("list suppressions", () =>
    context.store.statements.suppressions.list({
      workspace_id: actor.workspaceId,
      before_id: before,
      limit: page.limit + 1,
    }),
  );
  return pageOf(rows, page, "suppressions", (row) => view(context, row));
}

/** Where a suppression's number stands, bound into its envelope. */
export function suppressionPlace(id: number): string {
  return `suppressions|phone|${id}`;
}

function noSuch(id: string): Refusal {
  return new Refusal("not_found", `There is no suppression "${id.slice(0, 64)}".`);
}

function view(context: Context, row: SuppressionRow): SuppressionView {
  return {
    id: context.secrets.publicId("suppression", row.id),
    to: context.secrets.open(row.phone, suppressionPlace(row.id)),
    kind: row.kind,
    reason: row.reason,
    purpose: row.scope === "" ? null : row.scope,
    untilAt: row.until_at,
    createdAt: row.created_at,
  };
}
