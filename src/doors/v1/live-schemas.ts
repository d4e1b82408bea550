import { type Static, Type } from "typebox";

import { numberTypes } from "../../domain/destination.ts";

import {
  answer,
  label,
  nullable,
  oneOf,
  pageOf,
  patchOf,
  strict,
  utc,
  utcOrNull,
} from "../../ports/http/schema-parts.ts";

const amount = Type.String({ description: "Decimal text, at most six decimals.", example: "0.0145" });
const amountIn = Type.String({ maxLength: 20, description: "Decimal text.", example: "0.0145" });
const limitIn = nullable("string", "Decimal text; null: without limit.");

const prices = Type.Array(Type.Object({ prefix: Type.String(), per_minute: amount }));
const money = Type.Object(
  { reserved: amount, spent: amount, overspent: amount },
  { description: "Reserved for calls under way, spent, and charged beyond what was reserved." },
);
export const budget = answer("Budget", {
  line: Type.String(),
  currency: Type.String(),
  price_per_minute: amount,
  prices,
  per_call_max: nullable("string"),
  per_hour_max: nullable("string"),
  per_day_max: nullable("string"),
  this_hour: money,
  today: money,
});
export type BudgetJson = Static<typeof budget>;
export const budgetPatch = patchOf(
  "BudgetPatch",
  strict("BudgetPatch", {
    currency: Type.String({ minLength: 1, maxLength: 8, description: "A label.", example: "USD" }),
    price_per_minute: amountIn,
    prices: Type.Array(
      Type.Object(
        { prefix: Type.String({ maxLength: 16, example: "+44" }), per_minute: amountIn },
        { additionalProperties: false },
      ),
      { maxItems: 500, description: "By the beginning of the number; the longest one counts." },
    ),
    per_call_max: limitIn,
    per_hour_max: limitIn,
    per_day_max: limitIn,
  }),
);
export type BudgetPatch = Static<typeof budgetPatch>;

export const country = answer("LiveCountry", {
  country: Type.String({ description: "ISO 3166.", example: "GB" }),
  status: oneOf(
    ["allowed", "refused", "waiting", "home"],
    "waiting: a call wants to go there, and a person has to decide. home: the country of a line's caller id.",
  ),
  changed_at: utcOrNull,
  changed_by: nullable("string"),
});
export type CountryJson = Static<typeof country>;
export const countryPatch = strict("LiveCountryPatch", { status: oneOf(["allowed", "refused"]) });
export type CountryPatch = Static<typeof countryPatch>;

export const live = answer("Live", {
  workspace: Type.String(),
  mode: oneOf(
    ["canary", "open"],
    "canary: nothing but the allow-list is called on lines that can ring people.",
  ),
  opened_at: utcOrNull,
  opened_by: nullable("string"),
  numbers: Type.Integer({ description: "How many are on the allow-list." }),
  number_types: Type.Array(Type.String()),
  block_hour_max: Type.Integer(),
  countries: Type.Array(country),
  lines: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      carrier: Type.String(),
      guarded: Type.Boolean({ description: "It calls only whom the workspace allows." }),
      home_country: nullable("string"),
      budget: Type.Unsafe<BudgetJson | null>({ ...budget, type: ["object", "null"] }),
    }),
  ),
  warnings: Type.Array(Type.String()),
});
export type LiveJson = Static<typeof live>;
export const livePatch = patchOf(
  "LivePatch",
  strict("LivePatch", {
    number_types: Type.Array(oneOf(numberTypes), {
      maxItems: numberTypes.length,
      description: "Kinds of numbers that are called when the workspace is open.",
    }),
    block_hour_max: Type.Integer({
      minimum: 0,
      maximum: 1000,
      description: "Numbers of one block of a thousand that may be called in an hour; 0: without limit.",
    }),
  }),
);
export type LivePatch = Static<typeof livePatch>;

export const liveOpen = strict("LiveOpen", { confirm: label("The name of the workspace.") });
export type LiveOpen = Static<typeof liveOpen>;

export const numberCreate = strict("LiveNumberCreate", {
  to: Type.String({ maxLength: 64, description: "E.164." }),
  note: Type.Optional(label("Whose it is, for people to read.")),
});
export type NumberCreate = Static<typeof numberCreate>;
export const number = answer("LiveNumber", {
  id: Type.String(),
  to: Type.String(),
  note: nullable("string"),
  created_by: Type.String(),
  created_at: utc,
});
export type NumberJson = Static<typeof number>;
export const numberPage = pageOf("LiveNumberPage", number);
