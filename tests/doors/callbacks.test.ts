import assert from "node:assert/strict";
import { test } from "node:test";

import type { Callback, CarrierKind } from "../../src/ports/carrier.ts";
import { startTestServer } from "../support/test-server.ts";

/** A carrier kind that takes what is signed "good" and reads what says "ok". */
function kindWith(seen: Callback[]): CarrierKind {
  return {
    name: "test",
    real: true,
    secrets: [],
    parseSettings: (settings) => ({ ok: true, settings }),
    connect: () => assert.fail("nothing is placed"),
    readCallback: (callback, _settings, now) => {
      seen.push(callback);
      if (callback.headers["x-signature"] !== "good") return { kind: "forged", detail: "signature" };
      if (Buffer.from(callback.rawBody).toString() !== "ok") return { kind: "unreadable", detail: "not ok" };
      return { kind: "reports", reports: [{ key: "1", kind: "ringing", at: now }] };
    },
  };
}

async function start() {
  const seen: Callback[] = [];
  const started = await startTestServer({}, { test: () => Promise.resolve(kindWith(seen)) });
  started.engine.callback = { carrier: "test", settings: {} };
  const post = (payload: string, headers: Record<string, string> = {}) =>
    started.server.app.inject({
      method: "POST",
      url: "/callbacks/key-1?a=b",
      headers: { host: "tunnel.example", "x-signature": "good", ...headers },
      payload,
    });
  return { ...started, seen, post };
}

test("a genuine callback is stored, then answered with 204, whatever host it came by", async () => {
  const { post, engine, seen } = await start();
  const answer = await post("ok", { "content-type": "application/x-www-form-urlencoded" });
  assert.deepEqual([answer.statusCode, answer.body], [204, ""]);
  assert.equal(engine.received.length, 1);
  assert.equal(seen[0]?.url, "/callbacks/key-1?a=b");
  assert.equal(seen[0]?.contentType, "application/x-www-form-urlencoded");
});

test("the carrier sees the raw bytes, also when they are JSON", async () => {
  const { post, seen } = await start();
  await post('{"a" : 1}', { "content-type": "application/json" });
  assert.equal(Buffer.from(seen[0]?.rawBody ?? []).toString(), '{"a" : 1}');
});

test("forged, unreadable and unknown callbacks are told apart and store nothing", async () => {
  const { post, engine } = await start();
  assert.equal((await post("ok", { "x-signature": "bad" })).statusCode, 403);
  assert.equal((await post("other")).statusCode, 422);
  engine.callback = null;
  assert.equal((await post("ok")).statusCode, 404);
  engine.callback = { carrier: "gone", settings: {} };
  assert.equal((await post("ok")).statusCode, 404);
  assert.deepEqual(engine.received, []);
});

test("a callback of more than 256 KiB is refused", async () => {
  const { post, engine } = await start();
  assert.equal((await post("x".repeat(300_000))).statusCode, 413);
  assert.deepEqual(engine.received, []);
});
