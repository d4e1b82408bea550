import assert from "node:assert/strict";
import { test } from "node:test";

import { openStore } from "../../src/store/open.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { keptMessengers } from "../support/kept-messenger.ts";
import { testPostgres } from "../support/postgres.ts";
import { silentLog } from "../support/silent.ts";

const second = 1000;
const minute = 60 * second;
const words = { channel: "email", event: "news", body: "News." } as const;

type Node = TestEngine & { readonly messengers: ReturnType<typeof keptMessengers> };

async function twoNodes(): Promise<readonly [Node, Node]> {
  const url = await (await testPostgres()).freshDatabase();
  const nodes: Node[] = [];
  for (let index = 0; index < 2; index += 1) {
    const store = await openStore({ kind: "postgres", url }, { clock: new FakeClock(), log: silentLog });
    const messengers = keptMessengers();
    nodes.push({ ...(await startEngine({ store, messengers })), messengers });
  }
  const [one, other] = nodes;
  assert.ok(one !== undefined && other !== undefined);
  return [one, other];
}

async function close(nodes: readonly Node[]): Promise<void> {
  for (const { engine, store } of nodes) {
    await engine.stop(0);
    await store.close();
  }
}

test("of two nodes on one Postgres, each person is told by one of them, once, by bulk and one by one", async () => {
  const nodes = await twoNodes();
  const [one, other] = nodes;
  const ids = Array.from({ length: 2200 }, (_none, index) => `uid_${index}`);
  for (const id of ids.filter((_id, index) => index % 50 === 0))
    await one.engine.putRecipient(one.actor, id, { email: `${id}@example.com` });
  const { operation } = await one.engine.notifyMany(one.actor, { ...words, recipientIds: ids });
  for (let round = 0; round < 8; round += 1) {
    await Promise.all(
      nodes.map((node, index) =>
        node.engine.createNotification(node.actor, {
          ...words,
          to: { address: `single-${round}-${index}@example.com` },
        }),
      ),
    );
    await Promise.all(nodes.map((node) => node.advance(second)));
  }
  for (let index = 0; index < 5; index += 1) await Promise.all(nodes.map((node) => node.advance(2 * second)));
  const told = nodes.flatMap(({ messengers }) => messengers.email.letters.map(({ id }) => id));
  assert.equal(told.length, 44 + 16);
  assert.equal(new Set(told).size, told.length);
  const done = await other.engine.getOperation(other.actor, operation.id);
  assert.deepEqual([done.status, done.done, done.failed], ["completed", 2200, 0]);
  assert.deepEqual([done.notifications.sent, done.notifications.failed], [44, 2156]);
  await close(nodes);
});

test("what a dead node was sending is given up by another, and never sent again", async () => {
  const nodes = await twoNodes();
  const [one, other] = nodes;
  other.messengers.email.answer = () => new Promise(() => {});
  one.messengers.email.answer = () => new Promise(() => {});
  const { notification } = await one.engine.createNotification(one.actor, {
    ...words,
    to: { address: "ann@example.com" },
  });
  await one.drain();
  assert.equal(one.messengers.email.letters.length, 1);
  // The first node stands still from here on.
  for (let index = 0; index < 5; index += 1) await other.advance(minute);
  const lost = await other.engine.getNotification(other.actor, notification.id);
  assert.deepEqual([lost.status, lost.reason], ["failed", "unconfirmed"]);
  assert.equal(other.messengers.email.letters.length, 0);
  await close(nodes);
});
