import { sql } from "kysely";

import type { SqlColumns, SqlMaker } from "../../ports/sql.ts";

import type { AppointmentRow, Tables } from "./rows.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };

const id: SqlColumns = { id: "bigint" };
const changing: SqlColumns = {
  service_id: "bigint",
  external_id: "text",
  status: "text",
  staff: "text",
  starts_at: "bigint",
  ends_at: "bigint",
  notes: "text",
  is_active: "bigint",
  confirms: "bigint",
  needs_plan: "bigint",
  round: "bigint",
  told_from: "bigint",
  planned_for: "bigint",
  client_confirmed_at: "bigint",
  reschedule_asked_at: "bigint",
  confirmed_at: "bigint",
  completed_at: "bigint",
  canceled_at: "bigint",
  canceled_by: "text",
  cancel_reason: "text",
  updated_at: "bigint",
};
const columns: SqlColumns = {
  id: "bigint",
  workspace_id: "bigint",
  business_id: "bigint",
  client_id: "bigint",
  code: "text",
  ...changing,
  version: "bigint",
  created_at: "bigint",
};
export type AppointmentList = Of & {
  readonly after_at: number;
  readonly after_id: number;
  readonly to: number;
  readonly business_id: number | null;
  readonly client_id: number | null;
  readonly status: string | null;
  readonly staff: string | null;
  readonly is_active: number | null;
  readonly code: string | null;
  readonly limit: number;
};

/** Appointments. */
export function appointmentStatements(make: SqlMaker<Tables>) {
  return {
    appointments: {
      insert: make.insertMany<AppointmentRow, ById>("appointments", columns, {
        conflict: "on conflict do nothing",
        returning: "id",
      }),
      change: make.countedUpdateMany<AppointmentRow>(
        "appointments",
        { id: "bigint", version: "bigint" },
        changing,
        {
          also: "version = appointments.version + 1",
        },
      ),
      byIds: make.selectMany<ById, AppointmentRow>("appointments", id, Object.keys(columns).join(", ")),
      lock: make.selectMany<ById, AppointmentRow>("appointments", id, Object.keys(columns).join(", "), {
        lock: true,
      }),
      byExternalId: make.query<Of & { external_id: string }, AppointmentRow>((db, arg) =>
        db
          .selectFrom("appointments")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("external_id", "=", arg("external_id")),
      ),
      list: make.query<AppointmentList, AppointmentRow>((db, arg) =>
        db
          .selectFrom("appointments")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          // Said twice, so that the walk of the index begins there.
          .where("starts_at", ">=", arg("after_at"))
          .where(
            sql<boolean>`(starts_at > ${arg("after_at")} or (starts_at = ${arg("after_at")} and id > ${arg("after_id")}))`,
          )
          .where("starts_at", "<", arg("to"))
          .where(
            sql<boolean>`(cast(${arg("business_id")} as bigint) is null or business_id = ${arg("business_id")})`,
          )
          .where(
            sql<boolean>`(cast(${arg("client_id")} as bigint) is null or client_id = ${arg("client_id")})`,
          )
          .where(sql<boolean>`(cast(${arg("status")} as text) is null or status = ${arg("status")})`)
          .where(sql<boolean>`(cast(${arg("staff")} as text) is null or staff = ${arg("staff")})`)
          .where(
            sql<boolean>`(cast(${arg("is_active")} as bigint) is null or is_active = ${arg("is_active")})`,
          )
          .where(sql<boolean>`(cast(${arg("code")} as text) is null or code = ${arg("code")})`)
          .orderBy("starts_at")
          .orderBy("id")
          .limit(arg("limit")),
      ),
      // No appointment is longer than a day, so that the walk begins a day before.
      overlapping: make.query<
        { business_id: number; staff: string; id: number; from: number; starts_at: number; ends_at: number },
        AppointmentRow
      >((db, arg) =>
        db
          .selectFrom("appointments")
          .selectAll()
          .where("business_id", "=", arg("business_id"))
          .where("staff", "=", arg("staff"))
          .where("starts_at", ">", arg("from"))
          .where("starts_at", "<", arg("ends_at"))
          .where("ends_at", ">", arg("starts_at"))
          .where("id", "<>", arg("id"))
          .where("status", "in", ["pending", "confirmed", "in_progress"])
          .orderBy("starts_at")
          .limit(1),
      ),
      ofClient: make.query<{ client_id: number; limit: number }, ById>((db, arg) =>
        db
          .selectFrom("appointments")
          .select("id")
          .where("client_id", "=", arg("client_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      ofBusiness: make.query<{ business_id: number; limit: number }, ById>((db, arg) =>
        db
          .selectFrom("appointments")
          .select("id")
          .where("business_id", "=", arg("business_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      ofService: make.query<{ service_id: number; business_id: number }, ById>((db, arg) =>
        db
          .selectFrom("appointments")
          .select("id")
          .where("business_id", "=", arg("business_id"))
          .where("service_id", "=", arg("service_id"))
          .limit(1),
      ),
      planBusinessAgain: make.query<{ business_id: number; now: number }, never>((db, arg) =>
        db
          .updateTable("appointments")
          .set({ needs_plan: 1 })
          .where("business_id", "=", arg("business_id"))
          .where("starts_at", ">", arg("now"))
          .where("status", "in", ["pending", "confirmed"]),
      ),
      planClientAgain: make.query<{ client_id: number; now: number }, never>((db, arg) =>
        db
          .updateTable("appointments")
          .set({ needs_plan: 1 })
          .where("client_id", "=", arg("client_id"))
          .where("starts_at", ">", arg("now"))
          .where("status", "in", ["pending", "confirmed"]),
      ),
      planServiceAgain: make.query<{ business_id: number; service_id: number; now: number }, never>(
        (db, arg) =>
          db
            .updateTable("appointments")
            .set({ needs_plan: 1 })
            .where("business_id", "=", arg("business_id"))
            .where("service_id", "=", arg("service_id"))
            .where("starts_at", ">", arg("now"))
            .where("status", "in", ["pending", "confirmed"]),
      ),
      // What was changed in the table itself, past the program: agreed and not planned, or planned and not as agreed.
      planUnplanned: make.query<Of & { now: number; until: number }, ById>((db, arg) =>
        db
          .updateTable("appointments")
          .set({ needs_plan: 1 })
          .where("workspace_id", "=", arg("workspace_id"))
          .where("starts_at", ">", arg("now"))
          .where("starts_at", "<", arg("until"))
          .where("status", "=", "confirmed")
          .where("needs_plan", "=", 0)
          .where(sql<boolean>`(planned_for is null or planned_for <> starts_at)`)
          .returning("id"),
      ),
      planMisplanned: make.query<Of & { now: number }, ById>((db, arg) =>
        db
          .updateTable("appointments")
          .set({ needs_plan: 1 })
          .where("workspace_id", "=", arg("workspace_id"))
          .where("planned_for", ">", arg("now"))
          .where("needs_plan", "=", 0)
          .where(sql<boolean>`(planned_for <> starts_at or status <> 'confirmed')`)
          .returning("id"),
      ),
      toPlan: make.query<Of & { limit: number }, ById>((db, arg) =>
        db
          .selectFrom("appointments")
          .select("id")
          .where("workspace_id", "=", arg("workspace_id"))
          .where("needs_plan", "=", 1)
          .orderBy("id")
          .limit(arg("limit")),
      ),
      unmark: make.updateMany<Pick<AppointmentRow, "id" | "needs_plan">>("appointments", id, {
        needs_plan: "bigint",
      }),
      missed: make.query<Of & { from: number; before: number; limit: number }, ById>((db, arg) =>
        db
          .selectFrom("appointments")
          .select("id")
          .where("workspace_id", "=", arg("workspace_id"))
          .where("starts_at", ">=", arg("from"))
          .where("starts_at", "<", arg("before"))
          .where("status", "=", "confirmed")
          .orderBy("starts_at")
          .orderBy("id")
          .limit(arg("limit")),
      ),
      // Whom to ask: nobody was asked about it yet, and the client has not reviewed the business.
      toAsk: make.query<Of & { from: number; to: number; after_id: number; limit: number }, ById>((db, arg) =>
        db
          .selectFrom("appointments")
          .select("appointments.id")
          .where("appointments.workspace_id", "=", arg("workspace_id"))
          .where("appointments.completed_at", ">", arg("from"))
          .where("appointments.completed_at", "<=", arg("to"))
          .where("appointments.status", "=", "completed")
          .where("appointments.id", ">", arg("after_id"))
          .where(
            sql<boolean>`not exists (select 1 from appointment_messages as told where told.appointment_id = appointments.id and told.kind = 'review_request')`,
          )
          .where(
            sql<boolean>`not exists (select 1 from reviews where reviews.business_id = appointments.business_id and reviews.client_id = appointments.client_id)`,
          )
          .orderBy("appointments.id")
          .limit(arg("limit")),
      ),
      // Who was asked that long ago, has not answered, and was not asked again.
      toAskAgain: make.query<Of & { from: number; to: number; after_id: number; limit: number }, ById>(
        (db, arg) =>
          db
            .selectFrom("appointment_messages")
            .innerJoin("appointments", "appointments.id", "appointment_messages.appointment_id")
            .select("appointments.id")
            .where("appointment_messages.workspace_id", "=", arg("workspace_id"))
            .where("appointment_messages.kind", "=", "review_request")
            .where("appointment_messages.at", ">", arg("from"))
            .where("appointment_messages.at", "<=", arg("to"))
            .where("appointment_messages.status", "in", ["sent", "delivered"])
            .where("appointments.status", "=", "completed")
            .where("appointments.id", ">", arg("after_id"))
            .where(
              sql<boolean>`not exists (select 1 from appointment_messages as again where again.appointment_id = appointments.id and again.kind = 'review_reminder')`,
            )
            .where(
              sql<boolean>`not exists (select 1 from reviews where reviews.business_id = appointments.business_id and reviews.client_id = appointments.client_id)`,
            )
            .orderBy("appointments.id")
            .limit(arg("limit")),
      ),
      archive: make.query<Of & { before: number; limit: number }, ById>((db, arg) =>
        db
          .updateTable("appointments")
          .set({ is_active: 0 })
          .where("id", "in", (inner) =>
            inner
              .selectFrom("appointments")
              .select("id")
              .where("workspace_id", "=", arg("workspace_id"))
              .where("is_active", "=", 1)
              .where("ends_at", "<", arg("before"))
              .where("status", "in", ["completed", "cancelled"])
              .orderBy("ends_at")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
      countByStatus: make.query<Of & { from: number; to: number }, { status: string; count: number }>(
        (db, arg) =>
          db
            .selectFrom("appointments")
            .select(["status", ({ fn }) => fn.countAll<number>().as("count")])
            .where("workspace_id", "=", arg("workspace_id"))
            .where("starts_at", ">=", arg("from"))
            .where("starts_at", "<", arg("to"))
            .groupBy("status"),
      ),
      countBusinesses: make.query<Of & { from: number; to: number }, { count: number }>((db, arg) =>
        db
          .selectFrom("appointments")
          .select(({ fn }) => fn.count<number>("business_id").distinct().as("count"))
          .where("workspace_id", "=", arg("workspace_id"))
          .where("starts_at", ">=", arg("from"))
          .where("starts_at", "<", arg("to")),
      ),
      countOfBusiness: make.query<{ business_id: number }, { status: string; count: number }>((db, arg) =>
        db
          .selectFrom("appointments")
          .select(["status", ({ fn }) => fn.countAll<number>().as("count")])
          .where("business_id", "=", arg("business_id"))
          .groupBy("status"),
      ),
      answered: make.updateMany<
        Pick<AppointmentRow, "id" | "client_confirmed_at" | "reschedule_asked_at" | "updated_at">
      >(
        "appointments",
        id,
        { client_confirmed_at: "bigint", reschedule_asked_at: "bigint", updated_at: "bigint" },
        { also: "version = appointments.version + 1" },
      ),
      forgetNotes: make.query<{ client_id: number }, ById>((db, arg) =>
        db
          .updateTable("appointments")
          .set({ notes: null, cancel_reason: null })
          .where("client_id", "=", arg("client_id"))
          .returning("id"),
      ),
    },
  };
}
