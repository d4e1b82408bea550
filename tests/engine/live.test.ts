import assert from "node:assert/strict";
import { test } from "node:test";
import type { LineInput } from "../../src/engine/config-api.ts";
import { openStore } from "../../src/store/open.ts";
import { type EngineOptions, type TestEngine, startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { testPostgres } from "../support/postgres.ts";
import { silentLog } from "../support/silent.ts";

const second = 1000;
const hour = 3_600_000;
const mine = "+12125550100";
const other = "+14155552671";

/** An engine whose line "real" counts as one that can ring people, and asks the test's carrier. */
async function withRealLine(options: EngineOptions = {}, over: Partial<LineInput> = {}): Promise<TestEngine> {
  const t = await startEngine({ realStub: true, ...options });
  await t.engine.createLine(t.actor, {
    name: "real",
    carrier: "stub",
    slots_max: 1000,
    caller_id: "+12125550199",
    hours: "always",
    ...over,
  });
  await t.engine.updateSettings(t.actor, { default_line: "real", default_expires_after: "2d" });
  return t;
}

const rung = (t: TestEngine): string[] => t.stub.orders.map((order) => order.to);

async function eventsOf(t: TestEngine, type: string) {
  return (await t.engine.listEvents(t.actor, null, 500, [type])).data;
}

void test("a workspace starts in canary: its real lines call the allow-list, and refuse everybody else with the cure", async () => {
  const t = await withRealLine();
  assert.equal((await t.engine.live(t.actor)).mode, "canary");
  await assert.rejects(t.call({ to: other }), { code: "not_live", status: 422 });
  await assert.rejects(t.engine.preview(t.actor, { to: other }), { code: "not_live" });
  await t.engine.allowNumber(t.actor, { to: mine, note: "my own" });
  const call = await t.call({ to: mine });
  await t.advance(second);
  assert.deepEqual(rung(t), [mine]);
  assert.equal((await t.look(call)).status, "dialing");
});

void test("the sandbox calls whom it likes, and so does a line whose backend the operator has named", async () => {
  const t = await withRealLine();
  await t.call({ to: other, line: "sandbox" });
  await t.engine.createLine(t.actor, { name: "own", carrier: "stub", hours: "always", guarded: false });
  await t.call({ to: other, line: "own" });
  await t.advance(second);
  assert.deepEqual(rung(t), [other]);
  assert.equal(
    (await t.engine.live(t.actor)).lines.some(({ name }) => name === "own"),
    false,
  );
});

void test("opening needs the workspace's name, and leaves who did it in the ledger", async () => {
  const t = await withRealLine();
  await assert.rejects(t.engine.openLive(t.actor, "Default"), { code: "confirm_needed" });
  await assert.rejects(t.call({ to: other }), { code: "not_live" });
  const open = await t.engine.openLive(t.actor, "default");
  assert.deepEqual([open.mode, open.openedBy], ["open", "open"]);
  await t.engine.openLive(t.actor, "default");
  await t.call({ to: other });
  await t.advance(second);
  assert.deepEqual(rung(t), [other]);
  await t.engine.closeLive(t.actor);
  for (const type of ["live.opened", "live.closed"]) {
    const events = await eventsOf(t, type);
    assert.deepEqual(
      events.map(({ actor }) => actor),
      ["open"],
      type,
    );
  }
});

void test("closing holds what was scheduled while it was open, and opening again lets it go at once", async () => {
  const t = await withRealLine();
  await t.engine.openLive(t.actor, "default");
  await t.engine.allowNumber(t.actor, { to: mine });
  const held = await t.call({ to: other, in: "1m" });
  const allowed = await t.call({ to: mine, in: "1m" });
  await t.engine.closeLive(t.actor);
  await t.advance(5 * hour);
  assert.deepEqual(rung(t), [mine]);
  const waiting = await t.look(held);
  assert.deepEqual([waiting.status, waiting.waitingFor], ["scheduled", "not_on_allow_list"]);
  const moved = (await t.engine.listCallEvents(t.actor, held.id)).filter(
    ({ reason }) => reason === "not_on_allow_list",
  );
  assert.equal(moved.length, 1, "it says once why it waits");
  assert.match((await t.engine.explain(t.actor, held.id)).summary, /allow-list/);
  await t.engine.openLive(t.actor, "default");
  await t.advance(second);
  assert.deepEqual(rung(t), [mine, other]);
  assert.equal((await t.look(allowed)).attempts, 1);
});

void test("closing also reaches what was claimed and has not left", async () => {
  const delivered: (readonly number[])[] = [];
  let work: (ids: readonly number[]) => void = () => {};
  const t = await withRealLine({
    conveyor: {
      deliver: (ids) => void delivered.push(ids),
      onWork: (worker) => (work = worker),
      close: () => Promise.resolve(),
    },
  });
  await t.engine.openLive(t.actor, "default");
  const call = await t.call({ to: other });
  await t.drain();
  assert.equal(delivered.length, 1);
  await t.engine.closeLive(t.actor);
  for (const ids of delivered.splice(0)) work(ids);
  await t.advance(second);
  for (const ids of delivered.splice(0)) work(ids);
  await t.drain();
  assert.deepEqual(rung(t), []);
  const waiting = await t.look(call);
  assert.deepEqual([waiting.waitingFor, waiting.attempts], ["not_on_allow_list", 0]);
});

void test("a number that is taken off the allow-list is not called any more, by id or by number", async () => {
  const t = await withRealLine();
  const { number, isNew } = await t.engine.allowNumber(t.actor, { to: mine });
  assert.equal(isNew, true);
  assert.equal((await t.engine.allowNumber(t.actor, { to: mine })).isNew, false);
  const call = await t.call({ to: mine, in: "1m" });
  await t.engine.disallowNumber(t.actor, number.id);
  await t.advance(hour);
  assert.deepEqual(rung(t), []);
  await t.engine.allowNumber(t.actor, { to: mine });
  await t.advance(second);
  assert.deepEqual(rung(t), [mine]);
  assert.equal((await t.look(call)).status, "dialing");
  await t.engine.disallowNumber(t.actor, mine);
  assert.deepEqual(await t.engine.listLiveNumbers(t.actor), []);
  await assert.rejects(t.engine.disallowNumber(t.actor, mine), { code: "not_found" });
  for (const { data } of await eventsOf(t, "live.number_allowed"))
    assert.equal(JSON.stringify(data).includes("2125550100"), false);
});

void test("premium, satellite and emergency numbers are refused whatever is allowed; a sandbox line has no such numbers", async () => {
  const t = await withRealLine();
  await t.engine.openLive(t.actor, "default");
  for (const to of ["+19005551234", "+881612345678", "+19115550100", "+448712345678", "+8702123456789"]) {
    await t.engine.allowNumber(t.actor, { to });
    await assert.rejects(t.call({ to }), { code: "destination_refused" }, to);
  }
  await t.call({ to: "+19005551234", line: "sandbox" });
});

void test("what became forbidden after it was scheduled is skipped when it is due, with the reason", async () => {
  const t = await withRealLine();
  await t.engine.openLive(t.actor, "default");
  const call = await t.call({ to: other, in: "1h" });
  await t.engine.decideCountry(t.actor, "us", "refused");
  await assert.rejects(t.call({ to: other }), { code: "destination_refused" });
  await t.advance(hour);
  assert.deepEqual(rung(t), []);
  const ended = await t.look(call);
  assert.deepEqual([ended.status, ended.reason], ["skipped", "destination_refused"]);
});

void test("the first call to a new country waits until a person allows it, and asks once", async () => {
  const t = await withRealLine();
  await t.engine.openLive(t.actor, "default");
  const first = await t.call({ to: "+442079460958" });
  assert.match(first.warnings.join(), /GB/);
  const next = await t.call({ to: "+442079460123", in: "1m" });
  await t.advance(3 * hour);
  assert.deepEqual(rung(t), []);
  assert.equal((await t.look(first)).waitingFor, "country_approval");
  assert.deepEqual(
    (await eventsOf(t, "live.country_waiting")).map(({ data }) => data),
    [{ country: "GB" }],
  );
  const { countries } = await t.engine.live(t.actor);
  assert.deepEqual(
    countries.map(({ country, status }) => [country, status]),
    [
      ["GB", "waiting"],
      ["US", "home"],
    ],
  );
  await t.engine.decideCountry(t.actor, "GB", "allowed");
  await t.advance(second);
  assert.equal(rung(t).length, 2);
  assert.equal((await t.look(next)).attempts, 1);
  await t.engine.forgetCountry(t.actor, "GB");
  await t.call({ to: "+442079460222" });
  await t.advance(second);
  assert.equal(rung(t).length, 2);
});

void test("numbers of one block of a thousand are called only so often within an hour", async () => {
  const t = await withRealLine();
  await t.engine.openLive(t.actor, "default");
  await t.engine.updateLive(t.actor, { block_hour_max: 3 });
  await t.engine.scheduleMany(
    t.actor,
    Array.from({ length: 10 }, (_, index) => ({ to: `+1212555${2000 + index}` })),
  );
  await t.call({ to: other });
  await t.advance(10 * second);
  assert.equal(rung(t).filter((to) => to.startsWith("+12125552")).length, 3);
  assert.equal(rung(t).includes(other), true);
  const { data } = await t.engine.listCalls(t.actor, { status: ["scheduled"] }, { limit: 20 });
  assert.deepEqual(
    data.map(({ waitingFor }) => waitingFor),
    Array.from({ length: 7 }, () => "block_cap"),
  );
  assert.equal((await eventsOf(t, "live.block_cap_reached")).length, 1);
  await t.advance(hour);
  assert.equal(rung(t).filter((to) => to.startsWith("+12125552")).length, 6);
  await t.engine.updateLive(t.actor, { block_hour_max: 0 });
  await t.advance(second);
  assert.equal(rung(t).filter((to) => to.startsWith("+12125552")).length, 10);
});

void test("with encryption the allow-list is sealed, and still found", async () => {
  const key = { id: "2026", key: Buffer.alloc(32, 7) };
  const t = await withRealLine({ encryptionKeys: [key] });
  await t.engine.allowNumber(t.actor, { to: mine });
  const rows = await t.store.read("look", () => t.store.statements.live.numbers({}));
  assert.equal(JSON.stringify(rows).includes("2125550100"), false);
  assert.equal((await t.engine.listLiveNumbers(t.actor))[0]?.to, mine);
  await t.call({ to: mine });
  await t.advance(second);
  assert.deepEqual(rung(t), [mine]);
});

void test("what one node allows and closes holds for the others at once", async () => {
  const server = await testPostgres();
  const url = await server.freshDatabase();
  const open = () => openStore({ kind: "postgres", url }, { clock: new FakeClock(), log: silentLog });
  const one = await withRealLine({ store: await open() });
  const two = await startEngine({ realStub: true, store: await open() });
  try {
    await one.engine.openLive(one.actor, "default");
    await two.call({ to: other });
    await two.drain();
    assert.deepEqual([...rung(one), ...rung(two)], [other]);
    await one.engine.closeLive(one.actor);
    // Its book is old: it takes the call, and its claim knows better.
    const held = await two.call({ to: other });
    await two.drain();
    await one.drain();
    assert.deepEqual([...rung(one), ...rung(two)], [other]);
    assert.equal((await two.look(held)).waitingFor, "not_on_allow_list");
    await one.engine.allowNumber(one.actor, { to: mine });
    await two.call({ to: mine });
    await two.drain();
    assert.deepEqual([...rung(one), ...rung(two)], [other, mine]);
  } finally {
    for (const node of [one, two]) await node.store.close();
  }
});

void test("a restart forgets nothing of it", async () => {
  const t = await withRealLine();
  await t.engine.openLive(t.actor, "default");
  await t.engine.closeLive(t.actor);
  await t.engine.allowNumber(t.actor, { to: mine });
  const later = await t.afterKill();
  await assert.rejects(later.call({ to: other }), { code: "not_live" });
  await later.call({ to: mine });
  await later.advance(second);
  assert.deepEqual(rung(later), [mine]);
});
