import { asObject, readObject } from "../../domain/json-object.ts";
import { fillTemplate, parseTemplate } from "../../domain/template.ts";
import { textIn } from "./fields.ts";
import type { Fields } from "./fields.ts";

/** What a room's name may hold: only what is known of an attempt for ever, since rooms are found again by their names. */
export const ROOM_PLACEHOLDERS = ["attempt_key", "to", "from"] as const;
export const DEFAULT_ROOM_NAME = "carillon-{{attempt_key}}";
/** A LiveKit server takes no longer ones. */
export const ROOM_NAME_MAX = 256;

/** An attempt, as far as its room is concerned. */
export type Roomed = { readonly attemptKey: string; readonly to: string; readonly from: string | null };

/** The name of an attempt's room. No two attempts share one. */
export function roomNameOf(template: string | undefined, attempt: Roomed): string {
  const parsed = parseTemplate(template ?? DEFAULT_ROOM_NAME, ROOM_PLACEHOLDERS);
  if (!parsed.ok) throw new Error("The name of the room does not parse");
  const { attemptKey, to, from } = attempt;
  return String(fillTemplate(parsed.template, { attempt_key: attemptKey, to, from })).slice(0, ROOM_NAME_MAX);
}

/** Who the person on the phone is in that room. */
export function identityOf(attemptKey: string): string {
  return `phone-${attemptKey}`;
}

/** The attempt that a participant is the phone of; null for every other participant. */
export function attemptKeyOfIdentity(identity: string): string | null {
  return /^phone-([0-9A-Za-z_-]{1,100})$/.exec(identity)?.[1] ?? null;
}

/**
 * What we write into a room when we make it, before anybody can be rung. A room that opens anew under the same name, because
 * somebody joins it later, does not have it.
 */
export function markOf(attemptKey: string): string {
  return JSON.stringify({ carillon: { attempt: attemptKey } });
}

/** Is it the very room that was made for the attempt before its request? */
export function isMarked(room: Fields, attemptKey: string): boolean {
  const ours = asObject(readObject(textIn(room, "metadata"))?.["carillon"]);
  return ours !== null && ours["attempt"] === attemptKey;
}
