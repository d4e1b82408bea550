import { parsePhone, phoneFault } from "../domain/phone.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { LiveNumberRow } from "../ports/live-rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import type { LiveNumberView } from "./live-api.ts";
import { changeLive } from "./live-change.ts";

const numbersMax = 1000;

type Allowed = { readonly row: LiveNumberRow; readonly isNew: boolean };

/** Puts a number on the allow-list, which is rung also in canary. One that is there stays as it is. */
export async function allowNumber(
  context: Context,
  actor: Actor,
  input: { readonly to: string; readonly note?: string },
): Promise<{ readonly number: LiveNumberView; readonly isNew: boolean }> {
  const phone = parsePhone(input.to);
  if (!phone.ok) throw refuseField("phone_invalid", "/to", phoneFault(phone));
  const lease = await context.ids.reserve({ config: 1 });
  const id = lease.next("config");
  const hash = context.secrets.numberHash(actor.workspaceId, phone.e164);
  const { row, isNew } = await changeLive<Allowed>(
    context,
    actor,
    (done) =>
      done.isNew
        ? { at: done.row.created_at, type: "live.number_allowed", data: { id: publicId(context, done.row) } }
        : null,
    function* (now): Tx<Allowed> {
      const { live } = context.store.statements;
      const there = (yield* live.numbers({})).filter((one) => one.workspace_id === actor.workspaceId);
      const known = there.find((one) => one.number_hash === hash);
      if (known !== undefined) return { row: known, isNew: false };
      if (there.length >= numbersMax)
        throw refuseField("too_many_items", "/to", `An allow-list holds ${numbersMax} numbers.`);
      const made: LiveNumberRow = {
        id,
        workspace_id: actor.workspaceId,
        number_hash: hash,
        phone: context.secrets.seal(phone.e164, liveNumberPlace(id)),
        note: input.note ?? null,
        created_by: actor.name,
        created_at: now,
      };
      yield* live.insertNumber([made]);
      return { row: made, isNew: true };
    },
  );
  return { number: view(context, row), isNew };
}

/** Takes a number off the allow-list, by the entry's id or by the number itself. */
export async function disallowNumber(context: Context, actor: Actor, idOrNumber: string): Promise<void> {
  const id = context.secrets.readId("live_number", idOrNumber);
  const hash = context.secrets.numberHash(actor.workspaceId, idOrNumber);
  await changeLive<LiveNumberRow>(
    context,
    actor,
    (row) => ({
      at: context.clock.now(),
      type: "live.number_disallowed",
      data: { id: publicId(context, row) },
    }),
    function* (): Tx<LiveNumberRow> {
      const { live } = context.store.statements;
      const row = (yield* live.numbers({})).find(
        (one) => one.workspace_id === actor.workspaceId && (one.id === id || one.number_hash === hash),
      );
      if (row === undefined)
        throw new Refusal("not_found", `"${idOrNumber.slice(0, 64)}" is not on the allow-list.`);
      yield* live.removeNumber({ workspace_id: actor.workspaceId, id: row.id });
      return row;
    },
  );
}

export async function listLiveNumbers(context: Context, actor: Actor): Promise<readonly LiveNumberView[]> {
  const rows = await context.store.read("list allowed numbers", () =>
    context.store.statements.live.numbers({}),
  );
  return rows.filter((row) => row.workspace_id === actor.workspaceId).map((row) => view(context, row));
}

/** Where an allowed number stands, bound into its envelope. */
export function liveNumberPlace(id: number): string {
  return `live_numbers|phone|${id}`;
}

function publicId(context: Context, row: LiveNumberRow): string {
  return context.secrets.publicId("live_number", row.id);
}

function view(context: Context, row: LiveNumberRow): LiveNumberView {
  return {
    id: publicId(context, row),
    to: context.secrets.open(row.phone, liveNumberPlace(row.id)),
    note: row.note,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}
