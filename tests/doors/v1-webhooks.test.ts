import assert from "node:assert/strict";
import { test } from "node:test";
import { channels } from "../../src/channels/index.ts";
import type { OutsideAnswer, OutsideRequest } from "../../src/ports/carrier.ts";
import type { Channel } from "../../src/ports/channel.ts";
import { openUrlCheck } from "../../src/system/fetch.ts";
import { openHouse } from "../support/open-house.ts";
import { keptLog } from "../support/silent.ts";

const minute = 60_000;
const url = "https://hooks.example/carillon";
const good = { to: "+12125550100", timezone: "UTC", sandbox: { script: ["answered"] } };

/** The real server and the real channels; what leaves is kept, and answered as the test says. */
async function openHooks() {
  const left: OutsideRequest[] = [];
  const outside: { answer: OutsideAnswer } = {
    answer: { kind: "answer", status: 200, headers: {}, body: "thanks" },
  };
  const kept = keptLog();
  const opened: Record<string, Channel> = {};
  for (const [name, load] of Object.entries(channels))
    opened[name] = (await load())({
      clock: { now: () => 0 },
      log: kept.log,
      fetch: (request) => {
        left.push(request);
        return Promise.resolve(outside.answer);
      },
      checkUrl: openUrlCheck(),
      smtp: null,
    });
  const house = await openHouse({ channels: opened });
  return { ...house, left, outside, lines: kept.lines };
}

test("an endpoint is created with its secret shown this once, and told what happens", async () => {
  const { ask, advance, left } = await openHooks();
  const created = await ask("POST", "/v1/webhook-endpoints", {
    url,
    events: ["call.completed"],
    description: "CRM",
  });
  assert.equal(created.statusCode, 201);
  const { secret, ...endpoint } = created.json();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.equal(created.headers.location, `/v1/webhook-endpoints/${endpoint.id}`);
  assert.equal(created.headers.etag, '"1"');
  assert.deepEqual((await ask("GET", `/v1/webhook-endpoints/${endpoint.id}`)).json(), endpoint);
  assert.deepEqual((await ask("GET", "/v1/webhook-endpoints")).json(), {
    data: [endpoint],
    has_more: false,
    next_cursor: null,
  });
  await ask("POST", "/v1/calls", good);
  await advance(10 * minute);
  assert.equal(left.length, 1);
  assert.equal(left[0]?.url, url);
  assert.equal(JSON.parse(left[0]?.body ?? "").type, "call.completed");
  assert.match(left[0]?.headers["webhook-signature"] ?? "", /^v1,/);

  const list = (await ask("GET", `/v1/webhook-endpoints/${endpoint.id}/deliveries`)).json();
  assert.equal(list.data.length, 1);
  assert.deepEqual(
    [list.data[0].status, list.data[0].answer_status, list.data[0].answer_body],
    ["delivered", 200, "thanks"],
  );
  const one = (await ask("GET", `/v1/deliveries/${list.data[0].id}`)).json();
  assert.equal(one.body, left[0]?.body);
});

test("a URL that leads inside is refused when it is named, each with the field", async () => {
  const { ask } = await openHooks();
  for (const wrong of [
    "http://hooks.example/",
    "https://127.1/",
    "https://0xa9fea9fe/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://user@hooks.example/",
    "https://hooks.example:22/",
    "ftp://hooks.example/",
    "nonsense",
  ]) {
    const answer = await ask("POST", "/v1/webhook-endpoints", { url: wrong });
    assert.equal(answer.statusCode, 422, wrong);
    assert.deepEqual(
      [answer.json().code, answer.json().errors[0].pointer],
      ["target_invalid", "/url"],
      wrong,
    );
  }
  const metadata = { url: "https://169.254.169.254/", allow_private: true };
  assert.equal((await ask("POST", "/v1/webhook-endpoints", metadata)).json().code, "target_invalid");
  const own = { url: "http://127.0.0.1:9000/", allow_private: true };
  assert.equal((await ask("POST", "/v1/webhook-endpoints", own)).statusCode, 201);
});

test("once keys are in force, only a full key of the default workspace may name private addresses", async () => {
  const { ask, engine, actor } = await openHooks();
  const keyOf = async (scopes: readonly string[], workspace?: string): Promise<Record<string, string>> => {
    const { secret } = await engine.createKey(actor, {
      name: `${scopes.join()} ${workspace ?? ""}`,
      scopes,
      ...(workspace === undefined ? {} : { workspace }),
    });
    return { authorization: `Bearer ${secret}` };
  };
  const full = await keyOf(["*"]);
  const narrow = await keyOf(["webhook-endpoints:write"]);
  const foreign = await keyOf(["*"], "other");
  const reader = await keyOf(["webhook-endpoints:read"]);
  const own = { url: "http://127.0.0.1:9000/", allow_private: true };
  const post = async (headers: Record<string, string>, body: object) =>
    (await ask("POST", "/v1/webhook-endpoints", body, headers)).statusCode;
  assert.equal(await post(full, own), 201);
  assert.equal(await post(narrow, own), 403);
  assert.equal(await post(foreign, own), 403);
  assert.equal(await post(narrow, { url }), 201);
  assert.equal(await post(foreign, { url }), 201);
  assert.equal(await post(reader, { url }), 403);
  assert.equal(await post({}, { url }), 401);
  const mine = (await ask("GET", "/v1/webhook-endpoints", undefined, reader)).json();
  assert.equal(mine.data.length, 2);
  const theirs = (await ask("GET", "/v1/webhook-endpoints", undefined, foreign)).json().data[0].id;
  for (const [method, path] of [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["POST", "/rotate-secret"],
    ["POST", "/test"],
    ["POST", "/disable"],
    ["POST", "/enable"],
    ["GET", "/deliveries"],
  ] as const) {
    const body = method === "PATCH" ? { payload: "full" } : undefined;
    const answer = await ask(method, `/v1/webhook-endpoints/${theirs}${path}`, body, full);
    assert.equal(answer.statusCode, 404, `${method} ${path}`);
  }
});

test("an endpoint is changed, disabled, enabled, tested, given a new secret and removed", async () => {
  const { ask, advance, left } = await openHooks();
  const { id, secret } = (await ask("POST", "/v1/webhook-endpoints", { url })).json();
  const path = `/v1/webhook-endpoints/${id}`;
  const stale = await ask("PATCH", path, { payload: "full" }, { "if-match": '"7"' });
  assert.equal(stale.statusCode, 412);
  const patched = await ask("PATCH", path, { payload: "full", events: ["line.*"] }, { "if-match": '"1"' });
  assert.deepEqual(
    [patched.json().payload, patched.json().events, patched.headers.etag],
    ["full", ["line.*"], '"2"'],
  );
  assert.equal((await ask("PATCH", path, {})).statusCode, 422);
  assert.equal((await ask("PATCH", path, { events: ["call.nonsense"] })).json().code, "event_type_unknown");
  assert.equal((await ask("POST", `${path}/disable`)).json().status_reason, "by_request");
  assert.equal((await ask("POST", `${path}/test`)).json().code, "subscriber_disabled");
  assert.equal((await ask("POST", `${path}/enable`)).json().status, "enabled");
  const sent = await ask("POST", `${path}/test`);
  assert.deepEqual([sent.statusCode, sent.json().type], [202, "webhook_endpoint.test"]);
  await advance(minute);
  assert.equal(JSON.parse(left.at(-1)?.body ?? "").data.test, true);
  const again = await ask("POST", `/v1/deliveries/${sent.json().id}/resend`);
  assert.equal(again.statusCode, 202);
  await advance(minute);
  assert.equal(left.length, 2);
  const rotated = (await ask("POST", `${path}/rotate-secret`, { overlap: "1h" })).json();
  assert.notEqual(rotated.secret, secret);
  assert.notEqual(rotated.old_secret_until, null);
  assert.equal((await ask("POST", `${path}/rotate-secret`, { overlap: "8d" })).json().code, "time_invalid");
  assert.equal((await ask("POST", `${path}/recover`, { since: "2026-01-01T00:00:00Z" })).json().count, 0);
  assert.equal((await ask("POST", `${path}/recover`, { since: "yesterday" })).json().code, "time_invalid");
  assert.equal((await ask("DELETE", path)).statusCode, 204);
  assert.equal((await ask("GET", path)).statusCode, 404);
  assert.equal((await ask("GET", `/v1/deliveries/${sent.json().id}`)).statusCode, 404);
});

test("handlers tell by webhook or log; e-mail waits for its mail server", async () => {
  const { ask, advance, left, lines } = await openHooks();
  const path = "/v1/notification-handlers";
  const log = await ask("POST", path, { name: "ops", channel: "log", events: ["call.*"] });
  assert.deepEqual([log.statusCode, log.json().secret], [201, null]);
  const hook = await ask("POST", path, {
    name: "hook",
    channel: "webhook",
    events: ["call.failed"],
    settings: { url },
  });
  assert.match(hook.json().secret, /^whsec_/);
  const mail = {
    name: "team",
    channel: "email",
    events: ["call.failed"],
    settings: { to: ["team@example.com"] },
  };
  assert.equal((await ask("POST", path, mail)).json().code, "channel_unavailable");
  const pigeon = { name: "x", channel: "pigeon", events: ["*"] };
  assert.equal((await ask("POST", path, pigeon)).json().code, "channel_unknown");
  const inside = { name: "x", channel: "webhook", events: ["*"], settings: { url: "https://10.0.0.1/" } };
  assert.equal((await ask("POST", path, inside)).json().errors[0].pointer, "/settings/url");
  await ask("POST", "/v1/calls", { ...good, sandbox: { script: ["invalid_number"] } });
  await advance(10 * minute);
  assert.deepEqual(
    left.map(({ body }) => JSON.parse(body ?? "").type),
    ["call.failed"],
  );
  const told = lines
    .filter(({ sentence }) => sentence.includes("notification handler"))
    .map(({ fields }) => fields["type"]);
  assert.ok(told.includes("call.scheduled") && told.includes("call.failed"));
  const id = hook.json().id;
  assert.equal((await ask("GET", `${path}/${id}/deliveries`)).json().data.length, 1);
  assert.equal((await ask("POST", `/v1/webhook-endpoints/${id}/test`)).statusCode, 404);
  assert.equal((await ask("PATCH", `${path}/${id}`, { name: "renamed" })).json().name, "renamed");
  assert.equal((await ask("POST", `${path}/${id}/test`)).json().type, "notification_handler.test");
  assert.equal((await ask("DELETE", `${path}/${id}`)).statusCode, 204);
  assert.equal((await ask("GET", path)).json().data.length, 1);
});

test("a notification that is given up is an event for everybody else", async () => {
  const { ask, advance, left, outside } = await openHooks();
  outside.answer = { kind: "answer", status: 410, headers: {}, body: "" };
  await ask("POST", "/v1/notification-handlers", {
    name: "gone",
    channel: "webhook",
    events: ["call.scheduled", "notification.failed"],
    settings: { url },
  });
  const log = (
    await ask("POST", "/v1/notification-handlers", {
      name: "others",
      channel: "log",
      events: ["notification.failed", "notification_handler.disabled"],
    })
  ).json();
  await ask("POST", "/v1/calls", { ...good, in: "1h" });
  await advance(minute);
  assert.equal(left.length, 1);
  const told = (await ask("GET", `/v1/notification-handlers/${log.id}/deliveries`)).json().data;
  assert.deepEqual(told.map(({ type }: { type: string }) => type).toSorted(), [
    "notification.failed",
    "notification_handler.disabled",
  ]);
});
