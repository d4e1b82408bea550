import { readInstant } from "./instant.ts";
import type { Word } from "./report.ts";

/** A call as Twilio shows it (https://www.twilio.com/docs/voice/api/call-resource#call-properties), as far as it is read. */
export type Resource = {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly status: string;
  readonly direction: string;
  readonly answeredBy: string | null;
  readonly durationSeconds: number | null;
  /** UTC ms. */
  readonly createdAt: number;
  readonly startAt: number | null;
  readonly endAt: number | null;
};

/** Null when it is not a call of Twilio's. */
export function readResource(value: unknown): Resource | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  const sid = text("sid");
  const createdAt = readInstant(text("date_created"));
  if (!/^CA[0-9a-zA-Z]{1,62}$/.test(sid) || text("status") === "") return null;
  const duration = text("duration");
  return {
    sid,
    to: text("to"),
    from: text("from"),
    status: text("status"),
    direction: text("direction"),
    answeredBy: text("answered_by") === "" ? null : text("answered_by"),
    durationSeconds: /^\d{1,9}$/.test(duration) ? Number(duration) : null,
    createdAt: createdAt ?? 0,
    startAt: readInstant(text("start_time")),
    endAt: readInstant(text("end_time")),
  };
}

/** What the resource says, at the instants that it gives; `now` (UTC ms) where it gives none. */
export function wordsOf(
  call: Resource,
  proof: Word["proof"],
  now: number,
  errorCode?: number,
): readonly Word[] {
  const word = (status: string, at: number): Word => ({
    callSid: call.sid,
    status,
    at: Math.min(at, now),
    key: `${call.sid}:asked:${status}`,
    proof,
  });
  const accepted = word("queued", call.createdAt === 0 ? now : call.createdAt);
  if (call.status === "queued" || call.status === "initiated") return [accepted];
  return [
    accepted,
    {
      ...word(
        call.status,
        call.status === "in-progress" ? (call.startAt ?? now) : (call.endAt ?? call.startAt ?? now),
      ),
      ...(call.answeredBy !== null && { answeredBy: call.answeredBy }),
      ...(call.durationSeconds !== null && { durationSeconds: call.durationSeconds }),
      ...(errorCode !== undefined && { errorCode }),
    },
  ];
}
