import { sql } from "kysely";

import type { SqlColumns, SqlMaker } from "../../ports/sql.ts";

import type { BusinessRow, ClientRow, ServiceRow, Tables } from "./rows.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };
type Page = Of & { readonly before_id: number; readonly limit: number };
type External = Of & { readonly external_id: string };

const id: SqlColumns = { id: "bigint" };
const versioned: SqlColumns = { id: "bigint", version: "bigint" };

const business: SqlColumns = {
  external_id: "text",
  name: "text",
  timezone: "text",
  reminders: "text",
  channel: "text",
  quiet_from: "text",
  quiet_to: "text",
  tells_missed: "bigint",
  asks_reviews: "bigint",
  updated_at: "bigint",
};
const client: SqlColumns = {
  external_id: "text",
  name: "text",
  phone: "text",
  phone_hash: "text",
  email: "text",
  email_hash: "text",
  recipient_id: "text",
  timezone: "text",
  channel: "text",
  quiet_from: "text",
  quiet_to: "text",
  updated_at: "bigint",
};
const service: SqlColumns = {
  external_id: "text",
  name: "text",
  duration_ms: "bigint",
  price: "text",
  is_active: "bigint",
  updated_at: "bigint",
};
const made: SqlColumns = { id: "bigint", workspace_id: "bigint", version: "bigint", created_at: "bigint" };

/** Businesses, their services, and clients. Names of people are sealed, so that lists are by age. */
export function directoryStatements(make: SqlMaker<Tables>) {
  return {
    businesses: {
      insert: make.insertMany<BusinessRow, ById>(
        "businesses",
        { ...made, ...business },
        {
          conflict: "on conflict do nothing",
          returning: "id",
        },
      ),
      change: make.countedUpdateMany<BusinessRow>("businesses", versioned, business, {
        also: "version = businesses.version + 1",
      }),
      byIds: make.selectMany<ById, BusinessRow>(
        "businesses",
        id,
        Object.keys({ ...made, ...business }).join(", "),
      ),
      /** Locked, so that no two appointments take the same time of the same person. */
      lock: make.selectMany<ById, ById>("businesses", id, "id", { lock: true }),
      byExternalId: make.query<External, BusinessRow>((db, arg) =>
        db
          .selectFrom("businesses")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("external_id", "=", arg("external_id")),
      ),
      list: make.query<Page, BusinessRow>((db, arg) =>
        db
          .selectFrom("businesses")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      after: make.query<Of & { after_id: number; limit: number }, ById>((db, arg) =>
        db
          .selectFrom("businesses")
          .select("id")
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", ">", arg("after_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany<ById>("businesses", id),
      countMade: make.query<Of & { from: number; to: number }, { count: number }>((db, arg) =>
        db
          .selectFrom("businesses")
          .select(({ fn }) => fn.countAll<number>().as("count"))
          .where("workspace_id", "=", arg("workspace_id"))
          .where("created_at", ">=", arg("from"))
          .where("created_at", "<", arg("to")),
      ),
    },

    clients: {
      insert: make.insertMany<ClientRow, ById>(
        "clients",
        { ...made, ...client },
        {
          conflict: "on conflict do nothing",
          returning: "id",
        },
      ),
      change: make.countedUpdateMany<ClientRow>("clients", versioned, client, {
        also: "version = clients.version + 1",
      }),
      byIds: make.selectMany<ById, ClientRow>(
        "clients",
        id,
        [...Object.keys({ ...made, ...client }), "erased_at"].join(", "),
      ),
      byExternalId: make.query<External, ClientRow>((db, arg) =>
        db
          .selectFrom("clients")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("external_id", "=", arg("external_id")),
      ),
      list: make.query<
        Page & { phone_hash: string | null; email_hash: string | null; recipient_id: string | null },
        ClientRow
      >((db, arg) =>
        db
          .selectFrom("clients")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(
            sql<boolean>`(cast(${arg("phone_hash")} as text) is null or phone_hash = ${arg("phone_hash")})`,
          )
          .where(
            sql<boolean>`(cast(${arg("email_hash")} as text) is null or email_hash = ${arg("email_hash")})`,
          )
          .where(
            sql<boolean>`(cast(${arg("recipient_id")} as text) is null or recipient_id = ${arg("recipient_id")})`,
          )
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany<ById>("clients", id),
      ofPhones: make.selectMany<{ workspace_id: number; phone_hash: string }, ById>(
        "clients",
        { workspace_id: "bigint", phone_hash: "text" },
        "id",
      ),
      ofEmails: make.selectMany<{ workspace_id: number; email_hash: string }, ById>(
        "clients",
        { workspace_id: "bigint", email_hash: "text" },
        "id",
      ),
      ofRecipients: make.selectMany<{ workspace_id: number; recipient_id: string }, ById>(
        "clients",
        { workspace_id: "bigint", recipient_id: "text" },
        "id",
      ),
      erase: make.updateMany<Pick<ClientRow, "id" | "name" | "erased_at" | "updated_at">>(
        "clients",
        id,
        { name: "text", erased_at: "bigint", updated_at: "bigint" },
        {
          also: "external_id = null, phone = null, phone_hash = null, email = null, email_hash = null, recipient_id = null, version = clients.version + 1",
        },
      ),
      countMade: make.query<Of & { from: number; to: number }, { count: number }>((db, arg) =>
        db
          .selectFrom("clients")
          .select(({ fn }) => fn.countAll<number>().as("count"))
          .where("workspace_id", "=", arg("workspace_id"))
          .where("created_at", ">=", arg("from"))
          .where("created_at", "<", arg("to")),
      ),
    },

    services: {
      insert: make.insertMany<ServiceRow, ById>(
        "services",
        { ...made, business_id: "bigint", ...service },
        { conflict: "on conflict do nothing", returning: "id" },
      ),
      change: make.countedUpdateMany<ServiceRow>("services", versioned, service, {
        also: "version = services.version + 1",
      }),
      byIds: make.selectMany<ById, ServiceRow>(
        "services",
        id,
        Object.keys({ ...made, business_id: "bigint", ...service }).join(", "),
      ),
      byExternalId: make.query<External, ServiceRow>((db, arg) =>
        db
          .selectFrom("services")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("external_id", "=", arg("external_id")),
      ),
      list: make.query<Page & { business_id: number | null }, ServiceRow>((db, arg) =>
        db
          .selectFrom("services")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(
            sql<boolean>`(cast(${arg("business_id")} as bigint) is null or business_id = ${arg("business_id")})`,
          )
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany<ById>("services", id),
    },
  };
}
