import type { Outcome } from "../../domain/outcome.ts";
import type { Report } from "../../domain/report.ts";
import { outcomeOfSip } from "../../domain/sip.ts";
import { faultOfCode } from "./errors.ts";

/** What a callback, or a call's resource, says of one call. */
export type Word = {
  readonly callSid: string;
  /** Twilio's own: queued, initiated, ringing, in-progress, completed, busy, no-answer, failed, canceled. */
  readonly status: string;
  /** UTC ms. */
  readonly at: number;
  /** Unique for this message. */
  readonly key: string;
  readonly sequence?: number;
  readonly answeredBy?: string;
  /** Seconds from answer to end. */
  readonly durationSeconds?: number;
  readonly sipStatus?: number;
  readonly errorCode?: number;
  /** Who answered is told by another callback. */
  readonly answererFollows?: boolean;
  readonly proof: "beep" | "any";
};

/** The word as reports. A status that is not known yet says nothing, and ends nothing. */
export function reportsOf(word: Word): readonly Report[] {
  const answeredBy = answererOf(word.answeredBy, word.proof);
  const base = {
    key: word.key,
    at: word.at,
    carrierRef: word.callSid,
    ...(word.sequence !== undefined && { sequence: word.sequence }),
  };
  switch (word.status) {
    case "queued":
    case "initiated":
      return [{ ...base, kind: "accepted" }];
    case "ringing":
      return [{ ...base, kind: "ringing" }];
    case "in-progress":
      return [{ ...base, kind: "answered", ...(answeredBy !== undefined && { answeredBy }) }];
    case "completed":
      return completed(word, base, answeredBy);
    case "busy":
    case "no-answer":
    case "failed":
    case "canceled":
      return [unanswered(word, base, word.status)];
    default:
      return [];
  }
}

/**
 * Who answered, by Twilio's word for it. Its detection mistakes people for machines, and a person must not be rung again for
 * that: only the beep after a greeting proves a voicemail, unless the line asks for less. Undefined: nothing was said.
 */
export function answererOf(word: string | undefined, proof: Word["proof"]): Report["answeredBy"] {
  if (word === undefined || word === "") return undefined;
  if (word === "human") return "human";
  if (word === "machine_end_beep" || word === "fax") return "machine";
  return proof === "any" && word.startsWith("machine") ? "machine" : "unknown";
}

type Base = Pick<Report, "key" | "at" | "carrierRef" | "sequence">;

/** That it was answered is a report of its own, in case the callback of the answer is lost. */
function completed(word: Word, base: Base, answeredBy: Report["answeredBy"]): readonly Report[] {
  const durationMs = word.durationSeconds === undefined ? undefined : word.durationSeconds * 1000;
  const told = answeredBy === undefined ? undefined : ANSWERED[answeredBy];
  const detail = detailOf(word);
  return [
    {
      ...base,
      kind: "ended",
      outcome: told ?? "answered_unknown",
      ...(answeredBy !== undefined && { answeredBy }),
      ...(durationMs !== undefined && { durationMs }),
      ...(detail !== undefined && { detail }),
      ...(told === undefined && word.answererFollows === true && { answererFollows: true }),
    },
    {
      ...base,
      key: `${base.key}:answered`,
      kind: "answered",
      at: base.at - (durationMs ?? 0),
      ...(answeredBy !== undefined && { answeredBy }),
    },
  ];
}

const ANSWERED = {
  human: "answered_human",
  machine: "answered_machine",
  unknown: "answered_unknown",
} as const satisfies Record<string, Outcome>;

type Unanswered = "busy" | "no-answer" | "failed" | "canceled";

function unanswered(word: Word, base: Base, status: Unanswered): Report {
  const fault = word.errorCode === undefined ? null : faultOfCode(word.errorCode);
  const detail = detailOf(word);
  const common = { ...base, kind: "ended", ...(detail !== undefined && { detail }) } as const;
  // Whoever heard our error message has answered, and is not to be called again for it.
  if (fault?.about === "answered") return { ...common, outcome: "answered_unknown" };
  const isOurs = fault?.about === "call" || fault?.about === "line";
  const outcome = outcomeFor(word, status, fault);
  return {
    ...common,
    outcome,
    ...(isOurs && { isOurs: true }),
    ...(status === "canceled" && { isCanceled: true }),
  };
}

/** The status says the most; the code of the error, then that of SIP, say more where it leaves something open. */
function outcomeFor(word: Word, status: Unanswered, fault: ReturnType<typeof faultOfCode>): Outcome {
  const sip = word.sipStatus === undefined ? null : outcomeOfSip(word.sipStatus);
  if (status === "busy") return "busy";
  if (status === "canceled") return "no_answer";
  if (status === "no-answer") return sip === "declined" || sip === "blocked" ? sip : "no_answer";
  if (fault !== null && "outcome" in fault) return fault.outcome;
  if (fault !== null) return "carrier_error";
  return sip ?? "unreachable";
}

function detailOf(word: Word): string | undefined {
  const parts = [
    ...(word.errorCode === undefined ? [] : [`Twilio ${word.errorCode}`]),
    ...(word.sipStatus === undefined || word.sipStatus === 200 ? [] : [`SIP ${word.sipStatus}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}
