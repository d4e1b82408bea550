import { type JsonObject, asObject } from "../../domain/json-object.ts";

/** A message of LiveKit's protocol as JSON. */
export type Fields = JsonObject;

/**
 * A member by its name in the protocol, such as `sip_call_id`. JSON of protobuf may write it as `sipCallId` as well, and
 * leaves out what has its default (https://protobuf.dev/programming-guides/json).
 */
export function member(fields: Fields | null, name: string): unknown {
  return (
    fields?.[name] ?? fields?.[name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())]
  );
}

export function textIn(fields: Fields | null, name: string): string {
  const value = member(fields, name);
  return typeof value === "string" ? value : "";
}

/** A whole number; 64-bit ones are written as text. Zero when there is none. */
export function countIn(fields: Fields | null, name: string): number {
  const value = member(fields, name);
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value : "";
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** The messages of a list; what is none is left out. */
export function messagesIn(fields: Fields | null, name: string): readonly Fields[] {
  const value = member(fields, name);
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) => asObject(one)).filter((one) => one !== null);
}

/** The texts of a list. */
export function textsIn(fields: Fields | null, name: string): readonly string[] {
  const value = member(fields, name);
  return Array.isArray(value) ? value.filter((one: unknown) => typeof one === "string") : [];
}
