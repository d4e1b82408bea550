import assert from "node:assert/strict";
import { test } from "node:test";

import { startTestServer } from "../support/test-server.ts";

const body = { to: "+12125550100", purpose: "renewal" };
const key = (value: string) => ({ "idempotency-key": value });

test("the same key and body give the same call, in any order of fields", async () => {
  const { ask, engine } = await startTestServer();
  const first = await ask("POST", "/v1/calls", body, key("a"));
  const again = await ask("POST", "/v1/calls", { purpose: "renewal", to: "+12125550100" }, key("a"));
  assert.equal(first.headers["idempotent-replayed"], undefined);
  assert.equal(again.headers["idempotent-replayed"], "true");
  assert.deepEqual([again.statusCode, again.json().id], [201, first.json().id]);
  assert.deepEqual(engine.writes, ["schedule"]);
});

test("the same key with another body is 422", async () => {
  const { ask, engine } = await startTestServer();
  await ask("POST", "/v1/calls", body, key("a"));
  const other = await ask("POST", "/v1/calls", { ...body, purpose: "other" }, key("a"));
  assert.deepEqual([other.statusCode, other.json().code], [422, "idempotency_mismatch"]);
  assert.deepEqual(engine.writes, ["schedule"]);
});

test("a key whose first request still runs is 409 with Retry-After, and free afterwards", async () => {
  const { ask, engine } = await startTestServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  engine.gate = promise;
  const entered = Promise.withResolvers<void>();
  const { schedule } = engine;
  engine.schedule = (...parameters) => {
    entered.resolve();
    return schedule(...parameters);
  };
  const first = ask("POST", "/v1/calls", body, key("a"));
  await entered.promise;
  const second = await ask("POST", "/v1/calls", body, key("a"));
  assert.deepEqual([second.statusCode, second.json().code], [409, "idempotency_in_progress"]);
  assert.equal(second.headers["retry-after"], "1");
  assert.equal(second.json().retryable, true);
  resolve();
  assert.equal((await first).statusCode, 201);
  assert.equal((await ask("POST", "/v1/calls", body, key("a"))).statusCode, 201);
});

test("other POSTs are answered again from memory for a day", async () => {
  const { ask, engine, clock } = await startTestServer();
  const line = { name: "main", carrier: "sandbox" };
  const first = await ask("POST", "/v1/lines", line, key("l"));
  const again = await ask("POST", "/v1/lines", line, key("l"));
  assert.deepEqual(again.json(), first.json());
  assert.deepEqual([again.statusCode, again.headers.location], [201, "/v1/lines/line_1"]);
  assert.equal(again.headers["idempotent-replayed"], "true");
  assert.equal((await ask("POST", "/v1/lines/main/pause", {}, key("l"))).json().code, "idempotency_mismatch");
  assert.deepEqual(engine.writes, ["createLine"]);
  await clock.advance(24 * 3_600_000);
  assert.equal((await ask("POST", "/v1/lines", line, key("l"))).headers["idempotent-replayed"], undefined);
});

test("a refused request leaves its key free", async () => {
  const { ask } = await startTestServer();
  assert.equal((await ask("POST", "/v1/lines/nope/pause", {}, key("r"))).statusCode, 404);
  assert.equal((await ask("POST", "/v1/lines/main/pause", {}, key("r"))).statusCode, 200);
});

test("a key that is empty, too long or not ASCII is refused", async () => {
  const { ask, engine } = await startTestServer();
  for (const bad of ["", "x".repeat(256), "schlüssel", "a\tb"])
    assert.equal(
      (await ask("POST", "/v1/calls", body, key(bad))).json().code,
      "idempotency_key_invalid",
      bad,
    );
  assert.deepEqual(engine.writes, []);
  assert.equal((await ask("POST", "/v1/calls", body, key("x".repeat(255)))).statusCode, 201);
});

test("a new API key is never kept to be shown again", async () => {
  const { ask } = await startTestServer();
  const first = (await ask("POST", "/v1/keys", { name: "a" }, key("k"))).json();
  const bearer = { authorization: `Bearer ${first.secret}` };
  const second = (await ask("POST", "/v1/keys", { name: "a" }, { ...key("k"), ...bearer })).json();
  assert.notEqual(second.secret, first.secret);
});
