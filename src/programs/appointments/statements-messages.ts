import type { SqlColumns, SqlMaker } from "../../ports/sql.ts";

import type { MessageRow, MessageStatus, Tables } from "./rows.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };

const id: SqlColumns = { id: "bigint" };
const message: SqlColumns = {
  starts_at: "bigint",
  channel: "text",
  at: "bigint",
  expires_at: "bigint",
  digest: "text",
  generation: "bigint",
  status: "text",
  reason: "text",
  notification_id: "bigint",
  call_id: "bigint",
  updated_at: "bigint",
};
const messageColumns: SqlColumns = {
  id: "bigint",
  workspace_id: "bigint",
  appointment_id: "bigint",
  kind: "text",
  round: "bigint",
  ...message,
  created_at: "bigint",
};

/** What is told of appointments, was told, and was not. */
export function messageStatements(make: SqlMaker<Tables>) {
  return {
    messages: {
      insert: make.insertMany<MessageRow>("appointment_messages", messageColumns),
      change: make.updateMany<MessageRow>("appointment_messages", id, message),
      ofAppointments: make.selectMany<{ appointment_id: number }, MessageRow>(
        "appointment_messages",
        { appointment_id: "bigint" },
        Object.keys(messageColumns).join(", "),
        { lock: true },
      ),
      ofNotification: make.query<{ notification_id: number }, MessageRow>((db, arg) =>
        db
          .selectFrom("appointment_messages")
          .selectAll()
          .where("notification_id", "=", arg("notification_id")),
      ),
      ofCall: make.query<{ call_id: number }, MessageRow>((db, arg) =>
        db.selectFrom("appointment_messages").selectAll().where("call_id", "=", arg("call_id")),
      ),
      became: make.updateMany<{
        id: number;
        status: MessageStatus;
        reason: string | null;
        updated_at: number;
      }>(
        "appointment_messages",
        id,
        { status: "text", reason: "text", updated_at: "bigint" },
        { guard: "appointment_messages.status <> 'withdrawn'" },
      ),
      // To be told by a call that nobody can make any more.
      callsPast: make.query<Of & { after_id: number; now: number; limit: number }, MessageRow>((db, arg) =>
        db
          .selectFrom("appointment_messages")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("status", "=", "planned")
          .where("id", ">", arg("after_id"))
          .where("call_id", "is not", null)
          .where("expires_at", "<=", arg("now"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      // Of appointments that somebody deleted from the table; only what is due soon, so that the walk is short.
      orphans: make.query<Of & { before: number; limit: number }, MessageRow>((db, arg) =>
        db
          .selectFrom("appointment_messages")
          .selectAll("appointment_messages")
          .leftJoin("appointments", "appointments.id", "appointment_messages.appointment_id")
          .where("appointment_messages.workspace_id", "=", arg("workspace_id"))
          .where("appointment_messages.status", "=", "planned")
          .where("appointment_messages.at", "<", arg("before"))
          .where("appointments.id", "is", null)
          .orderBy("appointment_messages.at")
          .limit(arg("limit")),
      ),
      plannedOfClient: make.query<{ client_id: number; limit: number }, MessageRow>((db, arg) =>
        db
          .selectFrom("appointment_messages")
          .selectAll("appointment_messages")
          .innerJoin("appointments", "appointments.id", "appointment_messages.appointment_id")
          .where("appointments.client_id", "=", arg("client_id"))
          .where("appointment_messages.status", "=", "planned")
          .orderBy("appointment_messages.id")
          .limit(arg("limit")),
      ),
      forget: make.query<Of & { before: number; limit: number }, ById>((db, arg) =>
        db
          .deleteFrom("appointment_messages")
          .where("id", "in", (inner) =>
            inner
              .selectFrom("appointment_messages")
              .select("id")
              .where("workspace_id", "=", arg("workspace_id"))
              .where("updated_at", "<", arg("before"))
              .where("starts_at", "<", arg("before"))
              .where("status", "<>", "planned")
              .orderBy("updated_at")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
    },
  };
}
