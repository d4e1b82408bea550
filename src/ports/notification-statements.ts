import type * as n from "./notification-rows.ts";
import type { Tx } from "./store.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };

/** What changes of a notification after it was made; matched by its id, in the transaction that holds the lock. */
export type NotificationChange = Pick<
  n.NotificationRow,
  | "id"
  | "status"
  | "reason"
  | "dedupe_key"
  | "due_at"
  | "tries"
  | "targets"
  | "provider"
  | "detail"
  | "node_id"
  | "sending_at"
  | "sent_at"
  | "delivered_at"
  | "ended_at"
  | "updated_at"
>;

/** Where a page begins and what it filters on; null means no filter. Ids descend. */
export type NotificationListArgs = Of & {
  readonly before_id: number;
  readonly limit: number;
  /** `pending` finds those being sent too. */
  readonly status: string | null;
  readonly event: string | null;
  readonly channel: string | null;
  readonly recipient_id: string | null;
  readonly operation_id: number | null;
  readonly created_after: number;
  readonly created_before: number;
};

/** The statements of telling people. */
export type NotificationStatements = {
  readonly notifications: {
    /** Returns the ids of those whose dedupe key was free. */
    insert(rows: readonly n.NotificationRow[]): Tx<ById[]>;
    byIds(rows: readonly ById[]): Tx<n.NotificationRow[]>;
    lock(rows: readonly ById[]): Tx<n.NotificationRow[]>;
    byDedupeKey(args: Of & { dedupe_key: string }): Tx<n.NotificationRow[]>;
    change(rows: readonly NotificationChange[]): Tx<never[]>;
    list(args: NotificationListArgs): Tx<n.NotificationRow[]>;
    /** Those whose request may be under way, lowest id first. */
    underWay(args: {
      after_id: number;
      limit: number;
    }): Tx<Pick<n.NotificationRow, "id" | "node_id" | "sending_at">[]>;
    /** Failed ones that nothing tries again by itself, made at or after an instant, oldest first. */
    givenUp(args: Of & { since: number; limit: number }): Tx<n.NotificationRow[]>;
    /** Those of an operation that have not been sent, lowest id first. */
    waitingOf(args: { operation_id: number; limit: number }): Tx<n.NotificationRow[]>;
    countOfOperation(args: {
      operation_id: number;
    }): Tx<{ status: n.NotificationRow["status"]; count: number }[]>;
    /** A person's notifications. Each null matches nothing. */
    ofPerson(
      args: Of & {
        recipient_id: string | null;
        address_hash: string | null;
        after_id: number;
        limit: number;
      },
    ): Tx<n.NotificationRow[]>;
    after(args: ById & { limit: number }): Tx<Pick<n.NotificationRow, "id" | "address" | "document">[]>;
    reseal(rows: readonly Pick<n.NotificationRow, "id" | "address" | "document">[]): Tx<never[]>;
    /** Leaves nothing that tells whom it was for, or what it said. */
    blank(rows: readonly (ById & { document: string; updated_at: number })[]): Tx<never[]>;
    /** Removes what ended before an instant, a bounded number of rows; each kind by its own. Returns their ids. */
    removeEnded(args: Of & { told_before: number; failed_before: number; limit: number }): Tx<ById[]>;
  };
  readonly notificationDue: {
    insert(rows: readonly n.NotificationDueRow[]): Tx<never[]>;
    remove(rows: readonly n.NotificationDueRow[]): Tx<never[]>;
    /** Takes out the first `limit` notifications of a lane that are due at `now`. */
    take(args: { lane: number; now: number; limit: number }): Tx<n.NotificationDueRow[]>;
    /** The first due instant of each given lane that has any. */
    heads(rows: readonly { lane: number }[]): Tx<Pick<n.NotificationDueRow, "lane" | "due_at">[]>;
    countDue(args: { lane: number; now: number; limit: number }): Tx<{ count: number }[]>;
  };
  readonly recipients: {
    of(rows: readonly Pick<n.RecipientRow, "workspace_id" | "recipient_id">[]): Tx<n.RecipientRow[]>;
    lock(rows: readonly Pick<n.RecipientRow, "workspace_id" | "recipient_id">[]): Tx<n.RecipientRow[]>;
    /** Writes over what is known of a recipient, but for its id; the version goes up by one. */
    put(rows: readonly n.RecipientRow[]): Tx<never[]>;
    list(args: Of & { before_id: number; limit: number }): Tx<n.RecipientRow[]>;
    byEmail(args: Of & { email_hash: string }): Tx<n.RecipientRow[]>;
    byNumber(args: Of & { number_hash: string }): Tx<n.RecipientRow[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
    after(args: ById & { limit: number }): Tx<n.RecipientRow[]>;
    reseal(rows: readonly Pick<n.RecipientRow, "id" | "email" | "phone">[]): Tx<never[]>;
  };
  readonly devices: {
    byIds(rows: readonly ById[]): Tx<n.DeviceRow[]>;
    ofRecipients(rows: readonly Pick<n.DeviceRow, "workspace_id" | "recipient_id">[]): Tx<n.DeviceRow[]>;
    byToken(rows: readonly Pick<n.DeviceRow, "workspace_id" | "token_hash">[]): Tx<n.DeviceRow[]>;
    /** Returns the ids of those whose token was free. */
    insert(rows: readonly n.DeviceRow[]): Tx<ById[]>;
    /** Gives a device to a recipient, or only says that it is still there. */
    move(rows: readonly Pick<n.DeviceRow, "id" | "recipient_id" | "platform" | "updated_at">[]): Tx<never[]>;
    list(args: Of & { recipient_id: string | null; before_id: number; limit: number }): Tx<n.DeviceRow[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
    after(args: ById & { limit: number }): Tx<Pick<n.DeviceRow, "id" | "token">[]>;
    reseal(rows: readonly Pick<n.DeviceRow, "id" | "token">[]): Tx<never[]>;
  };
  readonly templates: {
    /** Returns the ids of those whose name was free. */
    insert(rows: readonly n.TemplateRow[]): Tx<ById[]>;
    of(rows: readonly Pick<n.TemplateRow, "workspace_id" | "name">[]): Tx<n.TemplateRow[]>;
    list(args: Of & { before_id: number; limit: number }): Tx<n.TemplateRow[]>;
    /** Changes the rows that still have the version that was read; the version goes up by one. */
    update(rows: readonly n.TemplateRow[]): Tx<ById[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
  };
  readonly operations: {
    insert(rows: readonly n.OperationRow[]): Tx<never[]>;
    byIds(rows: readonly ById[]): Tx<n.OperationRow[]>;
    lock(rows: readonly ById[]): Tx<n.OperationRow[]>;
    change(
      rows: readonly Pick<
        n.OperationRow,
        "id" | "status" | "done" | "failed" | "position" | "ended_at" | "updated_at"
      >[],
    ): Tx<never[]>;
    /** Those that are not done, oldest first. */
    open(args: { limit: number }): Tx<n.OperationRow[]>;
    insertParts(rows: readonly n.OperationPartRow[]): Tx<never[]>;
    part(args: { operation_id: number; part: number }): Tx<n.OperationPartRow[]>;
    removePart(rows: readonly Pick<n.OperationPartRow, "operation_id" | "part">[]): Tx<never[]>;
    removeParts(rows: readonly { operation_id: number }[]): Tx<never[]>;
    after(args: ById & { limit: number }): Tx<Pick<n.OperationRow, "id" | "document">[]>;
    reseal(rows: readonly Pick<n.OperationRow, "id" | "document">[]): Tx<never[]>;
    parts(args: { operation_id: number; after_part: number; limit: number }): Tx<n.OperationPartRow[]>;
    resealParts(rows: readonly n.OperationPartRow[]): Tx<never[]>;
    removeEnded(args: Of & { before: number; limit: number }): Tx<ById[]>;
  };
};
