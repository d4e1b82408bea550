import type * as r from "./rows.ts";
import type { Tx } from "./store.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };

/** The statements of who is told what happens. */
export type WebhookStatements = {
  readonly cursors: {
    get(args: { name: string }): Tx<r.EventCursorRow[]>;
    put(rows: readonly r.EventCursorRow[]): Tx<never[]>;
    /** Moves a cursor that still stands where it was read; no row means that somebody else moved it. */
    move(
      args: r.EventCursorRow & { from_commit_id: number; from_id: number },
    ): Tx<Pick<r.EventCursorRow, "name">[]>;
  };
  readonly subscribers: {
    enabled(args: object): Tx<r.SubscriberRow[]>;
    all(args: object): Tx<r.SubscriberRow[]>;
    list(args: Of & { kind: string }): Tx<r.SubscriberRow[]>;
    byIds(rows: readonly ById[]): Tx<r.SubscriberRow[]>;
    insert(rows: readonly r.SubscriberRow[]): Tx<never[]>;
    /** Changes the rows that still have the version that was read; the version goes up by one. */
    update(rows: readonly Omit<r.SubscriberRow, "failing_since" | "delivered_at">[]): Tx<ById[]>;
    delivered(rows: readonly { id: number; delivered_at: number }[]): Tx<never[]>;
    /** The first failure after a success. */
    failing(rows: readonly { id: number; failing_since: number }[]): Tx<never[]>;
    /** Returns the ones that were enabled. */
    disable(rows: readonly { id: number; status_reason: string; updated_at: number }[]): Tx<ById[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
    setSealed(rows: readonly Pick<r.SubscriberRow, "id" | "target" | "secret" | "old_secret">[]): Tx<never[]>;
  };
  readonly deliveries: {
    /** Returns the ones that were new. */
    insert(rows: readonly r.DeliveryRow[]): Tx<ById[]>;
    byIds(rows: readonly ById[]): Tx<r.DeliveryRow[]>;
    settle(
      rows: readonly Omit<
        r.DeliveryRow,
        "workspace_id" | "subscriber_id" | "message_id" | "event_type" | "call_id" | "body" | "created_at"
      >[],
    ): Tx<never[]>;
    /** Newest first. */
    list(args: {
      subscriber_id: number;
      before_id: number;
      status: string | null;
      limit: number;
    }): Tx<r.DeliveryRow[]>;
    /** Those that failed and were made at or after an instant, oldest first. */
    failedSince(args: {
      subscriber_id: number;
      since: number;
      after_id: number;
      limit: number;
    }): Tx<r.DeliveryRow[]>;
    after(args: ById & { limit: number }): Tx<Pick<r.DeliveryRow, "id" | "body">[]>;
    setBody(rows: readonly Pick<r.DeliveryRow, "id" | "body">[]): Tx<never[]>;
    /** Looks at the oldest `limit` rows and removes those from before an instant; returns their ids. */
    removeBefore(args: { before: number; limit: number }): Tx<ById[]>;
  };
  readonly deliveryDue: {
    insert(rows: readonly r.DeliveryDueRow[]): Tx<never[]>;
    remove(rows: readonly r.DeliveryDueRow[]): Tx<never[]>;
    /** Takes out the first `limit` messages of a subscriber that are due at `now`. */
    take(args: { subscriber_id: number; now: number; limit: number }): Tx<r.DeliveryDueRow[]>;
    /** The first due instant of each given subscriber that has any. */
    heads(
      rows: readonly { subscriber_id: number }[],
    ): Tx<Pick<r.DeliveryDueRow, "subscriber_id" | "due_at">[]>;
    forget(args: { subscriber_id: number; before: number }): Tx<never[]>;
  };
};
