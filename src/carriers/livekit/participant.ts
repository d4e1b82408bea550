import { asObject } from "../../domain/json-object.ts";
import { isDisposition } from "../../domain/outcome.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Report } from "../../domain/report.ts";
import { countIn, member, messagesIn, textIn } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { identityOf } from "./room.ts";
import type { LiveKitSettings } from "./settings.ts";

/** A phone in a room, as LiveKit shows it. */
export type Phone = {
  readonly identity: string;
  /** `SCL_…`, else the participant's own id. */
  readonly callRef: string;
  /** `dialing`, `ringing`, `automation` (it was answered, and digits are pressed), `active`, `hangup`; empty when not said. */
  readonly callStatus: string;
  /** When it came into the room, which is before it rings (UTC ms). */
  readonly joinedAt: number | null;
  readonly reason: string;
  /** What an agent wrote into the attributes. */
  readonly answeredBy: NonNullable<Report["answeredBy"]> | null;
  readonly disposition: string | null;
};

/** The phone of an attempt among a room's participants, and whether anybody else is there who is no agent. */
export function phoneAmong(
  message: Fields,
  attemptKey: string,
): { readonly phone: Phone | null; readonly others: number } {
  const all = messagesIn(message, "participants");
  const own = all.find((one) => textIn(one, "identity") === identityOf(attemptKey));
  const isGone = own !== undefined && [3, "DISCONNECTED"].some((state) => member(own, "state") === state);
  return {
    phone: own === undefined || isGone ? null : readPhone(own),
    others: all.filter((one) => one !== own && !HELPERS.some((kind) => member(one, "kind") === kind)).length,
  };
}

/** They neither open a room nor keep it open. */
const HELPERS: readonly (number | string)[] = ["AGENT", "EGRESS", 2, 4];

export function readPhone(participant: Fields): Phone {
  const attributes = asObject(member(participant, "attributes"));
  const text = (name: string): string => {
    const value = attributes?.[name];
    return typeof value === "string" ? value.slice(0, 200) : "";
  };
  const joinedAt = countIn(participant, "joined_at_ms") || countIn(participant, "joined_at") * 1000;
  const answeredBy = text("carillon.answered_by");
  return {
    identity: textIn(participant, "identity"),
    callRef: text("sip.callID") || textIn(participant, "sid"),
    callStatus: text("sip.callStatus"),
    joinedAt: joinedAt === 0 ? null : joinedAt,
    reason:
      textIn(participant, "disconnect_reason") ||
      (REASONS[countIn(participant, "disconnect_reason")] ?? "an unknown reason"),
    answeredBy: isAnswerer(answeredBy) ? answeredBy : null,
    disposition: dispositionOf(text("carillon.disposition")),
  };
}

/** What is true of a phone that is in its room; `at` in UTC ms. Somebody is on the line at `active`, not before. */
export function stateOf(phone: Phone, at: number, key: string): readonly Report[] {
  const { callRef: carrierRef, callStatus } = phone;
  const accepted: Report = {
    key: `${key}:accepted`,
    kind: "accepted",
    at: Math.min(phone.joinedAt ?? at, at),
    carrierRef,
  };
  if (callStatus === "ringing" || callStatus === "automation")
    return [accepted, { key, kind: "ringing", at, carrierRef }];
  if (callStatus === "active" || callStatus === "hangup")
    return [accepted, { key, kind: "answered", at, carrierRef, ...wordsOf(phone) }];
  return [accepted];
}

/**
 * What it says that a phone has left its room; `at` in UTC ms. Whether it had been answered is in its last status alone:
 * the reasons for leaving do not tell. Empty where the phone may come back, or only the room's end is known.
 */
export function endOf(
  phone: Phone,
  at: number,
  key: string,
  settings: Pick<LiveKitSettings, "wait_until_answered" | "rejected_means">,
): readonly Report[] {
  const { callRef: carrierRef, reason } = phone;
  if (RETURNING.includes(reason)) return [];
  const base = { key, at, carrierRef } as const;
  const detail = reason === "UNKNOWN_REASON" ? "LiveKit gives no reason" : `LiveKit ${reason}`;
  const hasTalked = phone.answeredBy !== null || phone.disposition !== null;
  if (ANSWERED.includes(phone.callStatus) || hasTalked) {
    const outcome = answers[phone.answeredBy ?? "unknown"];
    const words = wordsOf(phone);
    return [
      { ...base, kind: "ended", outcome, ...words, ...(!USUAL_ENDS.includes(reason) && { detail }) },
      // In case nobody asked while it was answered. No earlier instant is known.
      { ...base, key: `${key}:answered`, kind: "answered", ...words },
    ];
  }
  if (REMOVED.includes(reason))
    return [{ ...base, kind: "ended", outcome: "no_answer", isCanceled: true, detail }];
  if (reason === "USER_REJECTED") {
    // With the SIP status to come in the answer to the request, which then weighs more than a guess.
    const outcome = settings.wait_until_answered === true ? "busy" : (settings.rejected_means ?? "declined");
    return [{ ...base, kind: "ended", outcome, detail }];
  }
  const outcome = UNANSWERED[reason];
  // It left as after a conversation, and its status does not tell of one: nobody may be rung again on a guess.
  if (outcome === undefined) return [{ ...base, kind: "review", detail: `${detail}, after it was dialed` }];
  return [{ ...base, kind: "ended", outcome, detail }];
}

/** The numbers of https://github.com/livekit/protocol `DisconnectReason`. */
const REASONS = [
  "UNKNOWN_REASON",
  "CLIENT_INITIATED",
  "DUPLICATE_IDENTITY",
  "SERVER_SHUTDOWN",
  "PARTICIPANT_REMOVED",
  "ROOM_DELETED",
  "STATE_MISMATCH",
  "JOIN_FAILURE",
  "MIGRATION",
  "SIGNAL_CLOSE",
  "ROOM_CLOSED",
  "USER_UNAVAILABLE",
  "USER_REJECTED",
  "SIP_TRUNK_FAILURE",
  "CONNECTION_TIMEOUT",
  "MEDIA_FAILURE",
  "AGENT_ERROR",
] as const;

/** The room lost the phone, which says nothing of the call: the phone may join again, and is asked for. */
const RETURNING: readonly string[] = [
  "DUPLICATE_IDENTITY",
  "SERVER_SHUTDOWN",
  "STATE_MISMATCH",
  "MIGRATION",
  "SIGNAL_CLOSE",
  "CONNECTION_TIMEOUT",
];
/** Once it was picked up; `automation` too, so that nobody who heard our digits is rung again. */
const ANSWERED: readonly string[] = ["active", "automation", "hangup"];
const REMOVED: readonly string[] = ["PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED"];
const USUAL_ENDS: readonly string[] = ["CLIENT_INITIATED", "UNKNOWN_REASON", ...REMOVED];

const UNANSWERED: Readonly<Record<string, Outcome>> = {
  USER_UNAVAILABLE: "no_answer",
  SIP_TRUNK_FAILURE: "carrier_error",
  JOIN_FAILURE: "carrier_error",
  AGENT_ERROR: "carrier_error",
  // LiveKit's SIP service gives none when the trunk fails.
  UNKNOWN_REASON: "carrier_error",
  // It was picked up, and the two ends could not agree on a codec: whoever heard nothing is not called again for it.
  MEDIA_FAILURE: "answered_unknown",
};

const answers = {
  human: "answered_human",
  machine: "answered_machine",
  unknown: "answered_unknown",
} as const satisfies Record<string, Outcome>;

function wordsOf(phone: Phone): Pick<Report, "answeredBy" | "disposition"> {
  return {
    ...(phone.answeredBy !== null && { answeredBy: phone.answeredBy }),
    ...(phone.disposition !== null && { disposition: phone.disposition }),
  };
}

function isAnswerer(word: string): word is keyof typeof answers {
  return Object.hasOwn(answers, word);
}

/** One of ours, or one of the agent's own. */
function dispositionOf(word: string): string | null {
  if (isDisposition(word)) return word;
  return isDisposition(`custom:${word}`) ? `custom:${word}` : null;
}
