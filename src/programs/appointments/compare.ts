import type { Composed } from "./compose.ts";
import type { AppointmentRow, MessageRow, MessageStatus } from "./rows.ts";
import { type Dropped, afterwards, isStillRight } from "./rules.ts";

/** A message to be stored: anew, or in the row that was withdrawn or dropped before. */
export type Told = { readonly composed: Composed; readonly row: MessageRow | null };
/** What is not told, to be stored for whoever asks why. */
export type NotTold = {
  readonly kind: string;
  readonly at: number;
  readonly status: "dropped" | "expired";
  readonly reason: string;
};

/** What has to happen so that the rows say what is wanted. */
export type Difference = {
  readonly withdraw: readonly { readonly row: MessageRow; readonly reason: string }[];
  readonly tell: readonly Told[];
  readonly drop: readonly NotTold[];
};

/** Never told for good: such a row may be used again. */
const unsaid: ReadonlySet<MessageStatus> = new Set<MessageStatus>(["withdrawn", "dropped"]);

/**
 * Compares what is wanted with what is there. In each round a message is told once: a row that was sent, failed or expired
 * stays as it is, whatever is wanted.
 */
export function compare(
  wanted: readonly Composed[],
  dropped: readonly Dropped[],
  appointment: Pick<AppointmentRow, "round" | "status" | "starts_at">,
  messages: readonly MessageRow[],
  now: number,
): Difference {
  const { round, status, starts_at: startsAt } = appointment;
  const rowOf = (kind: string): MessageRow | null =>
    messages.find((row) => row.kind === kind && row.round === round) ?? null;
  const withdraw: { row: MessageRow; reason: string }[] = [];
  const tell: Told[] = [];
  const drop: NotTold[] = [];
  const kept = new Set<MessageRow>();
  for (const composed of wanted) {
    const row = rowOf(composed.kind);
    if (row !== null) kept.add(row);
    if (row !== null && !unsaid.has(row.status) && row.status !== "planned") continue;
    if (row?.status === "planned") {
      // Its time is over, and the one who tells it sees that too.
      if (isSame(row, composed, startsAt) || row.expires_at <= now) continue;
      withdraw.push({ row, reason: composed.channel === null ? "no_address" : "changed" });
    }
    if (composed.expiresAt <= now) addExpired(drop, row, composed);
    else if (composed.channel !== null) tell.push({ composed, row });
    else if (row === null)
      drop.push({ kind: composed.kind, at: composed.at, status: "dropped", reason: "no_address" });
  }
  for (const { kind, at, reason } of dropped) {
    const row = rowOf(kind);
    if (row === null) drop.push({ kind, at, status: "dropped", reason });
    else if (row.status === "planned") {
      kept.add(row);
      withdraw.push({ row, reason });
    }
  }
  for (const row of messages) {
    if (!isOpen(row, now) || kept.has(row) || isStillRight(row.kind, status)) continue;
    withdraw.push({ row, reason: row.round === round ? whyUnwanted(status) : "moved" });
  }
  return { withdraw, tell, drop };
}

/** It may still be told; what has failed, when somebody tries it again. */
function isOpen(row: MessageRow, now: number): boolean {
  return row.status === "planned" || (row.status === "failed" && row.expires_at > now);
}

function whyUnwanted(status: AppointmentRow["status"]): string {
  return status === "pending" || status === "confirmed" ? "changed" : `appointment_${status}`;
}

function addExpired(drop: NotTold[], row: MessageRow | null, { kind, at }: Composed): void {
  if (row === null && afterwards[kind] === undefined)
    drop.push({ kind, at, status: "expired", reason: "expired" });
}

function isSame(row: MessageRow, composed: Composed, startsAt: number): boolean {
  return (
    row.channel === composed.channel &&
    row.at === composed.at &&
    row.expires_at === composed.expiresAt &&
    row.starts_at === startsAt &&
    row.digest === composed.digest
  );
}
