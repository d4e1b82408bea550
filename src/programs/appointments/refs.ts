import { Refusal, refuseField } from "../../domain/refusal.ts";
import type { ProgramActor } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Context } from "./context.ts";

/** What is known by ids of ours and, some of it, by the caller's own. */
export type Noun = "business" | "client" | "service" | "appointment" | "review" | "chat_room";

const words: Readonly<Record<Noun, string>> = {
  business: "business",
  client: "client",
  service: "service",
  appointment: "appointment",
  review: "review",
  chat_room: "chat room",
};

/** The id behind a public one, or behind the caller's own (external_id). Throws `not_found`. */
export async function idOf(context: Context, actor: ProgramActor, noun: Noun, text: string): Promise<number> {
  const id = await findId(context, actor, noun, text);
  if (id === null) throw new Refusal("not_found", `There is no ${words[noun]} "${text.slice(0, 64)}".`);
  return id;
}

/** The same for a field of a body. Throws `reference_unknown` with the field. */
export async function referenceOf(
  context: Context,
  actor: ProgramActor,
  noun: Noun,
  text: string,
  pointer: string,
): Promise<number> {
  const id = await findId(context, actor, noun, text);
  if (id === null)
    throw refuseField("reference_unknown", pointer, `There is no ${words[noun]} "${text.slice(0, 64)}".`);
  return id;
}

export async function findId(
  context: Context,
  actor: ProgramActor,
  noun: Noun,
  text: string,
): Promise<number | null> {
  const own = context.house.secrets.readId(noun, text);
  if (own !== null) return own;
  if (noun === "review" || noun === "chat_room") return null;
  const { statements } = context;
  const args = { workspace_id: actor.workspaceId, external_id: text };
  const find: Record<typeof noun, () => Tx<readonly { readonly id: number }[]>> = {
    business: () => statements.businesses.byExternalId(args),
    client: () => statements.clients.byExternalId(args),
    service: () => statements.services.byExternalId(args),
    appointment: () => statements.appointments.byExternalId(args),
  };
  const [row] = await context.house.read("look for an own id", find[noun]);
  return row?.id ?? null;
}

/** Refuses a row of another workspace as if it were not there. */
export function requireOwn<Row extends { readonly workspace_id: number }>(
  actor: ProgramActor,
  noun: Noun,
  row: Row | undefined,
): Row {
  if (row === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no such ${words[noun]}.`);
  return row;
}
