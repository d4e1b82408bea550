import { sql } from "kysely";
import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const recipientKey: Columns = { workspace_id: "bigint", recipient_id: "text" };
const recipient: Columns = {
  ...id,
  ...recipientKey,
  email: "text",
  email_hash: "text",
  phone: "text",
  number_hash: "text",
  timezone: "text",
  quiet_from: "text",
  quiet_to: "text",
  version: "bigint",
  created_at: "bigint",
  updated_at: "bigint",
};
const device: Columns = {
  ...id,
  ...recipientKey,
  token: "text",
  token_hash: "text",
  platform: "text",
  created_at: "bigint",
  updated_at: "bigint",
};
const templateKey: Columns = { workspace_id: "bigint", name: "text" };
const templateChange: Columns = { subject: "text", body: "text", variables: "text", updated_at: "bigint" };
const template: Columns = {
  ...id,
  ...templateKey,
  ...templateChange,
  version: "bigint",
  created_at: "bigint",
};

/** Where people are told, and in which words. */
export function recipientStatements(
  make: StatementMaker,
): Pick<Statements, "recipients" | "devices" | "templates"> {
  return {
    recipients: {
      of: make.selectMany("recipients", recipientKey, Object.keys(recipient).join(", ")),
      lock: make.selectMany("recipients", recipientKey, Object.keys(recipient).join(", "), { lock: true }),
      put: make.insertMany("recipients", recipient, {
        conflict:
          "on conflict (workspace_id, recipient_id) do update set email = excluded.email, email_hash = excluded.email_hash, phone = excluded.phone, number_hash = excluded.number_hash, timezone = excluded.timezone, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, version = recipients.version + 1, updated_at = excluded.updated_at",
      }),
      list: make.query((db, arg) =>
        db
          .selectFrom("recipients")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      byEmail: make.query((db, arg) =>
        db
          .selectFrom("recipients")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("email_hash", "=", arg("email_hash")),
      ),
      byNumber: make.query((db, arg) =>
        db
          .selectFrom("recipients")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("number_hash", "=", arg("number_hash")),
      ),
      remove: make.deleteMany("recipients", id),
      after: make.query((db, arg) =>
        db.selectFrom("recipients").selectAll().where("id", ">", arg("id")).orderBy("id").limit(arg("limit")),
      ),
      reseal: make.updateMany("recipients", id, { email: "text", phone: "text" }),
    },
    devices: {
      byIds: make.selectMany("devices", id, Object.keys(device).join(", ")),
      ofRecipients: make.selectMany("devices", recipientKey, Object.keys(device).join(", ")),
      byToken: make.selectMany(
        "devices",
        { workspace_id: "bigint", token_hash: "text" },
        Object.keys(device).join(", "),
      ),
      insert: make.insertMany("devices", device, {
        conflict: "on conflict (workspace_id, token_hash) do nothing",
        returning: "id",
      }),
      move: make.updateMany("devices", id, {
        recipient_id: "text",
        platform: "text",
        updated_at: "bigint",
      }),
      list: make.query((db, arg) =>
        db
          .selectFrom("devices")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where(
            sql<boolean>`(cast(${arg("recipient_id")} as text) is null or recipient_id = ${arg("recipient_id")})`,
          )
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany("devices", id),
      after: make.query((db, arg) =>
        db
          .selectFrom("devices")
          .select(["id", "token"])
          .where("id", ">", arg("id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      reseal: make.updateMany("devices", id, { token: "text" }),
    },
    templates: {
      insert: make.insertMany("notification_templates", template, {
        conflict: "on conflict (workspace_id, name) do nothing",
        returning: "id",
      }),
      of: make.selectMany("notification_templates", templateKey, Object.keys(template).join(", ")),
      list: make.query((db, arg) =>
        db
          .selectFrom("notification_templates")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      update: make.updateMany("notification_templates", { ...id, version: "bigint" }, templateChange, {
        also: "version = notification_templates.version + 1",
        returning: "notification_templates.id",
      }),
      remove: make.deleteMany("notification_templates", id),
    },
  };
}
