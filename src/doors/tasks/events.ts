import { reasons } from "../../domain/call.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { CallView, EventView } from "../../engine/engine.ts";

/** One line of a task's log. */
export type TaskEvent = {
  /** Rises within the task, from 1. */
  readonly id: number;
  readonly tsUtc: string;
  readonly level: Level;
  readonly message: string;
};
type Level = "INFO" | "WARN" | "ERROR";
type Line = readonly [Level, string];

/** A call's ledger in the words of the service. Every entry is one event, so that ids stay what they are. */
export function eventsOf(
  call: Pick<CallView, "requestedAt">,
  ledger: readonly EventView[],
  callId: string | null,
): readonly TaskEvent[] {
  const takenAt = ledger.findIndex(({ type }) => type === "call.dispatched");
  return ledger.map((entry, index) => {
    const isTaken = takenAt !== -1 && takenAt < index;
    const [level, message] = words[entry.type]?.(entry, { call, callId, isTaken }) ?? plain(entry);
    return { id: index + 1, tsUtc: secondOf(entry.at), level, message };
  });
}

type About = {
  readonly call: Pick<CallView, "requestedAt">;
  readonly callId: string | null;
  /** The backend had taken the call before this entry: the task was complete. */
  readonly isTaken: boolean;
};

const words: Readonly<Record<string, (entry: EventView, about: About) => Line>> = {
  "call.scheduled": ({ data }) => {
    const [asked, due] = [instantIn(data, "requested_at"), instantIn(data, "due_at")];
    if (asked === null || asked === due) return ["INFO", `Task created, scheduled for ${due ?? "now"}`];
    return ["INFO", `Task created, scheduled for ${asked}; calling hours move it to ${due ?? asked}`];
  },
  "call.rescheduled": ({ data }) => ["INFO", `Task rescheduled for ${instantIn(data, "due_at") ?? "now"}`],
  "call.moved": (entry) => [
    "WARN",
    `Task moved to ${instantIn(entry.data, "due_at") ?? "a later time"}: ${why(entry)}`,
  ],
  "call.dialing": () => ["INFO", "Task execution started"],
  "call.dispatched": (_entry, { callId }) => ["INFO", taken(callId)],
  "call.completed": (entry, { callId, isTaken }) =>
    isTaken ? ["INFO", `The call ended: ${ending(entry)}`] : ["INFO", `${taken(callId)}${detail(entry)}`],
  "call.failed": (entry, { isTaken }) =>
    isTaken ? ["WARN", `The call ended: ${ending(entry)}`] : ["ERROR", `Task failed: ${ending(entry)}`],
  "call.retry_planned": (entry) => [
    "WARN",
    `The call ended: ${ending(entry)}; another attempt is planned for ${instantIn(entry.data, "due_at") ?? "later"}`,
  ],
  "call.released": (entry) => ["WARN", `Task execution put off: ${why(entry)}`],
  "call.unconfirmed": () => [
    "WARN",
    "The backend's answer is not known; the call may have been placed, so it is not placed again",
  ],
  "call.needs_review": (entry) => ["ERROR", `Task failed: ${why(entry)}${detail(entry)}`],
  "call.expired": (entry) => ["ERROR", `Task failed: EXPIRED, ${why(entry)}`],
  "call.skipped": (entry) => ["WARN", `Task canceled: ${why(entry)}`],
  "call.canceled": () => ["INFO", "Task canceled"],
  "call.paused": () => ["INFO", "Task paused"],
  "call.resumed": () => ["INFO", "Task resumed"],
  "call.ringing": () => ["INFO", "The call rings"],
  "call.answered": () => ["INFO", "The call was answered"],
};

/** What the service has no words for is named as in the event stream. */
function plain(entry: EventView): Line {
  return ["INFO", `${entry.type}${entry.reason === null ? "" : `: ${why(entry)}`}`];
}

function taken(callId: string | null): string {
  return `Task completed successfully${callId === null ? "" : `, callId ${callId}`}`;
}

function ending(entry: EventView): string {
  const { outcome, detail: said } = entry.data;
  if (typeof said === "string" && said !== "") return said;
  return typeof outcome === "string" ? outcome : why(entry);
}

function detail({ data }: EventView): string {
  return typeof data["detail"] === "string" && data["detail"] !== "" ? ` (${data["detail"]})` : "";
}

function why({ reason }: EventView): string {
  if (reason === null) return "for no stated reason";
  return Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : reason;
}

function instantIn(data: Readonly<Record<string, unknown>>, name: string): string | null {
  const at = data[name];
  return typeof at === "number" ? secondOf(at) : null;
}

/** The service's form of an instant: UTC, whole seconds. Clients' parsers expect it without fractions. */
export function secondOf(at: number): string {
  return formatUtc(at - (at % 1000));
}
