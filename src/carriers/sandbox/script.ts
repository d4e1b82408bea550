import { isDisposition } from "../../domain/outcome.ts";
import type { Outcome } from "../../domain/outcome.ts";
import { scriptOf } from "./numbers.ts";

/** What one script word makes the network do with one attempt. */
export type Behaviour = {
  /**
   * `limited`: the call's first request is refused with Retry-After, the next is taken. `lost_answer`: taken and it rings,
   * but the request times out. `lost_request`: it times out and was never taken.
   */
  readonly request: "taken" | "refused" | "limited" | "lost_answer" | "lost_request";
  /** How the call ends, or what the refusal says. */
  readonly outcome: Outcome;
  readonly answeredBy?: "human" | "machine" | "unknown";
  readonly disposition?: string;
  /** `out`: until the ring time-out. */
  readonly ring: "none" | "short" | "out";
  /** How long somebody talks once it is answered. */
  readonly talk: "usual" | "long" | "brief";
  readonly callbacks: "prompt" | "never" | "twice" | "reversed" | "late";
  /** The carrier's code or words. */
  readonly detail?: string;
  /** For people: "answers". */
  readonly says: string;
};

/**
 * Reads one script word, such as `busy`, `voicemail` or `answered:confirmed`. A word that reaches somebody may carry a
 * disposition after a colon. Undefined when it is not a word.
 */
export function parseScriptWord(text: string): Behaviour | undefined {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const colon = text.indexOf(":");
  const base = colon < 0 ? undefined : WORDS.get(text.slice(0, colon));
  const disposition = text.slice(colon + 1);
  if (base?.answeredBy === undefined || !isDisposition(disposition)) return undefined;
  const says = SAYS[disposition] ?? `says ${disposition}`;
  const behaviour: Behaviour = { ...base, disposition, says: `${base.says}, ${says}` };
  if (WORDS.size < WORDS_MAX) WORDS.set(text, behaviour);
  return behaviour;
}

/** What the sandbox does at a number, for people: "answers, confirms", "busy, then no answer, then answers, confirms". */
export function describeNumber(to: string): string {
  return scriptOf(to)
    .map((word) => parseScriptWord(word)?.says ?? word)
    .join(", then ");
}

const ANSWERED = {
  request: "taken",
  outcome: "answered_human",
  answeredBy: "human",
  ring: "short",
  talk: "usual",
  callbacks: "prompt",
} as const;

/** Nobody answers. */
const UNANSWERED = { request: "taken", ring: "none", talk: "usual", callbacks: "prompt" } as const;

const REFUSED = { request: "refused", ring: "none", talk: "usual", callbacks: "prompt" } as const;

const VOCABULARY = {
  answered: { ...ANSWERED, says: "answers" },
  long: { ...ANSWERED, talk: "long", says: "answers, talks for 10 min" },
  hangs_up: { ...ANSWERED, talk: "brief", says: "answers, hangs up after 2 s" },
  ivr: {
    ...ANSWERED,
    outcome: "answered_unknown",
    answeredBy: "unknown",
    detail: "A menu answered.",
    says: "a menu (IVR) answers",
  },
  voicemail: { ...ANSWERED, outcome: "answered_machine", answeredBy: "machine", says: "voicemail" },
  busy: { ...UNANSWERED, outcome: "busy", detail: "SIP 486 Busy Here", says: "busy" },
  no_answer: { ...UNANSWERED, outcome: "no_answer", ring: "out", says: "rings out" },
  declined: {
    ...UNANSWERED,
    outcome: "declined",
    ring: "short",
    detail: "SIP 603 Decline",
    says: "declines",
  },
  // Called "blocked", not "declined": somebody who marked us as spam must not be tried again.
  spam: {
    ...UNANSWERED,
    outcome: "blocked",
    ring: "short",
    detail: "SIP 607 Unwanted",
    says: "marked as spam",
  },
  invalid_number: {
    ...UNANSWERED,
    outcome: "invalid_number",
    detail: "SIP 404 Not Found",
    says: "invalid number",
  },
  unreachable: {
    ...UNANSWERED,
    outcome: "unreachable",
    detail: "SIP 480 Temporarily Unavailable",
    says: "unreachable",
  },
  blocked: { ...UNANSWERED, outcome: "blocked", detail: "SIP 608 Rejected", says: "blocked" },
  carrier_error: {
    ...UNANSWERED,
    outcome: "carrier_error",
    detail: "SIP 500 Server Internal Error",
    says: "carrier error",
  },
  "503": { ...REFUSED, outcome: "carrier_error", detail: "HTTP 503", says: "carrier refuses (503)" },
  "429": { ...ANSWERED, request: "limited", says: "carrier is full at first (429), then answers" },
  "refused:invalid_number": {
    ...REFUSED,
    outcome: "invalid_number",
    detail: "21217",
    says: "invalid number",
  },
  "refused:unreachable": { ...REFUSED, outcome: "unreachable", detail: "21214", says: "cannot be routed" },
  "refused:not_permitted": {
    ...REFUSED,
    outcome: "blocked",
    detail: "21215: no permission to call this country",
    says: "no international permission",
  },
  "refused:blocked": { ...REFUSED, outcome: "blocked", detail: "21216", says: "blocked" },
  timeout_rang: {
    ...ANSWERED,
    request: "lost_answer",
    says: "our request times out, it rings, answers",
  },
  timeout_not_rang: {
    ...UNANSWERED,
    request: "lost_request",
    outcome: "not_placed",
    says: "our request times out, it does not ring",
  },
  silent: { ...ANSWERED, callbacks: "never", says: "answers, its callbacks never come" },
  duplicate: { ...ANSWERED, callbacks: "twice", says: "answers, its callbacks come twice" },
  out_of_order: { ...ANSWERED, callbacks: "reversed", says: "answers, its callbacks come out of order" },
  late: { ...ANSWERED, callbacks: "late", says: "answers, its last callback comes 60 s late" },
} as const satisfies Record<string, Behaviour>;

/** The words a script may use; those that reach somebody also as `word:disposition`. */
export const scriptWords: readonly string[] = Object.keys(VOCABULARY);

/** The vocabulary, and the combinations met so far. */
const WORDS = new Map<string, Behaviour>(Object.entries(VOCABULARY));
const WORDS_MAX = 1000;

const SAYS: Readonly<Record<string, string>> = {
  confirmed: "confirms",
  renewal_agreed: "agrees to renew",
  reschedule_requested: "asks for another time",
  callback_requested: "asks to be called back",
  wrong_number: "wrong number",
  opt_out: 'says "stop calling"',
  left_message: "takes a message",
};
