import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal } from "../../src/domain/refusal.ts";
import type { ChangedNotification, House, NotificationWish, Program } from "../../src/ports/program.ts";
import type { Tx } from "../../src/ports/store.ts";
import { startEngine } from "../support/engine.ts";
import { keptMessengers } from "../support/kept-messenger.ts";

const hour = 3_600_000;
const wish: NotificationWish = {
  channel: "email",
  event: "shop_reminder",
  body: "Come again.",
  to: { address: "ann@example.com" },
};

/** A program that tells people, and hears what became of it. */
async function openShop() {
  let plugged: House | null = null;
  const heard: ChangedNotification[] = [];
  const program: Program = {
    name: "shop",
    plug(house) {
      plugged = house;
      return {
        notifications: {
          events: ["shop_reminder"],
          // oxlint-disable-next-line require-yield -- it hears and writes nothing of its own
          *changed(tx, notification): Tx<void> {
            heard.push(notification);
            tx.note({ type: "shop.heard", reason: notification.status });
          },
        },
      };
    },
  };
  const messengers = keptMessengers();
  const t = await startEngine({ messengers, programs: [program] });
  if (plugged === null) throw new Error("The program was not plugged in");
  const house: House = plugged;
  const actor = house.defaultActor();
  const tell = async (over: Partial<NotificationWish> = {}, refuse = false): Promise<number | null> => {
    const draft = await house.draftNotification(actor, { ...wish, ...over });
    return house.transact("tell", actor, { notifications: 1 }, function* (tx): Tx<number | null> {
      const id = yield* tx.notify(draft);
      if (refuse) throw new Refusal("invalid_body", "Not this one.");
      return id;
    });
  };
  const cancel = (id: number) =>
    house.transact("cancel", actor, { cancels: 1 }, (tx) => tx.cancelNotification(id, "appointment_moved"));
  const all = async () => (await t.engine.listNotifications(t.actor, {}, { limit: 50 })).data;
  return { ...t, messengers, house, heard, tell, cancel, all };
}

test("a notification is stored with the program's transaction, or not at all", async () => {
  const t = await openShop();
  await assert.rejects(t.tell({}, true), { code: "invalid_body" });
  assert.deepEqual(await t.all(), []);
  assert.notEqual(await t.tell(), null);
  await t.drain();
  assert.equal(t.messengers.email.letters.length, 1);
  assert.equal((await t.all())[0]?.createdBy, "shop");
});

test("after a commit without an answer it is stored once", async () => {
  const t = await openShop();
  let lost = 0;
  t.store.failing = (name, moment) =>
    name === "shop: tell" && moment === "after" && (lost += 1) === 1 ? "commit_unknown" : null;
  const asked = t.tell();
  await t.advance(10_000);
  assert.notEqual(await asked, null);
  assert.equal((await t.all()).length, 1);
  assert.equal(t.messengers.email.letters.length, 1);
});

test("a dedupe key that is taken is answered with null", async () => {
  const t = await openShop();
  assert.notEqual(await t.tell({ dedupeKey: "a" }), null);
  assert.equal(await t.tell({ dedupeKey: "a" }), null);
});

test("the program cancels what was not sent, and frees its key", async () => {
  const t = await openShop();
  const id = (await t.tell({ at: t.clock.now() + hour, dedupeKey: "a" })) ?? 0;
  assert.equal(await t.cancel(id), "canceled");
  assert.equal(await t.cancel(id), "canceled");
  assert.equal(await t.cancel(id + 1000), "unknown");
  const now = (await t.tell({ dedupeKey: "a" })) ?? 0;
  await t.drain();
  assert.equal(await t.cancel(now), "too_late");
  await t.advance(2 * hour);
  assert.equal(t.messengers.email.letters.length, 1);
  assert.equal((await t.all())[1]?.reason, "appointment_moved");
});

test("the program hears what was sent, delivered, expired or given up, and nothing of a try that is repeated", async () => {
  const t = await openShop();
  const { email } = t.messengers;
  email.answer = () => ({ kind: "not_sent", code: "451", detail: "later" });
  const id = await t.tell();
  await t.drain();
  assert.equal(t.heard.length, 0);
  email.answer = () => ({ kind: "sent", reference: null });
  await t.advance(hour);
  const [one] = await t.all();
  await t.engine.receiptNotification(t.actor, one?.id ?? "", "delivered");
  await t.tell({ quiet: { timezone: "UTC", from: "00:00", to: "23:59" }, expiresAt: t.clock.now() + hour });
  await t.tell({ event: "other" });
  await t.tell({ to: { recipientId: "nobody" } });
  await t.drain();
  assert.deepEqual(
    t.heard.map(({ status }) => status),
    ["sent", "delivered", "expired", "failed"],
  );
  assert.deepEqual([t.heard[0]?.id, t.heard[0]?.event], [id, "shop_reminder"]);
  const notes = (await t.engine.listEvents(t.actor, null, 100, ["shop.heard"])).data;
  assert.deepEqual(
    notes.map(({ reason }) => reason),
    ["sent", "delivered", "expired", "failed"],
  );
});

test("jobs of programs try failed notifications again, and remove old ones", async () => {
  const t = await openShop();
  await t.tell({ to: { recipientId: "nobody" } });
  await t.drain();
  const { house } = t;
  const actor = house.defaultActor();
  assert.equal(await house.retryFailedNotifications(actor, 100), 1);
  await t.drain();
  const before = { toldBefore: 0, failedBefore: t.clock.now() + 1 };
  assert.equal(await house.pruneNotifications(actor, before, 100), 1);
  assert.deepEqual(await t.all(), []);
});

test("a wish that cannot be is refused before any transaction", async () => {
  const { house } = await openShop();
  const actor = house.defaultActor();
  const wrong: readonly [Partial<NotificationWish>, string][] = [
    [{ to: {} }, "invalid_body"],
    [{ to: { address: "no address" } }, "address_invalid"],
    [{ template: "none" }, "invalid_body"],
    [{ retriesMax: 99 }, "invalid_body"],
    [{ dedupeKey: "" }, "invalid_body"],
    [{ quiet: { timezone: "Mars/Base", from: "22:00", to: "08:00" } }, "timezone_unknown"],
    [{ expiresAt: 1 }, "time_in_past"],
    [{ data: { [""]: "x" } }, "invalid_body"],
  ];
  for (const [over, code] of wrong)
    await assert.rejects(
      house.draftNotification(actor, { ...wish, ...over }),
      { code },
      JSON.stringify(over),
    );
});
