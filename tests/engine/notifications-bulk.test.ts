import assert from "node:assert/strict";
import { test } from "node:test";

import { type EngineOptions, type TestEngine, startEngine } from "../support/engine.ts";
import { keptMessengers } from "../support/kept-messenger.ts";

const hour = 3_600_000;
const words = { channel: "email", event: "announcement", subject: "News", body: "We have moved." } as const;

async function start(options: EngineOptions = {}) {
  const messengers = keptMessengers();
  return { ...(await startEngine({ messengers, ...options })), messengers };
}

/** The answer to the next commit of the transaction `name` is lost. */
function loseAnswer(house: TestEngine, name: string): () => number {
  let lost = 0;
  house.store.failing = (asked, moment) => {
    if (asked !== name || moment !== "after" || lost > 0) return null;
    lost += 1;
    return "commit_unknown";
  };
  return () => lost;
}

test("100,000 recipients are accepted at once and have a notification each", async () => {
  const house = await start();
  const { engine, actor } = house;
  const recipientIds = Array.from({ length: 100_000 }, (_none, index) => `uid_${index}`);
  const { operation } = await engine.notifyMany(actor, {
    ...words,
    recipientIds,
    at: house.clock.now() + hour,
  });
  assert.deepEqual([operation.status, operation.total, operation.done], ["running", 100_000, 0]);
  await house.drain();
  const done = await engine.getOperation(actor, operation.id);
  assert.deepEqual(
    [done.status, done.done, done.failed, done.notifications.pending],
    ["completed", 100_000, 0, 100_000],
  );
  const last = await engine.listNotifications(actor, { operationId: operation.id }, { limit: 1 });
  assert.equal(last.data[0]?.recipientId, "uid_99999");
  assert.equal(
    (await engine.listNotifications(actor, { recipientId: "uid_7" }, { limit: 5 })).data.length,
    1,
  );
});

test("each of a bulk is told once, although the process is killed in the middle of it", async () => {
  const house = await start();
  const { engine, actor, messengers } = house;
  const ids = Array.from({ length: 2500 }, (_none, index) => `uid_${index}`);
  for (const id of ids.filter((_id, index) => index % 100 === 0))
    await engine.putRecipient(actor, id, { email: `${id}@example.com` });
  let parts = 0;
  // The process dies with its second part: it is committed, and nothing of this process happens after it.
  house.store.failing = (name, moment) => {
    if (name !== "store a part of many notifications") return null;
    parts += moment === "after" ? 1 : 0;
    return parts >= 2 ? "broken" : null;
  };
  const { operation } = await engine.notifyMany(actor, { ...words, recipientIds: ids });
  await house.drain();
  const half = await engine.getOperation(actor, operation.id);
  assert.deepEqual([half.status, half.done], ["running", 2000]);
  house.store.failing = () => null;
  const after = await house.afterKill({ messengers });
  await after.advance(hour);
  const done = await after.engine.getOperation(actor, operation.id);
  assert.deepEqual([done.status, done.done, done.failed], ["completed", 2500, 0]);
  assert.deepEqual([done.notifications.sent, done.notifications.failed], [25, 2475]);
  assert.equal(new Set(messengers.email.addresses).size, 25);
  assert.equal(messengers.email.letters.length, 25);
});

test("a part whose commit was not answered is stored once", async () => {
  const house = await start();
  const { engine, actor } = house;
  const lost = loseAnswer(house, "store a part of many notifications");
  const ids = Array.from({ length: 1500 }, (_none, index) => `uid_${index}`);
  const { operation } = await engine.notifyMany(actor, { ...words, recipientIds: ids });
  await house.advance(10_000);
  assert.equal(lost(), 1);
  const done = await engine.getOperation(actor, operation.id);
  assert.deepEqual([done.status, done.done], ["completed", 1500]);
  assert.equal(
    Object.values(done.notifications).reduce((sum, count) => sum + count, 0),
    1500,
  );
});

test("with a dedupe key, whoever has a notification of that key gets no second one", async () => {
  const house = await start();
  const { engine, actor } = house;
  const bulk = { ...words, dedupeKey: "news-12" };
  await engine.notifyMany(actor, { ...bulk, recipientIds: ["a", "b"] });
  await house.drain();
  const { operation } = await engine.notifyMany(actor, { ...bulk, recipientIds: ["b", "c"] });
  await house.drain();
  const done = await engine.getOperation(actor, operation.id);
  assert.deepEqual([done.status, done.done, done.failed], ["completed", 1, 1]);
});

test("the same bulk with the same Idempotency-Key is one operation", async () => {
  const house = await start();
  const { engine, actor } = house;
  const key = { key: "k", fingerprint: "f" };
  const first = await engine.notifyMany(actor, { ...words, recipientIds: ["a"] }, key);
  const after = await house.afterKill({ messengers: house.messengers });
  const second = await after.engine.notifyMany(actor, { ...words, recipientIds: ["a"] }, key);
  assert.deepEqual([second.replayed, second.operation.id], [true, first.operation.id]);
  await assert.rejects(
    after.engine.notifyMany(actor, { ...words, recipientIds: ["a"] }, { key: "k", fingerprint: "other" }),
    { code: "idempotency_mismatch" },
  );
});

test("a claim whose answer was lost tells each person once", async () => {
  const house = await start();
  const { engine, actor, messengers } = house;
  const at = house.clock.now() + hour;
  for (const name of ["ann", "ben"])
    await engine.createNotification(actor, { ...words, at, to: { address: `${name}@example.com` } });
  const lost = loseAnswer(house, "take due notifications");
  await house.advance(2 * hour);
  assert.equal(lost(), 1);
  assert.deepEqual(messengers.email.addresses.toSorted(), ["ann@example.com", "ben@example.com"]);
  const { data } = await engine.listNotifications(actor, {}, { limit: 10 });
  assert.deepEqual(
    data.map(({ status, retryCount }) => [status, retryCount]),
    [
      ["sent", 0],
      ["sent", 0],
    ],
  );
});

test("a record whose answer was lost is kept once, and one that cannot be kept is never sent again", async () => {
  const house = await start();
  const { engine, actor, messengers } = house;
  const lost = loseAnswer(house, "record what was told");
  const { notification } = await engine.createNotification(actor, {
    ...words,
    to: { address: "ann@example.com" },
  });
  await house.advance(10_000);
  assert.equal(lost(), 1);
  const { data } = await engine.listEvents(actor, null, 100, ["notification.sent"]);
  assert.equal(data.length, 1);
  assert.equal((await engine.getNotification(actor, notification.id)).status, "sent");

  house.store.failing = (name) => (name === "record what was told" ? "broken" : null);
  const second = await engine.createNotification(actor, { ...words, to: { address: "ben@example.com" } });
  await house.advance(24 * hour);
  assert.equal(messengers.email.letters.length, 2);
  const given = await engine.getNotification(actor, second.notification.id);
  assert.deepEqual([given.status, given.reason], ["failed", "unconfirmed"]);
});
