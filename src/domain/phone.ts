/** A number as E.164 ("+12125550100"), or why the text is none, and what to write instead. */
export type PhoneParse =
  | { readonly ok: true; readonly e164: string }
  | {
      readonly ok: false;
      readonly code: "phone_invalid";
      readonly detail: string;
      readonly hint: string;
    };

/** What a numbering-plan library says of an E.164 number; `type` in libphonenumber's words, such as "PREMIUM_RATE". */
export type PhoneFacts = {
  readonly possible: boolean;
  readonly valid: boolean;
  readonly type?: string | undefined;
  readonly country?: string | undefined;
  /** The digits after the calling code. */
  readonly national?: string | undefined;
};

/** Looks a number up in a numbering plan; `system/phone-metadata` has one. */
export type PhoneMetadata = (e164: string) => PhoneFacts;

/** The zones in which the numbers of a prefix may lie; the key is the prefix's digits as an integer. */
export type PrefixZones = ReadonlyMap<number, readonly string[]>;

const E164 = /^\+[1-9]\d{6,14}$/;

/**
 * Takes only E.164 as it is written down: "+", a country code, 7 to 15 ASCII digits in all. Nothing is repaired, because a
 * number that was guessed rings a stranger; the hint shows the cleaned form for a person to confirm.
 */
export function parsePhone(text: unknown): PhoneParse {
  if (typeof text === "string" && E164.test(text)) return { ok: true, e164: text };
  const [detail, hint] = whyNotAPhone(text);
  return { ok: false, code: "phone_invalid", detail, hint };
}

/** What is wrong with a text that is no number, and what to write instead, in one sentence. */
export function phoneFault(fault: { readonly detail: string; readonly hint: string }): string {
  return fault.hint === "" ? `${fault.detail}.` : `${fault.detail}: ${fault.hint}.`;
}

/** Sentences on what looks wrong with a well-formed number. They never stop a call. */
export function phoneWarnings(e164: string, metadata: PhoneMetadata): string[] {
  if (isFictional(e164))
    return ["the number is reserved for films and tests (555-0100 to 555-0199): nobody answers there"];
  const facts = metadata(e164);
  if (!facts.possible) return ["the number has a length that no number of its country has"];
  if (!facts.valid) return ["the number is in no range that its country has given out"];
  const kind = COSTLY[facts.type ?? ""];
  return kind === undefined ? [] : [`the number is ${kind}: calling it may cost more than usual`];
}

/** Hides the middle of a number for logs: "+12125550100" → "+1212*****00". What is no number is hidden altogether. */
export function redactPhone(e164: string): string {
  if (!E164.test(e164)) return "*****";
  const shown = Math.min(4, e164.length - 8);
  return `${e164.slice(0, 1 + Math.max(shown, 1))}*****${e164.slice(-2)}`;
}

/** The zones in which a number may be, by its longest known prefix; empty when none is known. */
export function zonesOfPhone(e164: string, prefixes: PrefixZones): readonly string[] {
  let zones = NO_ZONES;
  let prefix = 0;
  for (let i = 1; i < e164.length && i <= PREFIX_LENGTH_MAX; i += 1) {
    prefix = prefix * 10 + e164.charCodeAt(i) - 48;
    zones = prefixes.get(prefix) ?? zones;
  }
  return zones;
}

const NO_ZONES: readonly string[] = [];
const PREFIX_LENGTH_MAX = 9;

const COSTLY: Readonly<Record<string, string>> = {
  PREMIUM_RATE: "a premium-rate number",
  SHARED_COST: "a shared-cost number",
  UAN: "a company-wide access number",
  PAGER: "a pager",
  PERSONAL_NUMBER: "a personal (follow-me) number",
};

/** 555-0100 to 555-0199 in any area code of the North American plan (ATIS-0300115). */
export function isFictional(e164: string): boolean {
  return /^\+1[2-9]\d\d55501\d\d$/.test(e164);
}

function whyNotAPhone(text: unknown): [detail: string, hint: string] {
  if (typeof text === "number") {
    return [
      "the phone number is a number, not a text",
      `write it in quotes with its country code: ${EXAMPLE}`,
    ];
  }
  if (typeof text !== "string") return ["the phone number is not a text", `write it like ${EXAMPLE}`];
  if (text === "") return ["the phone number is empty", `write it like ${EXAMPLE}`];
  if (text.length > 64) return ["the phone number is too long", "a number has at most 15 digits"];
  if (/^\s*\+?\d+(?:[.,]\d+)?[eE]\+?\d{1,3}\s*$/.test(text)) return EXCEL;
  if (/[^ -~]/.test(text.replace(SEPARATORS, ""))) {
    return [
      "the phone number has characters other than the digits 0-9",
      `use only + and 0-9, like ${EXAMPLE}`,
    ];
  }
  if (/[a-z]/i.test(text.replace(/^tel:/i, ""))) {
    return [
      "the phone number has letters",
      `use only + and 0-9, like ${EXAMPLE}; extensions cannot be dialed`,
    ];
  }
  return whyNotE164(text.replace(/^tel:/i, "").replace(SEPARATORS, ""));
}

function whyNotE164(cleaned: string): [detail: string, hint: string] {
  if (E164.test(cleaned)) {
    return ["the phone number has blanks or punctuation", `write it without them: ${cleaned}`];
  }
  if (E164.test(cleaned.replace(/^\+?00/, "+"))) {
    return ["the phone number starts with 00", `write + instead: ${cleaned.replace(/^\+?00/, "+")}`];
  }
  if (cleaned.startsWith("+0")) return ["no country code starts with 0", `write it like ${EXAMPLE}`];
  if (/^\d+$/.test(cleaned)) {
    return ["the phone number has no country code", `start with + and the country code, like ${EXAMPLE}`];
  }
  if (!/^\+\d+$/.test(cleaned)) {
    return ["the phone number has characters other than + and digits", `write it like ${EXAMPLE}`];
  }
  const digits = cleaned.length - 1;
  return [`the phone number has ${digits} digits`, `a number has 7 to 15 digits, like ${EXAMPLE}`];
}

const EXAMPLE = "+12125550100";

const EXCEL: [string, string] = [
  "the phone number was turned into scientific notation by a spreadsheet, and its last digits are lost",
  "in Excel, format the column as Text, enter the numbers again and export once more",
];

/** Blanks, dashes, dots, parentheses and slashes that people write into numbers, also the typographic and invisible ones. */
const SEPARATORS = /[\s\u00a0\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202f\u2060-\u2069\ufeff\u2212.()/-]/gu;
