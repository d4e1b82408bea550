import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import type { Tuning } from "../../src/engine/context.ts";
import { openStore } from "../../src/store/open.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { KeptChannel } from "../support/kept-channel.ts";
import { silentLog } from "../support/silent.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const to = "+12125550137";
const planted = ["2125550137", "Zebedee Quux", "zebedee-custom-7", "quux@example.com", "Quuxmetadata"];
const person = {
  to,
  name: "Zebedee Quux",
  timezone: "America/New_York",
  external_id: "zebedee-custom-7",
  metadata: { note: "Quuxmetadata", email: "quux@example.com" },
};

/** An engine on a file, with everything in it that knows a person: calls of every kind, a series, lists, messages. */
async function fileWithPerson(
  context: TestContext,
  tuning: Partial<Tuning> = {},
): Promise<TestEngine & { readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-erasure-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const store = await openStore(
    { kind: "sqlite", path: join(folder, "carillon.db") },
    { clock: { now: () => 0 } as never, log: silentLog },
  );
  const webhook = new KeptChannel();
  const t = await startEngine({
    store,
    channels: { webhook, log: new KeptChannel() },
    tuning,
    journalPath: join(folder, "carillon.db.sandbox"),
  });
  context.after(() => store.close());
  await t.engine.createWebhookEndpoint(
    t.actor,
    { url: "https://hooks.example/", payload: "full" },
    { mayReachPrivate: true },
  );
  for (let index = 0; index < 40; index += 1)
    await t.call({
      ...person,
      name: `Somebody ${index}`,
      to: `+121255501${String(index + 40).padStart(2, "0")}`,
    });
  await t.call({ ...person, sandbox: { script: ["busy", "answered"] } });
  await t.call({ ...person, in: "90m", dedupe_key: "zebedee-custom-7" });
  await t.engine.createSeries(t.actor, {
    ...person,
    rule: { frequency: "daily" },
    start_at: "2027-06-01T10:00",
  });
  await t.engine.allowNumber(t.actor, { to, note: "mine" });
  await t.engine.createSuppression(t.actor, { to, reason: "asked", purpose: "sales" });
  await t.advance(30 * minute);
  return { ...t, folder };
}

function found(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.db($|-wal|\.sandbox)/.test(name))
    .flatMap((name) => {
      const bytes = readFileSync(join(folder, name)).toString("latin1");
      return planted.filter((one) => bytes.includes(one)).map((one) => `${one} in ${name}`);
    });
}

test("an erased person is nowhere in the files, is never called again, and still counts", async (context) => {
  const t = await fileWithPerson(context);
  assert.ok(found(t.folder).length > 0, "the person was there");
  const before = await t.engine.stats(t.actor);
  const erased = await t.engine.erasePerson(t.actor, { numbers: [to] });
  assert.equal(erased.status, "done");
  assert.equal(erased.counts["series"], 1);
  assert.ok((erased.counts["calls"] ?? 0) >= 2);
  assert.ok((erased.counts["messages"] ?? 0) >= 2);
  assert.deepEqual(
    found(t.folder).filter((one) => !/Quuxmetadata|quux@example|zebedee-custom|Quux/.test(one)),
    [],
    "the number",
  );
  // Forty others carry the same metadata and external id on purpose: what is theirs stays.
  const text = JSON.stringify((await t.engine.listCalls(t.actor, {}, { limit: 200 })).data);
  assert.match(text, /Somebody 7/);
  assert.doesNotMatch(text, /Zebedee Quux|2125550137/);

  const after = await t.engine.stats(t.actor);
  const sum = (counts: object) => Object.values(counts).reduce((a: number, b: number) => a + b, 0);
  assert.equal(sum(after.calls), sum(before.calls), "every call still counts");
  assert.equal(after.outcomes.busy, before.outcomes.busy);

  const again = await t.call({ ...person, name: "X" });
  await t.advance(5 * minute);
  assert.equal((await t.look(again)).status, "skipped");
  assert.equal((await t.look(again)).reason, "suppressed");
  const list = (await t.engine.listSuppressions(t.actor, { limit: 50 })).data;
  assert.ok(list.length > 0);
  assert.ok(list.every((one) => one.to === ""));
});

test("nothing of the last person who was erased is left in the files, free pages included", async (context) => {
  const t = await fileWithPerson(context);
  const numbers = [to, ...Array.from({ length: 40 }, (_, index) => `+121255501${String(index + 40)}`)];
  for (const number of numbers) await t.engine.erasePerson(t.actor, { numbers: [number] });
  assert.deepEqual(found(t.folder), []);
});

test("a call that is under way is followed to its end, and erased then", async (context) => {
  const t = await fileWithPerson(context);
  const call = await t.call({ ...person, sandbox: { script: ["answered:confirmed"] } });
  await t.advance(4000);
  assert.equal((await t.look(call)).status, "dialing");
  const erased = await t.engine.erasePerson(t.actor, { numbers: [to] });
  assert.equal(erased.status, "waiting");
  await t.advance(10 * minute);
  assert.equal((await t.engine.getErasure(t.actor, erased.id)).status, "done");
  const ended = await t.look(call);
  assert.equal(ended.status, "completed");
  assert.equal(ended.to, "");
  assert.equal(ended.name, null);
});

test("an erasure that a crash cut short is brought to its end by the next process", async (context) => {
  const t = await fileWithPerson(context);
  t.store.failing = (name, moment) => (name === "erase calls" && moment === "before" ? "broken" : null);
  await assert.rejects(t.engine.erasePerson(t.actor, { numbers: [to] }));
  t.store.failing = () => null;
  const next = await t.afterKill();
  await next.advance(minute);
  const [erasure] = (await next.engine.listErasures(next.actor, { limit: 10 })).data;
  assert.equal(erasure?.status, "done");
  const { data } = await next.engine.listCalls(next.actor, { to }, { limit: 10 });
  assert.deepEqual(new Set(data.map((call) => call.to)), new Set([""]));
});

test("what is older than it is kept is nowhere in the files either", async (context) => {
  const t = await fileWithPerson(context, { keepCallsMs: 2 * day, keepDeliveriesMs: 2 * day });
  const { data } = await t.engine.listSeries(t.actor, {}, { limit: 10 });
  for (const { id } of data) await t.engine.endSeries(t.actor, id);
  const live = await t.engine.listLiveNumbers(t.actor);
  assert.ok(found(t.folder).length > 0, "the person was there");
  await t.advance(day);
  assert.ok(found(t.folder).length > 0, "and is kept for as long as was said");
  await t.advance(4 * day);
  for (const { id } of live) await t.engine.disallowNumber(t.actor, id);
  for (const { id } of (await t.engine.listSuppressions(t.actor, { limit: 50 })).data)
    await t.engine.removeSuppression(t.actor, id);
  await t.store.scrub();
  assert.deepEqual((await t.engine.listCalls(t.actor, {}, { limit: 10 })).data, []);
  assert.deepEqual(found(t.folder), []);
});

test("whom to forget must be said, in a way that is understood", async () => {
  const t = await startEngine();
  await assert.rejects(t.engine.erasePerson(t.actor, {}), { code: "invalid_body" });
  await assert.rejects(t.engine.erasePerson(t.actor, { numbers: ["12"] }), { code: "phone_invalid" });
  await assert.rejects(t.engine.getErasure(t.actor, "era_1"), { code: "not_found" });
});
