import assert from "node:assert/strict";
import type { NotificationRow } from "../../src/ports/notification-rows.ts";
import type { Store } from "../../src/ports/store.ts";
import { type Promised, same } from "./contract.ts";

const day = 86_400_000;
const noon = Date.UTC(2026, 11, 1, 12);

export const notificationRow = (id: number, over: Partial<NotificationRow> = {}): NotificationRow => ({
  id,
  workspace_id: 1,
  queue: "notifications",
  channel: "push",
  event: "appointment_reminder_24h",
  status: "pending",
  reason: null,
  recipient_id: null,
  address: null,
  address_hash: null,
  document: "{}",
  quiet: null,
  dedupe_key: null,
  operation_id: null,
  due_at: null,
  asked_at: noon,
  expires_at: noon + day,
  tries: 0,
  retries_max: 3,
  targets: null,
  provider: null,
  detail: null,
  node_id: null,
  sending_at: null,
  sent_at: null,
  delivered_at: null,
  ended_at: null,
  created_by: "test",
  version: 1,
  created_at: noon,
  updated_at: noon,
  ...over,
});

/** What every store promises of notifications, and of whom they are for. */
export const notificationsContract: readonly Promised[] = [
  [
    "a dedupe key is taken once in a workspace, also within one insert, and none is never taken",
    async (store) => {
      const { notifications } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const rows = [
        notificationRow(1, { dedupe_key: "a" }),
        notificationRow(2, { dedupe_key: "a" }),
        notificationRow(3, { dedupe_key: "a", workspace_id: 2 }),
        notificationRow(4),
        notificationRow(5),
      ];
      same(
        (await run("write", () => notifications.insert(rows))).map(({ id }) => id).toSorted((a, b) => a - b),
        [1, 3, 4, 5],
      );
      same(await run("write", () => notifications.insert([notificationRow(6, { dedupe_key: "a" })])), []);
      const [held] = await run("find", () => notifications.byDedupeKey({ workspace_id: 1, dedupe_key: "a" }));
      same(held, rows[0]);
    },
  ],
  [
    "due notifications are taken lane by lane, the longest waiting first, each once",
    async (store) => {
      const { notificationDue } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const due = (lane: number, due_at: number, notification_id: number) => ({
        lane,
        due_at,
        notification_id,
      });
      await run("write", () =>
        notificationDue.insert([due(11, 30, 1), due(11, 10, 2), due(11, 20, 3), due(12, 5, 4)]),
      );
      same(
        (
          await run("heads", () => notificationDue.heads([{ lane: 11 }, { lane: 12 }, { lane: 13 }]))
        ).toSorted((a, b) => a.lane - b.lane),
        [
          { lane: 11, due_at: 10 },
          { lane: 12, due_at: 5 },
        ],
      );
      const take = (now: number, limit: number) =>
        run("take", () => notificationDue.take({ lane: 11, now, limit }));
      same(await take(25, 1), [due(11, 10, 2)]);
      same(await take(25, 9), [due(11, 20, 3)]);
      same(await take(25, 9), []);
      same(await run("count", () => notificationDue.countDue({ lane: 11, now: 99, limit: 9 })), [
        { count: 1 },
      ]);
    },
  ],
  [
    "a list is narrowed by what is asked for, and those being sent are among the pending",
    async (store) => {
      const { notifications } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () =>
        notifications.insert([
          notificationRow(1, { status: "sending", recipient_id: "a" }),
          notificationRow(2, { channel: "sms", created_at: noon + 5 }),
          notificationRow(3, { status: "sent", event: "other", operation_id: 9 }),
          notificationRow(4, { workspace_id: 2 }),
        ]),
      );
      const all = {
        workspace_id: 1,
        before_id: 99,
        limit: 9,
        status: null,
        event: null,
        channel: null,
        recipient_id: null,
        operation_id: null,
        created_after: 0,
        created_before: noon * 2,
      };
      const ids = async (over: Partial<typeof all> | object): Promise<number[]> =>
        (await run("list", () => notifications.list({ ...all, ...over }))).map(({ id }) => id);
      assert.deepEqual(await ids({}), [3, 2, 1]);
      assert.deepEqual(await ids({ status: "pending" }), [2, 1]);
      assert.deepEqual(await ids({ status: "sent" }), [3]);
      assert.deepEqual(await ids({ event: "other" }), [3]);
      assert.deepEqual(await ids({ channel: "sms" }), [2]);
      assert.deepEqual(await ids({ recipient_id: "a" }), [1]);
      assert.deepEqual(await ids({ operation_id: 9 }), [3]);
      assert.deepEqual(await ids({ created_after: noon + 1 }), [2]);
      assert.deepEqual(await ids({ before_id: 3, limit: 1 }), [2]);
    },
  ],
  [
    "what ended is removed by its age and kind, and nothing that waits",
    async (store) => {
      const { notifications } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () =>
        notifications.insert([
          notificationRow(1, { status: "sent" }),
          notificationRow(2, { status: "failed" }),
          notificationRow(3, { status: "bounced" }),
          notificationRow(4, { status: "failed", due_at: noon }),
          notificationRow(5, { status: "pending", due_at: noon }),
          notificationRow(6, { status: "sending" }),
          notificationRow(7, { status: "failed", created_at: noon + 9 }),
        ]),
      );
      const args = { workspace_id: 1, told_before: 0, failed_before: noon + 1, limit: 9 };
      const removed = async (over: object): Promise<number[]> =>
        (await run("remove", () => notifications.removeEnded({ ...args, ...over })))
          .map(({ id }) => id)
          .toSorted((a, b) => a - b);
      assert.deepEqual(await removed({ workspace_id: 2 }), []);
      assert.deepEqual(await removed({}), [2, 3]);
      assert.deepEqual(await removed({ told_before: noon + 1 }), [1]);
    },
  ],
  [
    "a recipient and a device's token stand once in a workspace, and a template's name is taken once",
    async (store) => {
      const { recipients, devices, templates } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const recipient = {
        id: 1,
        workspace_id: 1,
        recipient_id: "a",
        email: "sealed",
        email_hash: "h",
        phone: null,
        number_hash: null,
        timezone: null,
        quiet_from: null,
        quiet_to: null,
        version: 1,
        created_at: 5,
        updated_at: 5,
      };
      await run("put", () => recipients.put([recipient]));
      await run("put", () => recipients.put([{ ...recipient, email: "other", updated_at: 9 }]));
      same(await run("find", () => recipients.of([recipient])), [
        { ...recipient, email: "other", version: 2, updated_at: 9 },
      ]);
      same(
        (await run("find", () => recipients.byEmail({ workspace_id: 1, email_hash: "h" }))).map(
          ({ id }) => id,
        ),
        [1],
      );
      const device = {
        id: 1,
        workspace_id: 1,
        recipient_id: "a",
        token: "sealed",
        token_hash: "t",
        platform: null,
        created_at: 5,
        updated_at: 5,
      };
      same(await run("insert", () => devices.insert([device])), [{ id: 1 }]);
      same(await run("insert", () => devices.insert([{ ...device, id: 2 }])), []);
      await run("move", () => devices.move([{ ...device, recipient_id: "b", updated_at: 7 }]));
      same(await run("find", () => devices.ofRecipients([{ workspace_id: 1, recipient_id: "b" }])), [
        { ...device, recipient_id: "b", updated_at: 7 },
      ]);
      const template = {
        id: 1,
        workspace_id: 1,
        name: "n",
        subject: null,
        body: "b",
        variables: "[]",
        version: 1,
        created_at: 5,
        updated_at: 5,
      };
      same(await run("insert", () => templates.insert([template])), [{ id: 1 }]);
      same(await run("insert", () => templates.insert([{ ...template, id: 2 }])), []);
      same(await run("update", () => templates.update([{ ...template, body: "c" }])), [{ id: 1 }]);
      same(await run("update", () => templates.update([{ ...template, body: "d" }])), []);
    },
  ],
];
