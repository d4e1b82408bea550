import assert from "node:assert/strict";
import { test } from "node:test";

import { refusals } from "../../src/domain/refusal.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { startTestServer } from "../support/test-server.ts";

test("on loopback /health tells everything an operator wants to know", async () => {
  const { ask } = await startTestServer();
  const answer = await ask("GET", "/health");
  assert.equal(answer.statusCode, 200);
  const health = answer.json();
  assert.equal(health.status, "healthy");
  assert.equal(health.version, "0.0.0-test");
  assert.deepEqual(health.tzdb, { version: "2026f", source: "test" });
  assert.equal(health.store.kind, "sqlite");
  assert.equal(health.oldest_due_at, "2026-12-01T14:59:55Z");
  assert.equal(health.in_flight, 3);
  assert.equal(health.dialing, "running");
});

test("off loopback the probes tell a stranger their status only, and a key everything", async () => {
  const { ask, engine } = await startTestServer({ host: "0.0.0.0" });
  engine.keys.set("car_full", { actor: { workspaceId: 1, name: "k" }, scopes: ["*"], keyId: "key_1" });
  const host = "calls.example";
  assert.deepEqual((await ask("GET", "/health", undefined, { host })).json(), {
    status: "healthy",
    version: "0.0.0-test",
  });
  assert.deepEqual((await ask("GET", "/readyz?verbose", undefined, { host })).json(), { status: "ok" });
  const known = await ask("GET", "/health", undefined, { host, authorization: "Bearer car_full" });
  assert.equal(known.json().in_flight, 3);
  assert.equal((await ask("GET", "/metrics", undefined, { host })).statusCode, 401);
});

test("a store that fails makes the server not ready and degraded, but not dead", async () => {
  const { ask, engine } = await startTestServer();
  engine.healthy = false;
  assert.equal((await ask("GET", "/livez")).statusCode, 200);
  assert.equal((await ask("GET", "/readyz")).statusCode, 503);
  const health = await ask("GET", "/health");
  assert.deepEqual([health.statusCode, health.json().status], [503, "degraded"]);
});

test("metrics count requests by route, never by number or id", async () => {
  const { ask } = await startTestServer();
  await ask("POST", "/v1/calls", { to: "+12125550177" });
  await ask("GET", "/v1/calls/call_1?x=+12125550177");
  await ask("GET", "/v1/calls?to=%2B12125550177");
  const text = (await ask("GET", "/metrics")).body;
  assert.match(text, /carillon_http_requests_total\{route="\/v1\/calls",method="POST",status="201"\} 1/);
  assert.match(text, /carillon_http_requests_total\{route="\/v1\/calls\/:id",method="GET",status="\d+"\} 1/);
  assert.match(text, /carillon_oldest_due_call_age_seconds 5/);
  assert.doesNotMatch(text, /2125550177|call_1/);
});

test("what the engine counts is printed under the promised names", async () => {
  const { meter, print } = createMetrics();
  meter.startDelay(4);
  meter.claimed(2);
  meter.outcome("busy");
  meter.outcome("answered_human", 3);
  meter.missed(6);
  meter.error("dispatch");
  meter.due(7);
  meter.inFlight(5);
  const text = await print(0);
  for (const line of [
    'carillon_call_start_delay_seconds_bucket{le="0.005"} 1',
    "carillon_claims_total 2",
    'carillon_outcomes_total{outcome="busy"} 1',
    'carillon_outcomes_total{outcome="answered_human"} 3',
    'carillon_outcomes_total{outcome="no_answer"} 0',
    "carillon_missed_total 6",
    'carillon_errors_total{duty="dispatch"} 1',
    "carillon_calls_due 7",
    "carillon_calls_in_flight 5",
  ])
    assert.ok(text.includes(line), line);
});

test("the description is OpenAPI 3.1, names its schemas, and refers to nothing that it does not have", async () => {
  const { ask } = await startTestServer();
  const answer = await ask("GET", "/openapi.json");
  const document = answer.json();
  assert.equal(document.openapi, "3.1.0");
  for (const [, name = ""] of answer.body.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
    assert.ok(name in document.components.schemas, name);
  assert.doesNotMatch(answer.body, /"x-name"|"x-item"|"x-refusal"/);
  const paths: readonly Record<string, { operationId: string }>[] = Object.values(document.paths);
  const ids = paths.flatMap((path) => Object.values(path).map((operation) => operation.operationId));
  assert.equal(new Set(ids).size, ids.length);
  const item = document.components.schemas.CallsBulk.properties.calls.items;
  assert.deepEqual(item, { $ref: "#/components/schemas/CallCreate" });
});

test("the page of errors explains every code, and the docs load nothing from elsewhere", async () => {
  const { ask } = await startTestServer();
  const errors = (await ask("GET", "/docs/errors")).body;
  for (const code of Object.keys(refusals)) assert.ok(errors.includes(`id="${code}"`), code);
  const docs = await ask("GET", "/docs");
  assert.equal(docs.statusCode, 200);
  assert.match(String(docs.headers["content-security-policy"]), /default-src 'self'/);
  assert.doesNotMatch(docs.body, /(?:src|href)="https?:/);
});

test("request ids are ours and never repeat", async () => {
  const { ask } = await startTestServer();
  const ids = new Set<unknown>();
  for (let i = 0; i < 20; i += 1) {
    const answer = await ask("GET", "/livez", undefined, {
      "x-request-id": "theirs",
      "request-id": "theirs",
    });
    assert.match(String(answer.headers["x-request-id"]), /^req_[0-9a-z]+$/);
    ids.add(answer.headers["x-request-id"]);
  }
  assert.equal(ids.size, 20);
});
