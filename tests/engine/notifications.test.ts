import assert from "node:assert/strict";
import { test } from "node:test";

import type { NotificationView } from "../../src/engine/notifications-api.ts";
import type { Told } from "../../src/ports/messenger.ts";
import type { NotificationWish } from "../../src/ports/program.ts";
import { type EngineOptions, type TestEngine, startEngine } from "../support/engine.ts";
import { keptMessengers } from "../support/kept-messenger.ts";

const hour = 3_600_000;
const notSent: Told = { kind: "not_sent", code: "UNAVAILABLE", detail: "try later" };
const words = {
  event: "appointment_reminder_24h",
  subject: "Tomorrow",
  body: "We see you tomorrow.",
} as const;

type Told3 = TestEngine & { readonly messengers: ReturnType<typeof keptMessengers> };

async function start(options: EngineOptions = {}): Promise<Told3> {
  const messengers = keptMessengers();
  return { ...(await startEngine({ messengers, ...options })), messengers };
}

async function notify(test: TestEngine, wish: Partial<NotificationWish> = {}): Promise<NotificationView> {
  const { notification } = await test.engine.createNotification(test.actor, {
    channel: "email",
    to: { address: "ann@example.com" },
    ...words,
    ...wish,
  });
  return notification;
}

function look(test: TestEngine, { id }: { readonly id: string }): Promise<NotificationView> {
  return test.engine.getNotification(test.actor, id);
}

async function eventTypes(test: TestEngine): Promise<string[]> {
  const { data } = await test.engine.listEvents(test.actor, null, 200);
  return data.map(({ type }) => type).filter((type) => /^(?:notification|device|operation)\./.test(type));
}

test("a notification is sent once, with its words, and says by whom", async () => {
  const house = await start();
  const made = await notify(house, { data: { appointment: "apt_1" } });
  assert.deepEqual([made.status, made.nextTryAt], ["pending", house.clock.now()]);
  await house.advance(hour);
  const { letters } = house.messengers.email;
  assert.equal(letters.length, 1);
  assert.deepEqual(
    { ...letters[0], expiresAt: undefined, createdAt: undefined },
    {
      id: made.id,
      channel: "email",
      address: "ann@example.com",
      subject: "Tomorrow",
      body: "We see you tomorrow.",
      data: { appointment: "apt_1" },
      event: "appointment_reminder_24h",
      expiresAt: undefined,
      createdAt: undefined,
    },
  );
  const sent = await look(house, made);
  assert.deepEqual(
    [sent.status, sent.provider, sent.retryCount, sent.nextTryAt, sent.targets],
    ["sent", "kept", 0, null, [{ deviceId: null, status: "sent", reference: `ref-${made.id}`, code: null }]],
  );
  assert.deepEqual(await eventTypes(house), ["notification.sent"]);
});

test("nothing is sent before its time", async () => {
  const house = await start();
  const at = house.clock.now() + 2 * hour;
  await notify(house, { at });
  await house.advance(2 * hour - 1);
  assert.equal(house.messengers.email.letters.length, 0);
  await house.advance(1);
  assert.equal(house.messengers.email.letters.length, 1);
});

test("what was certainly not sent is tried again each hour, three times at most, then given up", async () => {
  const house = await start();
  house.messengers.email.answer = () => notSent;
  const made = await notify(house);
  await house.drain();
  const first = await look(house, made);
  assert.deepEqual(
    [first.status, first.reason, first.retryCount, first.nextTryAt],
    ["failed", "not_sent", 0, house.clock.now() + hour],
  );
  await house.advance(30 * hour);
  assert.equal(house.messengers.email.letters.length, 4);
  assert.equal(
    new Set(house.messengers.email.letters.map(({ id }) => id)).size,
    1,
    "the same message each time",
  );
  const last = await look(house, made);
  assert.deepEqual(
    [last.status, last.reason, last.retryCount, last.nextTryAt],
    ["failed", "gave_up", 3, null],
  );
  assert.deepEqual(await eventTypes(house), [
    ...Array<string>(3).fill("notification.retry_planned"),
    "notification.failed",
  ]);
});

test("a provider that names a time is asked then, and its channel waits meanwhile", async () => {
  const house = await start();
  const { email, sms } = house.messengers;
  email.answer = () => ({ ...notSent, afterMs: 20_000 });
  await notify(house);
  await house.drain();
  email.answer = () => ({ kind: "sent", reference: null });
  const second = await notify(house);
  const other = await notify(house, { channel: "sms", to: { address: "+12125550100" } });
  await house.drain();
  assert.equal((await look(house, second)).status, "pending", "the provider asked for time");
  assert.equal((await look(house, other)).status, "sent", "another provider did not");
  assert.equal(sms.letters.length, 1);
  await house.advance(20_000);
  assert.equal(email.letters.length, 3);
});

test("a crash between the request and its answer is never followed by another request", async () => {
  const house = await start();
  const { email } = house.messengers;
  const left = Promise.withResolvers<void>();
  email.answer = () => {
    left.resolve();
    return new Promise<Told>(() => {});
  };
  const made = await notify(house);
  await house.drain();
  await left.promise;
  assert.equal((await look(house, made)).status, "pending");
  await assert.rejects(house.engine.cancelNotification(house.actor, made.id), { code: "notification_state" });
  const after = await house.afterKill({ messengers: house.messengers });
  email.answer = () => ({ kind: "sent", reference: null });
  await after.drain();
  const lost = await look(after, made);
  await after.advance(48 * hour);
  assert.equal(email.letters.length, 1);
  assert.deepEqual([lost.status, lost.reason, lost.nextTryAt], ["failed", "unconfirmed", null]);
  assert.equal(await after.engine.retryFailed(after.actor, 100), 0);
  await assert.rejects(after.engine.retryNotification(after.actor, made.id), { code: "notification_state" });
});

test("a messenger that never answers counts as unknown after a minute", async () => {
  const house = await start();
  house.messengers.email.answer = () => new Promise<Told>(() => {});
  const made = await notify(house);
  await house.advance(48 * hour);
  assert.equal(house.messengers.email.letters.length, 1);
  assert.equal((await look(house, made)).reason, "unconfirmed");
});

test("one that is claimed and not begun is sent by the next process", async () => {
  const house = await start();
  const at = house.clock.now() + hour;
  const made = await notify(house, { at });
  const after = await house.afterKill({ messengers: house.messengers, downMs: 3 * hour });
  await after.drain();
  assert.equal((await look(after, made)).status, "sent", "late, and still of use");
});

test("what is of no use any more after an outage expires, visibly", async () => {
  const house = await start();
  const at = house.clock.now() + hour;
  const made = await notify(house, { at, expiresAt: at + hour });
  const after = await house.afterKill({ messengers: house.messengers, downMs: 3 * hour });
  await after.drain();
  const gone = await look(after, made);
  assert.deepEqual([gone.status, gone.reason], ["expired", "too_late"]);
  assert.equal(house.messengers.email.letters.length, 0);
  assert.deepEqual(await eventTypes(after), ["notification.expired"]);
});

test("two with one dedupe key are one; a canceled one frees its key", async () => {
  const house = await start();
  const at = house.clock.now() + hour;
  const first = await notify(house, { at, dedupeKey: "apt_1|24h" });
  const second = await house.engine.createNotification(house.actor, {
    channel: "email",
    to: { address: "ann@example.com" },
    ...words,
    at,
    dedupeKey: "apt_1|24h",
  });
  assert.deepEqual([second.isNew, second.notification.id], [false, first.id]);
  const canceled = await house.engine.cancelNotification(house.actor, first.id);
  assert.deepEqual([canceled.status, canceled.reason], ["canceled", "canceled_by_request"]);
  const third = await notify(house, { at, dedupeKey: "apt_1|24h" });
  assert.notEqual(third.id, first.id);
  await house.advance(2 * hour);
  assert.deepEqual(
    house.messengers.email.letters.map(({ id }) => id),
    [third.id],
  );
});

test("push goes to each device of a recipient; one that is unregistered is removed", async () => {
  const house = await start();
  const { engine, actor, messengers } = house;
  for (const token of ["token-of-phone", "token-of-tablet"])
    await engine.registerDevice(actor, { recipientId: "uid_1", token, platform: "android" });
  messengers.push.answer = ({ address }) =>
    address === "token-of-tablet"
      ? { kind: "failed", code: "UNREGISTERED", detail: "gone", isGone: true }
      : { kind: "sent", reference: "m1" };
  const first = await notify(house, { channel: "push", to: { recipientId: "uid_1" } });
  await house.drain();
  assert.deepEqual(messengers.push.addresses.toSorted(), ["token-of-phone", "token-of-tablet"]);
  assert.equal((await look(house, first)).status, "sent");
  const left = await engine.listDevices(actor, { recipientId: "uid_1" }, { limit: 10 });
  assert.deepEqual(
    left.data.map(({ platform }) => platform),
    ["android"],
  );
  await notify(house, { channel: "push", to: { recipientId: "uid_1" } });
  await house.drain();
  assert.deepEqual(messengers.push.addresses.slice(2), ["token-of-phone"]);
  assert.ok((await eventTypes(house)).includes("device.removed"));
});

test("a device that was told is not told again when another is tried again", async () => {
  const house = await start();
  const { engine, actor, messengers } = house;
  await engine.registerDevice(actor, { recipientId: "uid_1", token: "first-device" });
  messengers.push.answer = () => ({ kind: "failed", code: "SENDER_ID_MISMATCH", detail: "not ours" });
  const made = await notify(house, { channel: "push", to: { recipientId: "uid_1" } });
  await house.drain();
  assert.deepEqual(
    [(await look(house, made)).status, (await look(house, made)).reason],
    ["failed", "refused"],
  );
  await engine.registerDevice(actor, { recipientId: "uid_1", token: "second-device" });
  messengers.push.answer = () => ({ kind: "sent", reference: null });
  await engine.retryNotification(actor, made.id);
  await house.drain();
  assert.deepEqual(messengers.push.addresses, ["first-device", "second-device"]);
});

test("without an address it fails as no_address, and is tried again once there is one", async () => {
  const house = await start();
  const { engine, actor } = house;
  const made = await notify(house, { to: { recipientId: "uid_1" } });
  await house.drain();
  assert.deepEqual(
    [(await look(house, made)).status, (await look(house, made)).reason],
    ["failed", "no_address"],
  );
  await engine.putRecipient(actor, "uid_1", { email: "ann@example.com" });
  assert.equal(await engine.retryFailed(actor, 100), 1);
  await house.drain();
  assert.deepEqual(house.messengers.email.addresses, ["ann@example.com"]);
});

test("a failure nobody can cure is not tried again, and one without an address no more often than it may be", async () => {
  const house = await start();
  const { engine, actor, messengers } = house;
  messengers.email.answer = () => ({ kind: "failed", code: "550", detail: "no such user", isBounced: true });
  const bounced = await notify(house);
  const homeless = await notify(house, { to: { recipientId: "nobody" } });
  await house.drain();
  assert.equal((await look(house, bounced)).status, "bounced");
  for (let round = 0; round < 6; round += 1) {
    await engine.retryFailed(actor, 100);
    await house.drain();
  }
  assert.equal(messengers.email.letters.length, 1);
  assert.equal((await look(house, homeless)).retryCount, 3);
});

test("a failed one older than a day is left alone", async () => {
  const house = await start();
  await notify(house, { to: { recipientId: "nobody" }, expiresAt: house.clock.now() + 72 * hour });
  await house.advance(25 * hour);
  assert.equal(await house.engine.retryFailed(house.actor, 100), 0);
});

test("a receipt makes a sent one delivered, and nothing else", async () => {
  const house = await start();
  const { engine, actor } = house;
  const made = await notify(house, { at: house.clock.now() + hour });
  await assert.rejects(engine.receiptNotification(actor, made.id, "delivered"), {
    code: "notification_state",
  });
  await house.advance(hour);
  const told = await engine.receiptNotification(actor, made.id, "delivered");
  assert.deepEqual([told.status, told.deliveredAt], ["delivered", house.clock.now()]);
  assert.equal((await engine.receiptNotification(actor, made.id, "delivered")).version, told.version);
});

test("no text message goes to a number that asked not to be called", async () => {
  const house = await start();
  await house.engine.createSuppression(house.actor, { to: "+12125550100" });
  const made = await notify(house, { channel: "sms", to: { address: "+12125550100" } });
  await house.drain();
  assert.deepEqual(
    [(await look(house, made)).status, (await look(house, made)).reason],
    ["failed", "suppressed"],
  );
});

test("a provider that reaches people sends no text to premium numbers; the folder takes any", async () => {
  const house = await start();
  const premium = { channel: "sms", to: { address: "+449098790000" } } as const;
  house.messengers.sms.isSandbox = false;
  await house.engine.openLive(house.actor, "default");
  const refused = await notify(house, premium);
  const taken = await notify(house, { channel: "sms", to: { address: "+442079460000" } });
  await house.drain();
  assert.deepEqual(
    [(await look(house, refused)).reason, (await look(house, taken)).status],
    ["destination_refused", "sent"],
  );
  house.messengers.sms.isSandbox = true;
  await notify(house, premium);
  await house.drain();
  assert.equal(house.messengers.sms.letters.length, 2);
});

test("in canary a provider that reaches people texts only numbers of the allow-list", async () => {
  const house = await start();
  house.messengers.sms.isSandbox = false;
  await house.engine.allowNumber(house.actor, { to: "+12125550101" });
  const mine = await notify(house, { channel: "sms", to: { address: "+12125550101" } });
  const other = await notify(house, { channel: "sms", to: { address: "+12125550102" } });
  await house.drain();
  assert.deepEqual(
    [(await look(house, mine)).status, (await look(house, other)).reason],
    ["sent", "not_on_allow_list"],
  );
});

test("a slow provider keeps no other waiting, and each is asked only so many things at once", async () => {
  const house = await start({ tuning: { tellingMax: 4 } });
  const { sms, email } = house.messengers;
  const answers: (() => void)[] = [];
  sms.answer = () => new Promise((resolve) => answers.push(() => resolve({ kind: "sent", reference: null })));
  for (let index = 0; index < 10; index += 1)
    await notify(house, { channel: "sms", to: { address: "+12125550100" }, queue: "appointments" });
  const letter = await notify(house, { queue: "maintenance" });
  await house.drain();
  assert.equal((await look(house, letter)).status, "sent");
  assert.equal(email.letters.length, 1);
  assert.equal(sms.letters.length, 4);
  while (answers.length > 0) {
    answers.shift()?.();
    await house.drain();
  }
  assert.equal(sms.letters.length, 10);
});

test("the most urgent queue comes first, and only the queues that the process works", async () => {
  const house = await start({
    tuning: { tellingMax: 1 },
    works: { calls: true, queues: ["appointments", "reviews"] },
  });
  const at = house.clock.now() + hour;
  for (const queue of ["maintenance", "reviews", "appointments"] as const)
    await notify(house, { queue, at, body: queue });
  await house.advance(2 * hour);
  assert.deepEqual(
    house.messengers.email.letters.map(({ body }) => body),
    ["appointments", "reviews"],
  );
});

test("old ones are removed, each kind by its own age", async () => {
  const house = await start();
  const { engine, actor, messengers } = house;
  const sent = await notify(house);
  await house.drain();
  messengers.email.answer = () => ({ kind: "failed", code: "x", detail: "x" });
  const failed = await notify(house);
  await house.drain();
  const waiting = await notify(house, { at: house.clock.now() + 1000 * hour });
  const later = house.clock.now() + 1;
  assert.equal(await engine.pruneNotifications(actor, { toldBefore: 0, failedBefore: later }, 100), 1);
  await assert.rejects(engine.getNotification(actor, failed.id), { code: "not_found" });
  assert.equal(await engine.pruneNotifications(actor, { toldBefore: later, failedBefore: later }, 100), 1);
  await assert.rejects(engine.getNotification(actor, sent.id), { code: "not_found" });
  assert.equal((await look(house, waiting)).status, "pending");
});
