import { sql } from "kysely";

import type { SqlColumns, SqlMaker } from "../../ports/sql.ts";

import type {
  AggregateRow,
  BusinessStatisticsRow,
  ChatRoomRow,
  DailyRow,
  ReviewRow,
  Tables,
} from "./rows.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };
type Page = Of & {
  readonly before_id: number;
  readonly business_id: number | null;
  readonly client_id: number | null;
  readonly limit: number;
};

const id: SqlColumns = { id: "bigint" };
const versioned: SqlColumns = { id: "bigint", version: "bigint" };
const between: SqlColumns = {
  id: "bigint",
  workspace_id: "bigint",
  business_id: "bigint",
  client_id: "bigint",
  version: "bigint",
  created_at: "bigint",
};
const review: SqlColumns = { rating: "bigint", comment: "text", updated_at: "bigint" };
const room: SqlColumns = { is_active: "bigint", last_activity_at: "bigint", updated_at: "bigint" };
const stars: SqlColumns = {
  reviews: "bigint",
  rating_sum: "bigint",
  stars_1: "bigint",
  stars_2: "bigint",
  stars_3: "bigint",
  stars_4: "bigint",
  stars_5: "bigint",
};
const added = Object.keys(stars)
  .map((name) => `${name} = review_aggregates.${name} + excluded.${name}`)
  .join(", ");
const replaced = Object.keys(stars)
  .map((name) => `${name} = excluded.${name}`)
  .join(", ");

/** What comes of appointments: reviews, what they add up to, rooms to talk in, and what was counted. */
export function afterStatements(make: SqlMaker<Tables>) {
  return {
    reviews: {
      insert: make.insertMany<ReviewRow, ById>(
        "reviews",
        { ...between, appointment_id: "bigint", ...review },
        { conflict: "on conflict do nothing", returning: "id" },
      ),
      change: make.countedUpdateMany<ReviewRow>("reviews", versioned, review, {
        also: "version = reviews.version + 1",
      }),
      byIds: make.selectMany<ById, ReviewRow>(
        "reviews",
        id,
        Object.keys({ ...between, appointment_id: "bigint", ...review }).join(", "),
      ),
      list: make.query<Page & { rating: number | null }, ReviewRow>((db, arg) =>
        db
          .selectFrom("reviews")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(
            sql<boolean>`(cast(${arg("business_id")} as bigint) is null or business_id = ${arg("business_id")})`,
          )
          .where(
            sql<boolean>`(cast(${arg("client_id")} as bigint) is null or client_id = ${arg("client_id")})`,
          )
          .where(sql<boolean>`(cast(${arg("rating")} as bigint) is null or rating = ${arg("rating")})`)
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany<ById>("reviews", id),
      countStars: make.query<{ business_id: number }, { rating: number; count: number }>((db, arg) =>
        db
          .selectFrom("reviews")
          .select(["rating", ({ fn }) => fn.countAll<number>().as("count")])
          .where("business_id", "=", arg("business_id"))
          .groupBy("rating"),
      ),
      countMade: make.query<Of & { from: number; to: number }, { rating: number; count: number }>((db, arg) =>
        db
          .selectFrom("reviews")
          .select(["rating", ({ fn }) => fn.countAll<number>().as("count")])
          .where("workspace_id", "=", arg("workspace_id"))
          .where("created_at", ">=", arg("from"))
          .where("created_at", "<", arg("to"))
          .groupBy("rating"),
      ),
      forgetComments: make.query<{ client_id: number }, ById>((db, arg) =>
        db
          .updateTable("reviews")
          .set({ comment: null })
          .where("client_id", "=", arg("client_id"))
          .where("comment", "is not", null)
          .returning("id"),
      ),
    },

    aggregates: {
      add: make.insertMany<AggregateRow>(
        "review_aggregates",
        { business_id: "bigint", workspace_id: "bigint", ...stars, updated_at: "bigint" },
        { conflict: `on conflict (business_id) do update set ${added}, updated_at = excluded.updated_at` },
      ),
      put: make.insertMany<AggregateRow>(
        "review_aggregates",
        { business_id: "bigint", workspace_id: "bigint", ...stars, updated_at: "bigint" },
        { conflict: `on conflict (business_id) do update set ${replaced}, updated_at = excluded.updated_at` },
      ),
      byIds: make.selectMany<{ business_id: number }, AggregateRow>(
        "review_aggregates",
        { business_id: "bigint" },
        Object.keys({ business_id: 1, workspace_id: 1, ...stars, updated_at: 1 }).join(", "),
      ),
    },

    rooms: {
      insert: make.insertMany<ChatRoomRow, ById>(
        "chat_rooms",
        { ...between, ...room },
        { conflict: "on conflict (business_id, client_id) do nothing", returning: "id" },
      ),
      change: make.countedUpdateMany<ChatRoomRow>("chat_rooms", versioned, room, {
        also: "version = chat_rooms.version + 1",
      }),
      byIds: make.selectMany<ById, ChatRoomRow>(
        "chat_rooms",
        id,
        Object.keys({ ...between, ...room }).join(", "),
      ),
      between: make.selectMany<{ business_id: number; client_id: number }, ChatRoomRow>(
        "chat_rooms",
        { business_id: "bigint", client_id: "bigint" },
        Object.keys({ ...between, ...room }).join(", "),
      ),
      list: make.query<Page & { is_active: number | null }, ChatRoomRow>((db, arg) =>
        db
          .selectFrom("chat_rooms")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(
            sql<boolean>`(cast(${arg("business_id")} as bigint) is null or business_id = ${arg("business_id")})`,
          )
          .where(
            sql<boolean>`(cast(${arg("client_id")} as bigint) is null or client_id = ${arg("client_id")})`,
          )
          .where(
            sql<boolean>`(cast(${arg("is_active")} as bigint) is null or is_active = ${arg("is_active")})`,
          )
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany<ById>("chat_rooms", id),
      archive: make.query<Of & { before: number; limit: number }, ById>((db, arg) =>
        db
          .updateTable("chat_rooms")
          .set({ is_active: 0 })
          .where("id", "in", (inner) =>
            inner
              .selectFrom("chat_rooms")
              .select("id")
              .where("workspace_id", "=", arg("workspace_id"))
              .where("is_active", "=", 1)
              .where("last_activity_at", "<", arg("before"))
              .orderBy("last_activity_at")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
    },

    statistics: {
      putDaily: make.insertMany<DailyRow>(
        "daily_statistics",
        {
          workspace_id: "bigint",
          day: "text",
          timezone: "text",
          appointments: "bigint",
          by_status: "text",
          new_clients: "bigint",
          new_businesses: "bigint",
          active_businesses: "bigint",
          reviews: "bigint",
          average_rating: "double precision",
          counted_at: "bigint",
        },
        {
          conflict:
            "on conflict (workspace_id, day) do update set timezone = excluded.timezone, appointments = excluded.appointments, by_status = excluded.by_status, new_clients = excluded.new_clients, new_businesses = excluded.new_businesses, active_businesses = excluded.active_businesses, reviews = excluded.reviews, average_rating = excluded.average_rating, counted_at = excluded.counted_at",
        },
      ),
      daily: make.query<Of & { from: string; to: string; limit: number }, DailyRow>((db, arg) =>
        db
          .selectFrom("daily_statistics")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("day", ">=", arg("from"))
          .where("day", "<=", arg("to"))
          .orderBy("day", "desc")
          .limit(arg("limit")),
      ),
      putBusiness: make.insertMany<BusinessStatisticsRow>(
        "business_statistics",
        {
          business_id: "bigint",
          workspace_id: "bigint",
          appointments: "bigint",
          by_status: "text",
          completion_rate: "double precision",
          reviews: "bigint",
          average_rating: "double precision",
          counted_at: "bigint",
        },
        {
          conflict:
            "on conflict (business_id) do update set appointments = excluded.appointments, by_status = excluded.by_status, completion_rate = excluded.completion_rate, reviews = excluded.reviews, average_rating = excluded.average_rating, counted_at = excluded.counted_at",
        },
      ),
      ofBusiness: make.query<{ business_id: number }, BusinessStatisticsRow>((db, arg) =>
        db.selectFrom("business_statistics").selectAll().where("business_id", "=", arg("business_id")),
      ),
    },
  };
}
