import { type Reason, hasEnded, reasons } from "../domain/call.ts";
import { type ZoneRules, formatLocal, formatUtc } from "../domain/zone.ts";
import type { Context } from "./context.ts";
import type { Actor, AttemptView, CallView, EventView, Explanation } from "./engine.ts";
import { listCallEvents } from "./events.ts";
import { listAttempts } from "./list.ts";
import { readCall } from "./view.ts";

/** Reads the ledger out: why a call stands as it does, and every step that led there. */
export async function explain(context: Context, actor: Actor, callId: string): Promise<Explanation> {
  const call = await readCall(context, actor, callId);
  const events = await listCallEvents(context, actor, callId);
  const attempts = await listAttempts(context, actor, callId);
  const zone = call.timezone === null ? null : (context.zones.zone(call.timezone) ?? null);
  return {
    call,
    summary: summarize(call, attempts, zone),
    steps: events.map((event) => ({
      at: event.at,
      type: event.type,
      reason: event.reason,
      sentence: sentenceOf(event, zone),
    })),
    attempts,
  };
}

function summarize(call: CallView, attempts: readonly AttemptView[], zone: ZoneRules | null): string {
  const why = reasons[call.waitingFor ?? call.reason];
  const tried = call.attempts === 0 ? "It has not been dialed." : `It was dialed ${times(call.attempts)}.`;
  if (call.status === "completed")
    return `It was completed (${call.outcome ?? "outcome unknown"}${call.disposition === null ? "" : `, ${call.disposition}`}). ${why}`;
  if (call.status === "dialing")
    return `${call.waitingFor === "unconfirmed" ? "Its attempt may or may not have been placed." : "It is being dialed."} ${why === reasons.requested ? "" : why}`.trim();
  if (call.status === "queued")
    return `It has been due since ${when(call.dueAt, zone)} and waits. ${why} ${tried}`;
  if (call.status === "scheduled") return `It will be dialed at ${when(call.dueAt, zone)}. ${why} ${tried}`;
  const last = attempts.at(-1);
  const outcome =
    last?.outcome === undefined || last.outcome === null ? "" : ` The last outcome was ${last.outcome}.`;
  return `It is ${call.status.replace("_", " ")}${hasEnded(call.status) ? "" : " and waits for a person"}. ${why} ${tried}${outcome}`;
}

type Words = (data: Readonly<Record<string, unknown>>, zone: ZoneRules | null) => string;

const sentences: Readonly<Record<string, Words>> = {
  "call.scheduled": (data, zone) =>
    `Scheduled for ${at(data["due_at"], zone)}.${movesOf(data, zone)}${warningsOf(data)}`,
  "call.moved": (data, zone) => `Moved to ${at(data["due_at"], zone)}.`,
  "call.rescheduled": (data, zone) => `Rescheduled to ${at(data["due_at"], zone)}.`,
  "call.resumed": (data, zone) => `Resumed; due at ${at(data["due_at"], zone)}.`,
  "call.paused": () => "Paused.",
  "call.dialing": (data) =>
    `Attempt ${String(data["attempt"])} started ${String(data["start_delay_ms"])} ms after it was due.`,
  "call.dispatched": (data) => `The carrier took attempt ${String(data["attempt"])}.`,
  "call.ringing": () => "It rings.",
  "call.answered": () => "It was answered.",
  "call.unconfirmed": (data) =>
    `The carrier's answer to attempt ${String(data["attempt"])} is not known; it may have rung. It will not be dialed again before that is known.`,
  "call.retry_planned": (data, zone) =>
    `Attempt ${String(data["attempt"])} ended ${outcomeOf(data)}; the next is planned for ${at(data["due_at"], zone)}.${movesOf(data, zone)}`,
  "call.released": (data, zone) =>
    `Attempt ${String(data["attempt"])} did not leave; the call waits again, for ${at(data["due_at"], zone)}.`,
  "call.completed": (data) => `Completed: ${outcomeOf(data)}.`,
  "call.failed": (data) => `Given up after ${outcomeOf(data)}.`,
  "call.expired": () => "Expired before it could be placed.",
  "call.canceled": () => "Canceled.",
  "call.amended": (data) => `Changed: ${[data["fields"]].flat().join(", ")}.`,
  "call.deleted": () => "Taken out of the schedule module's lists.",
  "call.skipped": (data) => (typeof data["detail"] === "string" ? `Skipped. ${data["detail"]}` : "Skipped."),
  "call.needs_review": () => "Waits for a person to say what became of it.",
  "call.corrected": (data) => `A late report of attempt ${String(data["attempt"])} came; it changed nothing.`,
  "policy.renewed": (data) => `A renewal was agreed: the policy runs until ${String(data["to"])}.`,
  "policy.upgraded": () => "Another policy was agreed upon.",
};

function sentenceOf(event: EventView, zone: ZoneRules | null): string {
  const words = sentences[event.type]?.(event.data, zone) ?? event.type;
  const why =
    event.reason !== null && event.reason in reasons && event.reason !== "requested"
      ? ` ${reasons[event.reason as Reason]}`
      : "";
  return `${words}${why}`;
}

function movesOf(data: Readonly<Record<string, unknown>>, zone: ZoneRules | null): string {
  const moves = data["moves"];
  if (!Array.isArray(moves)) return "";
  return moves
    .map((move: { reason?: unknown; rule?: unknown; to?: unknown; detail?: unknown }) => {
      const detail = typeof move.detail === "string" ? ` (${move.detail})` : "";
      return ` Moved to ${at(move.to, zone)} by "${String(move.rule)}": ${String(move.reason).replaceAll("_", " ")}${detail}.`;
    })
    .join("");
}

function warningsOf(data: Readonly<Record<string, unknown>>): string {
  const warnings = data["warnings"];
  return Array.isArray(warnings) ? warnings.map((warning) => ` ${String(warning)}`).join("") : "";
}

function outcomeOf(data: Readonly<Record<string, unknown>>): string {
  const disposition = data["disposition"];
  return `${String(data["outcome"])}${typeof disposition === "string" ? ` (${disposition})` : ""}`;
}

function at(value: unknown, zone: ZoneRules | null): string {
  return typeof value === "number" ? when(value, zone) : "an unknown time";
}

function when(instant: number, zone: ZoneRules | null): string {
  return zone === null ? formatUtc(instant) : `${formatLocal(zone, instant)} ${zone.name}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
