import assert from "node:assert/strict";
import { test } from "node:test";

import type { Actor } from "../../src/engine/engine.ts";
import { rotateEncryption } from "../../src/engine/rotate-encryption.ts";
import { type EncryptionKey, createSecrets } from "../../src/system/secrets.ts";
import { type EngineOptions, startEngine } from "../support/engine.ts";
import { keptMessengers } from "../support/kept-messenger.ts";

const hour = 3_600_000;
const words = { channel: "email", event: "news", subject: "News", body: "A private matter." } as const;
const keyOf = (id: string, byte: number): EncryptionKey => ({ id, key: new Uint8Array(32).fill(byte) });

async function start(options: EngineOptions = {}) {
  const messengers = keptMessengers();
  return { ...(await startEngine({ messengers, ...options })), messengers };
}

test("with encryption on, neither words nor addresses nor tokens stand in the store, and new keys open them", async () => {
  const house = await start({ encryptionKeys: [keyOf("a", 1)] });
  const { engine, actor, store, messengers } = house;
  await engine.putRecipient(actor, "uid_1", { email: "ann@example.com", phone: "+12125550100" });
  await engine.registerDevice(actor, { recipientId: "uid_1", token: "a-secret-token" });
  const at = house.clock.now() + hour;
  await engine.createNotification(actor, { ...words, to: { recipientId: "uid_1" }, at });
  await engine.createNotification(actor, { ...words, to: { address: "ben@example.com" }, at });
  await engine.createNotification(actor, { ...words, channel: "push", to: { recipientId: "uid_1" }, at });
  await engine.notifyMany(actor, { ...words, recipientIds: ["uid_1"], at });
  await house.drain();
  const kept = JSON.stringify(
    await store.read("look at everything", function* () {
      const all = { id: 0, limit: 100 };
      return [
        yield* store.statements.notifications.after(all),
        yield* store.statements.recipients.after(all),
        yield* store.statements.devices.after(all),
        yield* store.statements.operations.after(all),
      ];
    }),
  );
  for (const secret of ["ann@", "ben@", "+1212", "a-secret-token", "private matter"])
    assert.ok(!kept.includes(secret), `${secret} stands in the store`);
  const both = createSecrets("a secret for tests alone", [keyOf("b", 2), keyOf("a", 1)]);
  await rotateEncryption(store, both, () => {});
  const after = await house.afterKill({ messengers, encryptionKeys: [keyOf("b", 2)] });
  await after.advance(2 * hour);
  assert.deepEqual(messengers.email.addresses.toSorted(), [
    "ann@example.com",
    "ann@example.com",
    "ben@example.com",
  ]);
  assert.deepEqual(messengers.push.addresses, ["a-secret-token"]);
  assert.equal((await after.engine.getRecipient(actor, "uid_1")).phone, "+12125550100");
});

test("of a person who is erased nothing stays but what was told when, and nothing more is told", async () => {
  const house = await start();
  const { engine, actor, messengers, clock } = house;
  await engine.putRecipient(actor, "uid_1", { email: "Ann@example.com", phone: "+12125550100" });
  await engine.registerDevice(actor, { recipientId: "uid_1", token: "a-secret-token" });
  const sent = (await engine.createNotification(actor, { ...words, to: { recipientId: "uid_1" } }))
    .notification;
  const other = (await engine.createNotification(actor, { ...words, to: { address: "ben@example.com" } }))
    .notification;
  await house.drain();
  const at = clock.now() + hour;
  const direct = { ...words, to: { address: "ann@example.com" }, at };
  const waiting = (await engine.createNotification(actor, direct)).notification;
  const erasure = await engine.erasePerson(actor, { numbers: ["+12125550100"] });
  assert.ok(erasure.id);
  await house.advance(3 * hour);
  const page = { limit: 10 };
  const told = await engine.getNotification(actor, sent.id);
  assert.deepEqual(
    [told.status, told.event, told.recipientId, told.subject, told.body, told.targets],
    ["sent", "news", null, null, "", []],
  );
  const kept = await engine.getNotification(actor, waiting.id);
  assert.deepEqual(
    [kept.status, kept.reason, kept.address, kept.body],
    ["canceled", "person_erased", null, ""],
  );
  assert.equal((await engine.getNotification(actor, other.id)).body, "A private matter.");
  assert.equal((await engine.listRecipients(actor, page)).data.length, 0);
  assert.equal((await engine.listDevices(actor, {}, page)).data.length, 0);
  assert.equal(messengers.email.letters.length, 2);
});

test("of another workspace nothing is seen, and nothing can be changed", async () => {
  const house = await start();
  const { engine, actor } = house;
  const { secret } = await engine.createKey(actor, { name: "b", workspace: "other" });
  const other = (await engine.authenticate(secret))?.actor as Actor;
  const at = house.clock.now() + hour;
  const { notification } = await engine.createNotification(actor, {
    ...words,
    to: { address: "ann@example.com" },
    at,
    dedupeKey: "k",
  });
  const { device } = await engine.registerDevice(actor, { recipientId: "uid_1", token: "token-1" });
  const { operation } = await engine.notifyMany(actor, { ...words, recipientIds: ["uid_1"], at });
  const template = await engine.createTemplate(actor, { name: "t", body: "Words." });
  await engine.putRecipient(actor, "uid_1", { email: "ann@example.com" });
  const page = { limit: 10 };
  const foreign = [
    () => engine.getNotification(other, notification.id),
    () => engine.cancelNotification(other, notification.id),
    () => engine.retryNotification(other, notification.id),
    () => engine.receiptNotification(other, notification.id, "delivered"),
    () => engine.getOperation(other, operation.id),
    () => engine.cancelOperation(other, operation.id),
    () => engine.getTemplate(other, template.id),
    () => engine.getTemplate(other, "t"),
    () => engine.updateTemplate(other, template.id, { body: "x" }),
    () => engine.removeTemplate(other, template.id),
    () => engine.removeDevice(other, device.id),
    () => engine.getRecipient(other, "uid_1"),
    () => engine.removeRecipient(other, "uid_1"),
  ];
  for (const ask of foreign) await assert.rejects(ask, { code: "not_found" });
  assert.equal((await engine.listNotifications(other, {}, page)).data.length, 0);
  assert.equal((await engine.listTemplates(other, page)).data.length, 0);
  assert.equal((await engine.listDevices(other, {}, page)).data.length, 0);
  assert.equal((await engine.listRecipients(other, page)).data.length, 0);
  const theirs = await engine.createNotification(other, {
    ...words,
    to: { recipientId: "uid_1" },
    dedupeKey: "k",
  });
  assert.equal(theirs.isNew, true);
  await house.drain();
  assert.equal((await engine.getNotification(other, theirs.notification.id)).reason, "no_address");
  assert.equal(await engine.retryFailed(actor, 100), 0);
});
