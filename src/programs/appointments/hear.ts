import type { CallListener, ChangedCall, ListenerTx, NotificationListener } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { callPurpose } from "./compose.ts";
import type { Context } from "./context.ts";
import type { AppointmentRow, MessageRow, MessageStatus } from "./rows.ts";
import { messageEvents } from "./rules.ts";

/** What became of notifications, written beside the messages. */
export function hearNotifications({ statements }: Context): NotificationListener {
  const { messages } = statements;
  return {
    events: messageEvents,
    *changed(tx, { id, status }) {
      const [row] = yield* messages.ofNotification({ notification_id: id });
      if (row === undefined) return;
      const became: MessageStatus = status === "pending" ? "planned" : status;
      if (row.status !== became)
        yield* messages.became([{ id: row.id, status: became, reason: null, updated_at: tx.now }]);
    },
  };
}

/** What became of calls that recall an appointment, and what the client said in them. */
export function hearCalls(context: Context): CallListener {
  const { messages } = context.statements;
  return {
    purposes: [callPurpose],
    *changed(tx, call) {
      const [row] = yield* messages.ofCall({ call_id: call.id });
      if (row === undefined) return;
      const became = statusOf(call);
      if (row.status !== became)
        yield* messages.became([
          { id: row.id, status: became, reason: reasonOf(call, became), updated_at: tx.now },
        ]);
      yield* hearAnswer(context, tx, call, row);
    },
  };
}

/**
 * A client who confirmed, or asked for another time. The first word of each is kept, so that a report that comes again, or
 * late, changes nothing; nor does what was said about a start that is no longer agreed.
 */
function* hearAnswer(context: Context, tx: ListenerTx, call: ChangedCall, row: MessageRow): Tx<void> {
  const { appointments } = context.statements;
  const { disposition } = call;
  if (disposition !== "confirmed" && disposition !== "reschedule_requested") return;
  const [appointment] = yield* appointments.lock([{ id: row.appointment_id }]);
  if (appointment === undefined || appointment.starts_at !== row.starts_at) return;
  const column: keyof Pick<AppointmentRow, "client_confirmed_at" | "reschedule_asked_at"> =
    disposition === "confirmed" ? "client_confirmed_at" : "reschedule_asked_at";
  if (appointment[column] !== null) return;
  yield* appointments.answered([{ ...appointment, [column]: tx.now, updated_at: tx.now }]);
  tx.note({
    type: "appointment.answered",
    reason: disposition,
    data: { appointment: context.house.secrets.publicId("appointment", appointment.id) },
  });
}

const statuses: Readonly<Record<ChangedCall["status"], MessageStatus>> = {
  scheduled: "planned",
  dialing: "planned",
  paused: "planned",
  completed: "sent",
  failed: "failed",
  needs_review: "failed",
  skipped: "failed",
  expired: "expired",
  canceled: "canceled",
};

export function statusOf({ status }: Pick<ChangedCall, "status">): MessageStatus {
  return statuses[status];
}

function reasonOf({ reason }: ChangedCall, became: MessageStatus): string | null {
  return became === "planned" || became === "sent" ? null : reason;
}
