import assert from "node:assert/strict";
import { test } from "node:test";
import { derivedEventTypes } from "../../src/domain/event-types.ts";
import { deliveryLadder } from "../../src/domain/delivery.ts";
import type { Actor } from "../../src/engine/engine.ts";
import type { WebhookEndpointInput } from "../../src/engine/notify.ts";
import { rotateEncryption } from "../../src/engine/rotate-encryption.ts";
import { createSecrets } from "../../src/system/secrets.ts";
import { type EngineOptions, type TestEngine, startEngine } from "../support/engine.ts";
import { KeptChannel } from "../support/kept-channel.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const open = { mayReachPrivate: true };
const answered = { to: "+12125550100", timezone: "UTC", sandbox: { script: ["answered"] } };

type Told = TestEngine & {
  readonly channel: KeptChannel;
  readonly endpointId: string;
  readonly secret: string;
};

async function withEndpoint(
  input: Partial<WebhookEndpointInput> = {},
  options: EngineOptions = {},
): Promise<Told> {
  const channel = new KeptChannel();
  const t = await startEngine({ ...options, channels: { webhook: channel, log: new KeptChannel() } });
  const { endpoint, secret } = await t.engine.createWebhookEndpoint(
    t.actor,
    { url: "https://hooks.example/", ...input },
    open,
  );
  await t.advance(minute);
  channel.sent.length = 0;
  return { ...t, channel, endpointId: endpoint.id, secret };
}

/** What the log of deliveries shows, oldest first. */
async function log(t: Told) {
  const page = await t.engine.listDeliveries(t.actor, t.endpointId, {}, { limit: 200 });
  return page.data.toReversed();
}

test("an endpoint is told of every step of a call, in order, without its number", async () => {
  const t = await withEndpoint();
  const call = await t.call({ ...answered, external_id: "order-7", name: "Ada Lovelace" });
  await t.advance(10 * minute);
  assert.deepEqual(t.channel.types, [
    "call.scheduled",
    "call.dialing",
    "call.dispatched",
    "call.ringing",
    "call.answered",
    "attempt.ended",
    "call.completed",
  ]);
  assert.deepEqual(
    t.channel.events.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6, 7],
  );
  const last = t.channel.events.at(-1);
  assert.equal(last?.api_version, "v1");
  assert.equal(last?.data["call_id"], call.id);
  assert.equal(last?.data["external_id"], "order-7");
  assert.equal(last?.data["status"], "completed");
  assert.equal(last?.data["outcome"], "answered_human");
  const everything = t.channel.sent.map(({ body }) => body).join("\n");
  assert.doesNotMatch(everything, /2125550100|Lovelace/);
  const own = (await t.engine.listCallEvents(t.actor, call.id)).map(({ id }) => id);
  assert.deepEqual(
    t.channel.sent.map(({ id }) => id).filter((id) => own.includes(id)),
    own,
  );
  assert.equal(new Set(t.channel.sent.map(({ id }) => id)).size, 7);
  for (const { id } of t.channel.sent) assert.doesNotMatch(id, /\./);
});

test("whoever asked for the full payload gets the call with its number", async () => {
  const t = await withEndpoint({ payload: "full", events: ["call.completed"] });
  await t.call({ ...answered, metadata: { plan: "gold" } });
  await t.advance(10 * minute);
  const [event] = t.channel.events;
  const shown = event?.data["call"] as Record<string, unknown>;
  assert.equal(shown["to"], "+12125550100");
  assert.deepEqual(shown["metadata"], { plan: "gold" });
  assert.equal(t.channel.sent.length, 1);
});

test("a message of a call with much metadata stays below 20 kB, and says that something was left out", async () => {
  const t = await withEndpoint({ payload: "full", events: ["call.scheduled"] });
  await t.call({ ...answered, metadata: { notes: "x".repeat(30_000) } });
  await t.advance(minute);
  const [message] = t.channel.sent;
  assert.ok(Buffer.byteLength(message?.body ?? "") <= 20_000);
  assert.equal(t.channel.events[0]?.data["truncated"], true);
});

test("only the types and groups that were asked for come, and of an entry each thing that follows", async () => {
  const t = await withEndpoint({ events: ["disposition.*", "contact.opted_out", "suppression.created"] });
  await t.call({ ...answered, sandbox: { script: ["answered:opt_out"] } });
  await t.advance(10 * minute);
  assert.deepEqual(t.channel.types, ["disposition.recorded", "contact.opted_out", "suppression.created"]);
});

test("of an attempt whose placing was unknown it is told when that is settled", async () => {
  const t = await withEndpoint({ events: ["call.unconfirmed", "call.settled", "attempt.ended"] });
  t.stub.onPlace = () => ({ kind: "unknown", detail: "time-out" });
  await t.engine.createLine(t.actor, { name: "stub", carrier: "stub" });
  const call = await t.call({ to: "+12125550100", timezone: "UTC", line: "stub" });
  await t.runUntil(async () => (await t.look(call)).status === "needs_review", day);
  await t.engine.settle(t.actor, call.id, { placed: true });
  await t.advance(minute);
  assert.deepEqual(t.channel.types, ["call.unconfirmed", "call.settled", "attempt.ended"]);
});

test("a call that had to wait tells so when its wait is over, and a cap that held it up is told as it does", async () => {
  const t = await withEndpoint({ events: ["call.queued", "limit.reached", "call.dialing"] });
  await t.engine.updateLine(t.actor, "sandbox", { slots_max: 1 });
  await t.call({ ...answered, to: "+12125550100" });
  await t.call({ ...answered, to: "+12125550101" });
  await t.advance(10 * minute);
  assert.deepEqual(t.channel.types, ["call.dialing", "call.queued", "call.dialing"]);
  assert.equal(t.channel.events[1]?.data["reason"], "capacity");
  t.channel.sent.length = 0;
  await t.engine.updateSettings(t.actor, { number_caps: [{ max: 1, windowMs: day }] });
  await t.call({ ...answered, to: "+12125550102", expires_after: "2d" });
  await t.call({ ...answered, to: "+12125550102", expires_after: "2d" });
  await t.advance(10 * minute);
  assert.deepEqual(t.channel.types.toSorted(), ["call.dialing", "limit.reached"]);
  const reached = t.channel.events.find(({ type }) => type === "limit.reached");
  assert.equal(reached?.data["limit"], "number_cap");
});

test("nobody is told of what happened before they listened, nor of what happened while they were disabled", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] });
  await t.call({ ...answered, external_id: "first" });
  await t.advance(minute);
  await t.engine.updateWebhookEndpoint(t.actor, t.endpointId, { status: "disabled" }, open);
  await t.call({ ...answered, external_id: "second" });
  await t.advance(minute);
  await t.engine.updateWebhookEndpoint(t.actor, t.endpointId, { status: "enabled" }, open);
  await t.call({ ...answered, external_id: "third" });
  await t.advance(minute);
  assert.deepEqual(
    t.channel.events.map(({ data }) => data["external_id"]),
    ["first", "third"],
  );
});

test("a second endpoint is not told of what the first one is still owed", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] });
  await t.call({ ...answered, in: "1h" });
  const late = "https://late.example/";
  await t.engine.createWebhookEndpoint(t.actor, { url: late, events: ["call.scheduled"] }, open);
  await t.call({ ...answered, in: "1h" });
  await t.advance(minute);
  assert.equal(t.channel.sent.filter(({ target }) => target["url"] === late).length, 1);
  assert.equal(t.channel.sent.length, 3);
});

test("what happened before a kill is told after it, and what was on its way comes again under its id", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] });
  let hung = 0;
  t.channel.answer = () => new Promise(() => (hung += 1));
  await t.call(answered);
  await t.advance(1000);
  assert.equal(hung, 1);
  await t.call({ ...answered, external_id: "unseen" });
  const channel = new KeptChannel();
  const after = await t.afterKill({ channels: { webhook: channel } });
  await after.advance(2 * minute);
  assert.deepEqual(channel.types, ["call.scheduled", "call.scheduled"]);
  assert.equal(channel.sent.filter(({ id }) => id === t.channel.sent[0]?.id).length, 1);
  const sequences = channel.events.map(({ sequence }) => sequence);
  assert.deepEqual(sequences, [1, 1]);
});

test("a call's numbers go on after a restart", async () => {
  const t = await withEndpoint({ events: ["call.*", "attempt.*"] });
  const call = await t.call({ ...answered, in: "1h" });
  await t.advance(minute);
  const channel = new KeptChannel();
  const after = await t.afterKill({ channels: { webhook: channel } });
  await after.engine.pause(after.actor, call.id);
  await after.engine.resume(after.actor, call.id);
  await after.advance(2 * 60 * minute);
  assert.deepEqual(
    [...t.channel.events, ...channel.events].map(({ sequence }) => sequence),
    Array.from({ length: 9 }, (_, index) => index + 1),
  );
});

test("failures are tried again along the ladder for three days, then given up; all of it stands in the log", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] });
  const at: number[] = [];
  t.channel.answer = () => {
    at.push(t.clock.now());
    return { kind: "retry", detail: "HTTP 500", answer: { status: 500, body: "no" } };
  };
  await t.call({ ...answered, in: "30d" });
  await t.advance(4 * day);
  assert.equal(at.length, deliveryLadder.length + 1);
  for (const [index, wait] of deliveryLadder.entries()) {
    const waited = (at[index + 1] ?? 0) - (at[index] ?? 0);
    assert.ok(waited >= wait && waited <= 1.2 * wait + 1, `${index}: ${waited} for ${wait}`);
  }
  const isLater = deliveryLadder.map((wait, index) => (at[index + 1] ?? 0) - (at[index] ?? 0) > 1.01 * wait);
  assert.ok(isLater.includes(true), "what failed together must not come again together");
  const [one] = await log(t);
  assert.equal(one?.status, "failed");
  assert.equal(one?.tries, at.length);
  assert.deepEqual(one?.answer, { status: 500, body: "no" });
  const bodies = new Set(t.channel.sent.map(({ id, body }) => `${id} ${body}`));
  assert.equal(bodies.size, 1, "each try is the same message");
});

test("a receiver that asks for time gets it, up to a day", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] });
  const at: number[] = [];
  const asked = [600_000, 1000, 90 * day];
  t.channel.answer = () => {
    at.push(t.clock.now());
    const afterMs = asked[at.length - 1];
    return afterMs === undefined
      ? { kind: "delivered" }
      : { kind: "retry", detail: "HTTP 429", afterMs, answer: { status: 429, body: "" } };
  };
  await t.call({ ...answered, in: "30d" });
  await t.advance(2 * day);
  const waits = at.slice(1).map((instant, index) => instant - (at[index] ?? 0));
  assert.equal(waits[0], 600_000);
  assert.ok((waits[1] ?? 0) >= 5 * minute, "less than the ladder's own wait is not granted");
  assert.equal(waits[2], day);
});

test("a receiver that is gone is disabled at once, one that fails for days is disabled with an event", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] }, { tuning: { disableAfterMs: 5 * hour } });
  const other = await t.engine.createWebhookEndpoint(
    t.actor,
    { url: "https://other.example/", events: ["webhook_endpoint.disabled"] },
    open,
  );
  const isOther = (target: Readonly<Record<string, unknown>>) => target["url"] === "https://other.example/";
  t.channel.answer = ({ target }) =>
    isOther(target) ? { kind: "delivered" } : { kind: "retry", detail: "HTTP 500" };
  for (let i = 0; i < 7; i += 1) {
    await t.call({ ...answered, in: "30d" });
    await t.advance(hour);
  }
  const endpoint = await t.engine.getWebhookEndpoint(t.actor, t.endpointId);
  assert.deepEqual([endpoint.status, endpoint.statusReason], ["disabled", "failing"]);
  const told = t.channel.events.filter(({ type }) => type === "webhook_endpoint.disabled");
  assert.equal(told.length, 1);
  assert.equal(told[0]?.data["id"], t.endpointId);
  assert.equal(told[0]?.sequence, null);

  t.channel.answer = () => ({ kind: "failed", detail: "HTTP 410", isGone: true });
  await t.engine.sendTest(t.actor, other.endpoint.id);
  await t.advance(minute);
  const gone = await t.engine.getWebhookEndpoint(t.actor, other.endpoint.id);
  assert.deepEqual([gone.status, gone.statusReason], ["disabled", "gone"]);
  await assert.rejects(t.engine.sendTest(t.actor, other.endpoint.id), { code: "subscriber_disabled" });
});

test("one success keeps an endpoint that fails at times from being disabled", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] }, { tuning: { disableAfterMs: 5 * hour } });
  let tries = 0;
  t.channel.answer = () => {
    tries += 1;
    return tries % 4 === 0 ? { kind: "delivered" } : { kind: "retry", detail: "HTTP 500" };
  };
  for (let i = 0; i < 12; i += 1) {
    await t.call({ ...answered, in: "30d" });
    await t.advance(hour);
  }
  assert.equal((await t.engine.getWebhookEndpoint(t.actor, t.endpointId)).status, "enabled");
});

test("a slow endpoint keeps nobody else waiting", async () => {
  const t = await withEndpoint(
    { events: ["call.scheduled"] },
    { tuning: { sendingMax: 20, sendingEachMax: 4 } },
  );
  await t.engine.createWebhookEndpoint(
    t.actor,
    { url: "https://quick.example/", events: ["call.scheduled"] },
    open,
  );
  let hung = 0;
  t.channel.answer = ({ target }) =>
    target["url"] === "https://quick.example/" ? { kind: "delivered" } : new Promise(() => (hung += 1));
  for (let i = 0; i < 30; i += 1) await t.call({ ...answered, in: "30d" });
  await t.advance(minute);
  assert.equal(hung, 4);
  assert.equal(t.channel.sent.filter(({ target }) => target["url"] === "https://quick.example/").length, 30);
});

test("one message is sent again on request, and what failed since an instant all at once", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] });
  t.channel.answer = () => ({ kind: "failed", detail: "HTTP 400" });
  for (let i = 0; i < 3; i += 1) {
    await t.call({ ...answered, in: "30d" });
    await t.advance(minute);
  }
  const failed = await log(t);
  assert.deepEqual(
    failed.map(({ status }) => status),
    ["failed", "failed", "failed"],
  );
  t.channel.answer = () => ({ kind: "delivered" });
  t.channel.sent.length = 0;
  await t.engine.resendDelivery(t.actor, failed[0]?.id ?? "");
  await t.advance(minute);
  assert.deepEqual(
    t.channel.sent.map(({ id }) => id),
    [failed[0]?.messageId],
  );
  const since = new Date(failed[1]?.createdAt ?? 0).toISOString();
  assert.equal(await t.engine.recoverDeliveries(t.actor, t.endpointId, since), 2);
  await t.advance(minute);
  assert.deepEqual(
    (await log(t)).map(({ status, tries }) => [status, tries]),
    [
      ["delivered", 2],
      ["delivered", 2],
      ["delivered", 2],
    ],
  );
  assert.equal(await t.engine.recoverDeliveries(t.actor, t.endpointId, since), 0);
});

test("after a rotation two secrets sign, until the overlap has passed", async () => {
  const t = await withEndpoint({ events: ["key.revoked"] }, { encryptionKeys: [] });
  const rotated = await t.engine.rotateWebhookSecret(t.actor, t.endpointId, { overlap: "2h" });
  const secretsOfTest = async (): Promise<readonly string[]> => {
    t.channel.sent.length = 0;
    await t.engine.sendTest(t.actor, t.endpointId);
    await t.advance(minute);
    return t.channel.sent[0]?.secrets ?? [];
  };
  assert.deepEqual(await secretsOfTest(), [rotated.secret, t.secret]);
  await t.advance(2 * 60 * minute);
  assert.deepEqual(await secretsOfTest(), [rotated.secret]);
  const own = `whsec_${Buffer.alloc(64, 7).toString("base64")}`;
  const again = await t.engine.rotateWebhookSecret(t.actor, t.endpointId, { secret: own, overlap: "0s" });
  assert.equal(again.secret, own);
  assert.deepEqual(await secretsOfTest(), [own]);
  for (const secret of [
    "whsec_",
    `whsec_${Buffer.alloc(23).toString("base64")}`,
    `whsec_${Buffer.alloc(65).toString("base64")}`,
    "x".repeat(40),
  ])
    await assert.rejects(t.engine.rotateWebhookSecret(t.actor, t.endpointId, { secret }), {
      code: "secret_invalid",
    });
});

test("with keys, nothing of an endpoint or a message stands readable in the store", async () => {
  const t = await withEndpoint(
    { payload: "full", events: ["call.scheduled"] },
    { encryptionKeys: [{ id: "a", key: new Uint8Array(32).fill(1) }] },
  );
  await t.call(answered);
  await t.advance(minute);
  assert.match(t.channel.sent[0]?.body ?? "", /"to":"\+12125550100"/);
  const rows = await t.store.read("look", function* () {
    const { subscribers, deliveries } = t.store.statements;
    return [yield* subscribers.all({}), yield* deliveries.byIds([{ id: 1 }])];
  });
  assert.doesNotMatch(JSON.stringify(rows), /whsec_|hooks\.example|2125550100/);
  assert.match(JSON.stringify(rows), /enc:a:/);
});

test("after a change of keys the old one is needed for nothing that concerns subscribers", async () => {
  const keyOf = (id: string, byte: number) => ({ id, key: new Uint8Array(32).fill(byte) });
  const t = await withEndpoint({ events: ["call.scheduled"] }, { encryptionKeys: [keyOf("a", 1)] });
  await t.engine.rotateWebhookSecret(t.actor, t.endpointId, {});
  await t.call({ ...answered, in: "1h" });
  await t.advance(minute);
  const both = createSecrets("a secret for tests alone", [keyOf("b", 2), keyOf("a", 1)]);
  assert.ok((await rotateEncryption(t.store, both, () => {})) > 0);
  const channel = new KeptChannel();
  const after = await t.afterKill({ channels: { webhook: channel }, encryptionKeys: [keyOf("b", 2)] });
  const [sent] = (await after.engine.listDeliveries(after.actor, t.endpointId, {}, { limit: 1 })).data;
  await after.engine.resendDelivery(after.actor, sent?.id ?? "");
  await after.advance(minute);
  assert.equal(channel.sent[0]?.body, t.channel.sent[0]?.body);
  assert.equal(channel.sent[0]?.secrets.length, 2);
});

test("of another workspace nothing is seen, told, or can be changed", async () => {
  const t = await withEndpoint();
  const { secret } = await t.engine.createKey(t.actor, { name: "b", workspace: "other" });
  const other = (await t.engine.authenticate(secret))?.actor as Actor;
  await t.advance(minute);
  t.channel.sent.length = 0;
  await t.engine.createLine(other, { name: "theirs", carrier: "stub" });
  await t.advance(minute);
  assert.deepEqual(t.channel.types, []);
  await t.engine.sendTest(t.actor, t.endpointId);
  await t.advance(minute);
  const [delivery] = await log(t);
  const foreign = [
    () => t.engine.getWebhookEndpoint(other, t.endpointId),
    () => t.engine.updateWebhookEndpoint(other, t.endpointId, { payload: "full" }, open),
    () => t.engine.removeWebhookEndpoint(other, t.endpointId),
    () => t.engine.rotateWebhookSecret(other, t.endpointId, {}),
    () => t.engine.sendTest(other, t.endpointId),
    () => t.engine.listDeliveries(other, t.endpointId, {}, { limit: 1 }),
    () => t.engine.getDelivery(other, delivery?.id ?? ""),
    () => t.engine.resendDelivery(other, delivery?.id ?? ""),
    () => t.engine.recoverDeliveries(other, t.endpointId, "2026-01-01T00:00:00Z"),
    () => t.engine.getNotificationHandler(t.actor, t.endpointId),
  ];
  for (const ask of foreign) await assert.rejects(ask(), { code: "not_found" });
  assert.deepEqual(await t.engine.listWebhookEndpoints(other), []);
});

test("a type that there is none of is refused, so that a slip of the pen is not waited for", async () => {
  const t = await withEndpoint();
  for (const events of [["call.complete"], ["calls.*"], ["call"], ["call.*", ""], [], ["call.**"]])
    await assert.rejects(
      t.engine.createWebhookEndpoint(t.actor, { url: "https://hooks.example/", events }, open),
      { code: "event_type_unknown" },
    );
});

test("nobody who may not can name addresses of the operator's network", async () => {
  const t = await withEndpoint();
  const closed = { mayReachPrivate: false };
  const url = "https://hooks.example/";
  await assert.rejects(t.engine.createWebhookEndpoint(t.actor, { url, allow_private: true }, closed), {
    code: "forbidden",
  });
  const { endpoint } = await t.engine.createWebhookEndpoint(t.actor, { url, allow_private: true }, open);
  await assert.rejects(
    t.engine.updateWebhookEndpoint(t.actor, endpoint.id, { url: "https://10.0.0.1/" }, closed),
    { code: "forbidden" },
  );
  const patched = await t.engine.updateWebhookEndpoint(t.actor, endpoint.id, { payload: "full" }, closed);
  assert.equal(patched.allowPrivate, true);
});

test("a removed endpoint is sent nothing more, and what nobody waits for is not kept for it", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] });
  t.channel.answer = () => ({ kind: "retry", detail: "HTTP 500" });
  await t.call({ ...answered, in: "30d" });
  await t.advance(minute);
  await t.engine.removeWebhookEndpoint(t.actor, t.endpointId);
  t.channel.sent.length = 0;
  await t.call({ ...answered, in: "30d" });
  await t.advance(2 * hour);
  assert.deepEqual(t.channel.sent, []);
  assert.deepEqual(await t.engine.listWebhookEndpoints(t.actor), []);
});

test("messages are removed when they have been kept for long enough", async () => {
  const t = await withEndpoint({ events: ["call.scheduled"] }, { tuning: { keepDeliveriesMs: day } });
  await t.call({ ...answered, in: "300d" });
  await t.advance(20 * 60 * minute);
  assert.equal((await log(t)).length, 1);
  await t.advance(6 * 60 * minute);
  assert.equal((await log(t)).length, 0);
});

test("a workspace may have 50 endpoints", async () => {
  const t = await withEndpoint();
  const one = (): Promise<unknown> =>
    t.engine.createWebhookEndpoint(t.actor, { url: "https://hooks.example/", events: ["line.*"] }, open);
  for (let i = 1; i < 50; i += 1) await one();
  await assert.rejects(one(), { code: "too_many_subscribers" });
});

test("what is derived is never written into the ledger", async () => {
  const t = await withEndpoint();
  await t.call({ ...answered, sandbox: { script: ["answered:opt_out"] } });
  await t.advance(10 * minute);
  const { data } = await t.engine.listEvents(t.actor, null, 200);
  const derived: readonly string[] = derivedEventTypes;
  assert.deepEqual(
    data.filter(({ type }) => derived.includes(type)),
    [],
  );
});
