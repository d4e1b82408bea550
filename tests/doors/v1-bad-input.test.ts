import assert from "node:assert/strict";
import { test } from "node:test";

import { startTestServer } from "../support/test-server.ts";

const good = { to: "+12125550100", in: "5m" };
type Case = readonly [promise: string, status: number, code: string, pointer: string | null, body: unknown];

const creates: readonly Case[] = [
  ["a wrong type", 422, "invalid_body", "/to", { to: 12125550100 }],
  ["a missing field", 422, "invalid_body", "/to", {}],
  ["an unknown field", 422, "unknown_field", "/timezon", { ...good, timezon: "UTC" }],
  [
    "an unknown field below",
    422,
    "unknown_field",
    "/sandbox/words",
    { ...good, sandbox: { script: ["busy"], words: 1 } },
  ],
  ["a number as text where an integer belongs", 422, "invalid_body", "/priority", { ...good, priority: "5" }],
  ["a priority out of range", 422, "invalid_body", "/priority", { ...good, priority: 10 }],
  ["null where it means nothing", 422, "invalid_body", "/timezone", { ...good, timezone: null }],
  ["a list as body", 422, "invalid_body", "", [good]],
  ["no body", 422, "invalid_body", "", ""],
  ["a number that is not E.164", 422, "phone_invalid", "/to", { to: "0212 555 0100" }],
  ["broken JSON", 400, "malformed_json", null, '{"to":'],
  ["a key that comes twice", 400, "malformed_json", null, '{"to":"+12125550100","to":"+12125550101"}'],
  ["deep JSON", 400, "malformed_json", null, `{"metadata":${'{"a":'.repeat(40)}1${"}".repeat(40)}}`],
  [
    "an integer that JavaScript would round",
    400,
    "malformed_json",
    null,
    '{"metadata":{"id":9007199254740993}}',
  ],
  ["a body of 1 MB", 413, "body_too_large", null, { ...good, purpose: "x".repeat(1_000_000) }],
];

for (const [promise, status, code, pointer, body] of creates) {
  test(`${promise} is refused as ${code} and changes nothing`, async () => {
    const { ask, engine } = await startTestServer();
    const answer = await ask("POST", "/v1/calls", body);
    assert.equal(answer.statusCode, status, answer.body);
    const problem = answer.json();
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
    assert.equal(problem.code, code);
    assert.equal(problem.status, status);
    assert.equal(problem.type, `/docs/errors#${code}`);
    assert.equal(problem.request_id, answer.headers["x-request-id"]);
    assert.ok(problem.hint.length > 0 && problem.detail.length > 0 && problem.title.length > 0);
    assert.equal(problem.retryable, false);
    if (pointer !== null) assert.equal(problem.errors[0].pointer, pointer);
    assert.deepEqual(engine.writes, []);
  });
}

test("all faults of a body are told at once", async () => {
  const { ask } = await startTestServer();
  const { errors } = (await ask("POST", "/v1/calls", { to: 1, purposes: "x", priority: 99 })).json();
  assert.deepEqual(errors.map((fault: { pointer: string }) => fault.pointer).toSorted(), [
    "/priority",
    "/purposes",
    "/to",
  ]);
});

test("a misspelled field is told its right name", async () => {
  const { ask } = await startTestServer();
  const { detail } = (await ask("POST", "/v1/calls", { ...good, externalId: "a" })).json();
  assert.match(detail, /did you mean external_id/);
});

test("what is no JSON by its content type is refused with 415", async () => {
  const { ask, engine } = await startTestServer();
  const answer = await ask("POST", "/v1/calls", "to=x", {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.equal(answer.statusCode, 415);
  assert.equal(answer.json().code, "unsupported_media_type");
  assert.deepEqual(engine.writes, []);
});

test("1,001 items are refused as a whole", async () => {
  const { ask, engine } = await startTestServer();
  const answer = await ask("POST", "/v1/calls/bulk", { calls: Array.from({ length: 1001 }, () => good) });
  assert.equal(answer.statusCode, 422);
  assert.equal(answer.json().code, "too_many_items");
  assert.deepEqual(engine.writes, []);
});

test("1,000 items in more than 256 KiB are taken", async () => {
  const { ask, engine } = await startTestServer();
  const calls = Array.from({ length: 1000 }, () => ({
    ...good,
    purpose: "x".repeat(200),
    metadata: { a: "y".repeat(100) },
  }));
  const answer = await ask("POST", "/v1/calls/bulk", { calls });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.json().data.length, 1000);
  assert.equal(engine.writes.length, 1000);
});

test("a bulk request answers every item in order, whoever refused it", async () => {
  const { ask, engine } = await startTestServer();
  const answer = await ask("POST", "/v1/calls/bulk", {
    calls: [good, { to: 1 }, { ...good, x: 1 }, { to: "12" }, good],
  });
  const { data } = answer.json();
  assert.deepEqual(
    data.map((item: { status: number }) => item.status),
    [201, 422, 422, 422, 201],
  );
  assert.deepEqual(
    data.slice(1, 4).map((item: { error: { code: string } }) => item.error.code),
    ["invalid_body", "unknown_field", "phone_invalid"],
  );
  assert.equal(data[4].call.id, "call_2");
  assert.equal(engine.writes.length, 2);
});

test("an unknown id is 404 for every verb, and nothing changes", async () => {
  const { ask, engine } = await startTestServer();
  for (const verb of ["cancel", "pause", "resume", "call-now"])
    assert.equal((await ask("POST", `/v1/calls/call_9/${verb}`)).json().code, "not_found");
  for (const path of ["", "/attempts", "/events", "/explain"])
    assert.equal((await ask("GET", `/v1/calls/call_9${path}`)).statusCode, 404);
  assert.equal((await ask("GET", "/v1/hours/nope")).statusCode, 404);
  assert.equal((await ask("DELETE", "/v1/lines/nope")).statusCode, 404);
  assert.deepEqual(engine.writes, []);
});

test("a cancel that comes too late is 409 and names the attempt", async () => {
  const { ask, engine } = await startTestServer();
  await ask("POST", "/v1/calls", good);
  const view = engine.calls.get("1 call_1");
  assert(view);
  engine.calls.set("1 call_1", { ...view, status: "dialing" });
  const answer = await ask("POST", "/v1/calls/call_1/cancel");
  assert.equal(answer.statusCode, 409);
  assert.equal(answer.json().code, "already_dialing");
  assert.equal(answer.json().attempt_id, "att_7");
  assert.deepEqual(engine.writes, ["schedule"]);
});

test("parameters that cannot be meant are refused by name", async () => {
  const { ask } = await startTestServer();
  for (const query of [
    "limit=0",
    "limit=x",
    "stat=failed",
    "status=done",
    "due_after=yesterday",
    "due_after=2026-12-01T10:00",
    "to=12",
  ]) {
    const answer = await ask("GET", `/v1/calls?${query}`);
    assert.equal(answer.statusCode, 400, query);
    assert.equal(answer.json().code, "invalid_parameter");
    assert.equal(answer.json().errors[0].pointer, `/query/${query.split("=")[0]}`);
  }
});

test("a path or method that does not exist is a problem document too", async () => {
  const { ask } = await startTestServer();
  assert.equal((await ask("GET", "/v1/nothing")).json().code, "unknown_path");
  assert.equal((await ask("GET", "/")).json().code, "unknown_path");
  const wrong = await ask("PUT", "/v1/calls", {});
  assert.equal(wrong.statusCode, 405);
  assert.equal(wrong.headers.allow, "POST, GET");
  assert.equal((await ask("GET", "/v1/calls/%zz")).statusCode, 400);
});

test("what fails inside stays inside: the caller gets the request's id, the log the cause", async () => {
  const { ask, engine, logged } = await startTestServer();
  engine.getCall = () => Promise.reject(new Error("secret table calls"));
  const answer = await ask("GET", "/v1/calls/call_1");
  assert.equal(answer.statusCode, 500);
  assert.equal(answer.json().retryable, true);
  assert.doesNotMatch(answer.body, /secret/);
  assert.equal(logged[0]?.fields.request_id, answer.json().request_id);
  assert.equal(logged[0]?.fields.route, "/v1/calls/:id");
});
