import type { PhoneMetadata } from "./phone.ts";

/** Kinds of numbers that a workspace may choose to call or not. */
export const numberTypes = ["fixed_line", "mobile", "voip", "toll_free", "personal", "unassigned"] as const;
export type NumberType = (typeof numberTypes)[number];

/** What a workspace calls unless it says otherwise: no follow-me numbers, and nothing outside the ranges given out. */
export const usualNumberTypes: readonly NumberType[] = ["fixed_line", "mobile", "voip", "toll_free"];

/** Numbers that a line which can ring people never calls, each with the words for it. */
export const neverCalled = {
  emergency: "an emergency number",
  service_code: "a service code such as 911 or 411",
  short: "a short number",
  premium: "a premium-rate number",
  shared_cost: "a shared-cost number",
  company_wide: "a company-wide access number",
  pager: "a pager",
  voicemail: "a voicemail access number",
  satellite: "a satellite or ship number",
  worldwide: "a number of no country",
  impossible: "no number that its country can have",
} as const satisfies Record<string, string>;
export type NeverCalled = keyof typeof neverCalled;

/** Where a number leads: to a country (ISO 3166, null when the numbering plan does not tell), or to where nobody calls. */
export type Destination =
  | { readonly kind: "ordinary"; readonly country: string | null; readonly type: NumberType }
  | { readonly kind: "never"; readonly what: NeverCalled };

/**
 * Classifies an E.164 number by what its country has made of its range, never by the calling code alone: +1 is the code of
 * some 25 countries. What the metadata does not know is not taken to be harmless.
 */
export function classifyDestination(e164: string, metadata: PhoneMetadata): Destination {
  const byDigits = worldwide.find(([prefix]) => prefix.test(e164))?.[1];
  if (byDigits !== undefined) return { kind: "never", what: byDigits };
  const facts = metadata(e164);
  const known = facts.type === undefined ? undefined : types[facts.type];
  if (facts.valid && known !== undefined) {
    return isNever(known)
      ? { kind: "never", what: known }
      : { kind: "ordinary", country: facts.country ?? null, type: known };
  }
  // A number without a country is one of the international networks that have joined since this was written.
  if (facts.valid && facts.country === undefined) return { kind: "never", what: "worldwide" };
  const national = facts.national ?? e164.replace(/^\+\d{1,3}/, "");
  if (emergency.test(national)) return { kind: "never", what: "emergency" };
  if (national.length <= shortMax) return { kind: "never", what: "short" };
  if (!facts.possible) return { kind: "never", what: "impossible" };
  return { kind: "ordinary", country: facts.country ?? null, type: "unassigned" };
}

/** The block of a thousand numbers that a number lies in. Numbers of one block are called in a row by whoever earns by it. */
export function blockOf(e164: string): string {
  return e164.slice(0, -3);
}

/** What a workspace allows its real lines. `listed` numbers are the ones a person has named. */
export type LiveRules = {
  readonly isOpen: boolean;
  readonly numberTypes: readonly NumberType[];
  readonly countries: ReadonlyMap<string, "allowed" | "refused" | "waiting">;
};

/** Whether a number may be rung. `wait`: not now, until a person decides; `never`: not at all under these rules. */
export type Judgement =
  | { readonly kind: "ring" }
  | {
      readonly kind: "wait";
      readonly reason: "not_on_allow_list" | "country_approval";
      readonly country: string | null;
    }
  | { readonly kind: "never"; readonly detail: string };

/**
 * Judges a destination. A number on the allow-list needs no country and no usual type; the numbers nobody calls stay what
 * they are. `homeCountry` is the country of the line's caller id, which needs no approval unless it was refused.
 */
export function judgeDestination(
  rules: LiveRules,
  destination: Destination,
  listed: boolean,
  homeCountry: string | null,
): Judgement {
  if (destination.kind === "never")
    return { kind: "never", detail: `It is ${neverCalled[destination.what]}.` };
  if (listed) return ring;
  const { country, type } = destination;
  if (!rules.isOpen) return { kind: "wait", reason: "not_on_allow_list", country };
  if (!rules.numberTypes.includes(type))
    return { kind: "never", detail: `It is ${typeWords[type]}, and the workspace does not call those.` };
  if (country === null)
    return { kind: "never", detail: "The numbering plan does not say which country it is in." };
  const decided = rules.countries.get(country);
  if (decided === "refused") return { kind: "never", detail: `Calls to ${country} are refused.` };
  if (decided === "allowed" || country === homeCountry) return ring;
  return { kind: "wait", reason: "country_approval", country };
}

const ring: Judgement = { kind: "ring" };

const typeWords = {
  fixed_line: "a fixed line",
  mobile: "a mobile number",
  voip: "a VoIP number",
  toll_free: "a toll-free number",
  personal: "a personal (follow-me) number",
  unassigned: "in no range that its country has given out",
} as const satisfies Record<NumberType, string>;

const shortMax = 6;

/** As a whole national number (3GPP TS 22.101, national practice): nobody dials these by machine. */
const emergency = /^(?:0|1)?(?:112|911|999|000|110|118|119|122|190|191|192|193|100|101|102|103|108)$/;

/** What the digits alone decide, whatever the metadata says. Assigned codes: ITU-T E.164 list. */
const worldwide: readonly (readonly [RegExp, NeverCalled])[] = [
  // N11 is no area code of the North American plan; 555-1212 is its directory assistance, 976 its pay-per-call exchange.
  [/^\+1[2-9]11/, "service_code"],
  [/^\+1[2-9]\d\d5551212$/, "service_code"],
  [/^\+1[2-9]\d\d976\d{4}$/, "premium"],
  [/^\+1900/, "premium"],
  [/^\+870/, "satellite"],
  [/^\+881/, "satellite"],
  [/^\+88[23]/, "satellite"],
  [/^\+979/, "premium"],
  [/^\+808/, "shared_cost"],
  [/^\+(?:800|878|888|991|999)/, "worldwide"],
];

/** The types of libphonenumber. */
const types: Readonly<Record<string, NumberType | NeverCalled>> = {
  FIXED_LINE: "fixed_line",
  FIXED_LINE_OR_MOBILE: "mobile",
  MOBILE: "mobile",
  VOIP: "voip",
  TOLL_FREE: "toll_free",
  PERSONAL_NUMBER: "personal",
  PREMIUM_RATE: "premium",
  SHARED_COST: "shared_cost",
  UAN: "company_wide",
  PAGER: "pager",
  VOICEMAIL: "voicemail",
};

function isNever(type: NumberType | NeverCalled): type is NeverCalled {
  return type in neverCalled;
}
