import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Refusal } from "../../src/domain/refusal.ts";
import { forever } from "../../src/domain/ids.ts";
import type { ChangedCall, House, Plugged, Program, ProgramActor } from "../../src/ports/program.ts";
import type { AgentRow } from "../../src/ports/rows.ts";
import type { Tx } from "../../src/ports/store.ts";
import { startEngine } from "../support/engine.ts";

type Tables = { agents: AgentRow };
type Shop = {
  readonly house: House;
  readonly actor: ProgramActor;
  readonly heard: ChangedCall[];
  readonly add: (name: string, at?: number) => Promise<number>;
};

/** A business with one table (it borrows that of agents): each row is a person who is called once. */
async function openShop(options: Parameters<typeof startEngine>[0] = {}, extra: Partial<Plugged> = {}) {
  let shop: Shop | null = null;
  const heard: ChangedCall[] = [];
  const program: Program = {
    name: "shop",
    plug(house) {
      const insert = house.sql<Tables>().insertMany<AgentRow>("agents", {
        id: "bigint",
        workspace_id: "bigint",
        agent_id: "text",
        name: "text",
        metadata: "text",
        version: "bigint",
        created_at: "bigint",
        updated_at: "bigint",
      });
      const count = house
        .sql<Tables>()
        .selectMany<{ id: number }, AgentRow>("agents", { id: "bigint" }, "id");
      const actor = house.defaultActor();
      shop = {
        house,
        actor,
        heard,
        add: async (name, at) => {
          const wish = { to: "+12125550100", purpose: "shop", ...(at !== undefined && { at }) };
          const draft = await house.draftCall(actor, wish);
          return house.transact("add", actor, { rows: 1, calls: 1, notes: 1 }, function* (tx): Tx<number> {
            const row = { metadata: "{}", version: 1, created_at: tx.now, updated_at: tx.now };
            yield* insert([{ id: tx.nextId(), workspace_id: 1, agent_id: name, name, ...row }]);
            const callId = yield* tx.schedule(draft);
            tx.note({ type: "shop.added", callId });
            if (name === "refused") throw new Refusal("invalid_body", "Not this one.");
            return callId;
          });
        },
      };
      return {
        calls: {
          purposes: ["shop"],
          *changed(tx, call) {
            heard.push(call);
            if (call.status === "completed") tx.note({ type: "shop.sold" });
            yield* count([{ id: call.id }]);
          },
        },
        ...extra,
      };
    },
  };
  const t = await startEngine({ ...options, programs: [program] });
  if (shop === null) throw new Error("The program was not plugged in");
  const names = async () => (await t.engine.listAgents(t.actor, { limit: 50 })).data.map((one) => one.name);
  const events = async (type: string) => (await t.engine.listEvents(t.actor, null, 200, [type])).data;
  return { ...t, shop: shop as Shop, names, events };
}

describe("a program's transaction", () => {
  test("stores its rows, its calls and its history together", async () => {
    const t = await openShop();
    const callId = await t.shop.add("ann");
    assert.deepEqual(await t.names(), ["ann"]);
    const [call] = await t.shop.house.calls(t.shop.actor, [callId]);
    assert.equal(call?.purpose, "shop");
    assert.equal((await t.events("shop.added"))[0]?.data["call_id"], call?.publicId);
  });

  test("stores nothing of it when it refuses", async () => {
    const t = await openShop();
    await assert.rejects(t.shop.add("refused"), { code: "invalid_body" });
    assert.deepEqual(await t.names(), []);
    assert.equal((await t.engine.listCalls(t.actor, {}, { limit: 10 })).data.length, 0);
    assert.equal((await t.events("shop.added")).length, 0);
  });

  test("is done once, and returns the same, when the answer to its commit is lost", async () => {
    const t = await openShop();
    let lost = 0;
    t.store.failing = (name, moment) => {
      if (name !== "shop: add" || moment !== "after" || lost > 0) return null;
      lost += 1;
      return "commit_unknown";
    };
    const adding = t.shop.add("ann", t.clock.now() + 60_000);
    await t.advance(5000);
    const callId = await adding;
    assert.equal(lost, 1);
    assert.deepEqual(await t.names(), ["ann"]);
    const { data } = await t.engine.listCalls(t.actor, {}, { limit: 10 });
    assert.deepEqual(
      data.map((call) => call.id),
      [t.shop.house.secrets.publicId("call", callId)],
    );
    await t.advance(120_000);
    assert.equal((await t.look(data[0] as { id: string })).status, "completed");
  });

  test("cancels a call that waits, and says when it is too late", async () => {
    const t = await openShop();
    const { house, actor } = t.shop;
    const cancel = (callId: number) =>
      house.transact("cancel", actor, { cancels: 1 }, (tx) => tx.cancelCall(callId, "canceled_by_program"));
    const waiting = await t.shop.add("ann", t.clock.now() + 60_000);
    assert.equal(await cancel(waiting), "canceled");
    assert.equal(await cancel(waiting), "canceled", "twice is no fault");
    const [call] = await house.calls(actor, [waiting]);
    assert.equal(call?.reason, "canceled_by_program");
    const called = await t.shop.add("bob");
    await t.advance(60_000);
    assert.equal(await cancel(called), "too_late");
    assert.equal(await cancel(999_999), "unknown");
  });
});

describe("a program hears of its calls", () => {
  test("in the transaction that stores what became of them, and of no others", async () => {
    const t = await openShop();
    await t.shop.add("ann");
    await t.call({ to: "+12125550100" });
    await t.advance(60_000);
    assert.ok(t.shop.heard.every((call) => call.purpose === "shop"));
    assert.equal(t.shop.heard.at(-1)?.status, "completed");
    assert.equal((await t.events("shop.sold")).length, 1);
  });

  test("also of what somebody beside the carrier says, once for each message", async () => {
    const t = await openShop();
    const callId = await t.shop.add("ann");
    const { house, actor } = t.shop;
    const said = {
      key: "summary:1",
      at: t.clock.now(),
      outcome: "answered_human",
      disposition: "renewal_agreed",
    } as const;
    assert.equal(await house.report(actor, callId, said), false, "nothing was dialed yet");
    await t.advance(60_000);
    const before = t.shop.heard.length;
    assert.equal(await house.report(actor, callId, said), true);
    assert.equal(await house.report(actor, callId, said), true);
    assert.deepEqual(
      t.shop.heard.slice(before).map((call) => call.disposition),
      ["renewal_agreed"],
    );
    assert.equal((await house.calls(actor, [callId]))[0]?.disposition, "renewal_agreed");
  });
});

test("a program's line has the carrier of the default line, and its limits follow the program", async () => {
  const t = await openShop();
  const { house, actor } = t.shop;
  const wish = { name: "shop", slotsMax: 3, dailyMax: 20, timezone: "Asia/Kolkata" };
  assert.equal(await house.keepLine(actor, wish), "shop");
  const retryPolicy = { name: "shop", retries: 2, delayMs: 3_600_000 };
  await house.keepLine(actor, { ...wish, slotsMax: 5, retryPolicy });
  const line = await t.engine.getLine(t.actor, "shop");
  assert.deepEqual(
    [line.carrier, line.slotsMax, line.dailyMax, line.timezone, line.retryPolicy],
    ["sandbox", 5, 20, "Asia/Kolkata", "shop"],
  );
  const { version } = line;
  await house.keepLine(actor, { ...wish, slotsMax: 5, retryPolicy });
  assert.equal(
    (await t.engine.getLine(t.actor, "shop")).version,
    version,
    "what is as wished is not written",
  );
});

test("a line that a program keeps leaves calls that name none to the workspace's own only line", async () => {
  const t = await openShop();
  const before = await t.call({});
  const wish = { name: "shop", slotsMax: 3, dailyMax: 20, timezone: "Asia/Kolkata" };
  await t.shop.house.keepLine(t.shop.actor, wish);
  const after = await t.call({});
  assert.equal(after.line.name, before.line.name);
  const named = await t.call({ line: "shop" });
  assert.equal(named.line.name, "shop");
  assert.equal((await t.engine.getLine(t.actor, before.line.name)).isDefault, true);
});

test("a program's duty runs at the start, when it is due and when it is woken", async () => {
  let runs = 0;
  const t = await openShop({}, { duty: async () => ((runs += 1), forever) });
  assert.equal(runs, 1);
  t.shop.house.wake(t.clock.now() + 10_000);
  await t.advance(9999);
  assert.equal(runs, 1);
  await t.advance(1);
  assert.equal(runs, 2);
});
