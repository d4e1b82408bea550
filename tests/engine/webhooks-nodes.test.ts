import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../src/store/open.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { KeptChannel } from "../support/kept-channel.ts";
import { testPostgres } from "../support/postgres.ts";
import { silentLog } from "../support/silent.ts";

const second = 1000;

test("of two nodes on one Postgres, each event is sent by one of them, once, whichever of them made it", async () => {
  const url = await (await testPostgres()).freshDatabase();
  const nodes: (TestEngine & { readonly channel: KeptChannel })[] = [];
  for (let i = 0; i < 2; i += 1) {
    const store = await openStore({ kind: "postgres", url }, { clock: new FakeClock(), log: silentLog });
    const channel = new KeptChannel();
    nodes.push({ ...(await startEngine({ store, channels: { webhook: channel } })), channel });
  }
  const [one, other] = nodes;
  assert.ok(one !== undefined && other !== undefined);
  const events = ["call.scheduled", "call.paused", "call.canceled"];
  const input = { url: "https://hooks.example/", events };
  await one.engine.createWebhookEndpoint(one.actor, input, { mayReachPrivate: true });
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(
      nodes.map(async (node) => {
        const call = await node.call({ to: "+12125550100", timezone: "UTC", in: "1h" });
        await node.engine.pause(node.actor, call.id);
        await node.engine.cancel(node.actor, call.id);
      }),
    );
    await Promise.all(nodes.map((node) => node.advance(second)));
  }
  for (let i = 0; i < 5; i += 1) await Promise.all(nodes.map((node) => node.advance(2 * second)));
  const sent = nodes.flatMap(({ channel }) => channel.sent);
  assert.equal(sent.length, 60);
  assert.equal(new Set(sent.map(({ id }) => id)).size, 60);
  const told = Map.groupBy(
    nodes.flatMap(({ channel }) => channel.events),
    ({ data }) => data["call_id"],
  );
  for (const [call, story] of told) {
    const inOrder = story.toSorted((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
    assert.deepEqual(
      inOrder.map(({ type, sequence }) => [type, sequence]),
      [
        ["call.scheduled", 1],
        ["call.paused", 2],
        ["call.canceled", 3],
      ],
      String(call),
    );
  }
  for (const { engine, store } of nodes) {
    await engine.stop(0);
    await store.close();
  }
});
