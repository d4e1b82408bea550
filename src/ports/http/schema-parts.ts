import { type TObject, type TProperties, type TSchema, type TUnsafe, Type } from "typebox";

/** A value or null, in the one form that both JSON Schema 2020 and the serializer's fast path know. */
export function nullable<T extends "string" | "integer" | "number">(
  type: T,
  description?: string,
): TUnsafe<(T extends "string" ? string : number) | null> {
  return Type.Unsafe({ type: [type, "null"], ...(description === undefined ? {} : { description }) });
}

/** An object that takes no other members, named in the API's description. */
export function strict<P extends TProperties>(name: string, properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, "x-name": name });
}

/** An answer: what is not listed is left out of it. */
export function answer<P extends TProperties>(name: string, properties: P): TObject<P> {
  return Type.Object(properties, { "x-name": name });
}

/** Every member optional, for PATCH (JSON merge patch, RFC 7396). */
export function patchOf<P extends TProperties>(name: string, whole: TObject<P>) {
  return Type.Partial(whole, { additionalProperties: false, minProperties: 1, "x-name": name });
}

/** A page of a list. */
export function pageOf<T extends TSchema>(name: string, item: T) {
  return answer(name, {
    data: Type.Array(item),
    has_more: Type.Boolean(),
    next_cursor: nullable("string", "Pass it as cursor to get the next page."),
  });
}

/** Any JSON object. */
export const anyObject = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: "object",
  additionalProperties: true,
});

/** One of some words, without the costly anyOf. */
export function oneOf<const Words extends readonly string[]>(words: Words, description?: string) {
  return Type.Unsafe<Words[number]>({
    type: "string",
    enum: [...words],
    ...(description === undefined ? {} : { description }),
  });
}

export const utc = Type.String({ description: "UTC, RFC 3339.", example: "2026-12-01T15:00:00Z" });
export const utcOrNull = nullable("string", "UTC, RFC 3339.");
export const duration = (description: string, example: string) =>
  Type.String({ maxLength: 32, description, example });
export const label = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });

/** POSTs that say nothing: no body, or an empty object. */
export const nothing = Type.Unsafe<Record<string, never> | null>({
  type: ["object", "null"],
  additionalProperties: false,
});

export const idParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });

const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const range = { type: "string", maxLength: 32, example: "09:00-20:00" };
/** Ranges of local time by weekday. */
export const weekly = Type.Unsafe<Readonly<Record<string, readonly string[]>>>({
  type: "object",
  additionalProperties: false,
  description: "Ranges of local time by weekday; a day that is absent is closed.",
  properties: Object.fromEntries(weekdays.map((day) => [day, { type: "array", maxItems: 24, items: range }])),
});
