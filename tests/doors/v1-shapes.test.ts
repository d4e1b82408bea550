import assert from "node:assert/strict";
import { test } from "node:test";

import { FAKE_START } from "../support/fake-clock.ts";
import { startTestServer } from "../support/test-server.ts";

const good = { to: "+12125550100", timezone: "America/New_York", metadata: { a: [1, { b: null }] } };

test("a created call is 201 with its place and version, and the due time thrice", async () => {
  const { ask } = await startTestServer();
  const answer = await ask("POST", "/v1/calls", good);
  assert.equal(answer.statusCode, 201);
  assert.equal(answer.headers.location, "/v1/calls/call_1");
  assert.equal(answer.headers.etag, '"1"');
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
  const call = answer.json();
  assert.equal(call.due_at, "2026-12-01T15:00:00Z");
  assert.equal(call.due_at_local, "2026-12-01T10:00:00-05:00");
  assert.equal(call.timezone, "America/New_York");
  assert.equal(call.timezone_source, "given");
  assert.deepEqual(call.metadata, good.metadata);
  assert.deepEqual(call.line, { id: "line_1", name: "main" });
  assert.equal("dry_run" in call, false);
});

test("without a zone there is no local time", async () => {
  const { ask } = await startTestServer();
  const call = (await ask("POST", "/v1/calls", { to: good.to })).json();
  assert.equal(call.due_at_local, null);
  assert.equal(call.timezone, null);
});

test("a dry run answers 200 and stores nothing", async () => {
  const { ask, engine } = await startTestServer();
  const answer = await ask("POST", "/v1/calls?dry_run=true", good);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.json().dry_run, true);
  assert.deepEqual(engine.writes, []);
});

test("a list has a cursor and a link until its end, and lowers a limit that is too high", async () => {
  const { ask } = await startTestServer();
  for (let i = 0; i < 3; i += 1) await ask("POST", "/v1/calls", good);
  const first = await ask("GET", "/v1/calls?limit=2&status=scheduled");
  assert.equal(first.json().data.length, 2);
  assert.equal(first.json().has_more, true);
  const next = /^<(.*)>; rel="next"$/.exec(String(first.headers.link))?.[1] ?? "";
  const second = await ask("GET", next);
  assert.deepEqual(
    [second.json().data.length, second.json().has_more, second.json().next_cursor],
    [1, false, null],
  );
  assert.equal(second.headers.link, undefined);
  assert.equal((await ask("GET", "/v1/calls?limit=100000")).statusCode, 200);
});

test("an unescaped + in a filter is understood", async () => {
  const { ask } = await startTestServer();
  assert.equal(
    (await ask("GET", "/v1/calls?due_after=2026-12-01T10:00:00+01:00&to=+12125550100")).statusCode,
    200,
  );
});

test("a change with a stale If-Match is 412, with the right one it is made", async () => {
  const { ask, engine } = await startTestServer();
  await ask("POST", "/v1/calls", good);
  for (const verb of ["cancel", "pause", "call-now"]) {
    const stale = await ask("POST", `/v1/calls/call_1/${verb}`, undefined, { "if-match": '"9"' });
    assert.equal(stale.json().code, "precondition_failed");
  }
  const settle = await ask("POST", "/v1/calls/call_1/settle", { placed: true }, { "if-match": '"9"' });
  assert.equal(settle.statusCode, 412);
  assert.equal((await ask("POST", "/v1/calls/call_1/pause", {}, { "if-match": "abc" })).statusCode, 412);
  assert.deepEqual(engine.writes, ["schedule"]);
  const paused = await ask("POST", "/v1/calls/call_1/pause", undefined, { "if-match": '"1"' });
  assert.equal(paused.statusCode, 200);
  assert.equal(paused.headers.etag, '"2"');
  assert.equal(paused.json().status, "paused");
});

test("every list and thing of /v1 can be read", async () => {
  const { ask } = await startTestServer();
  await ask("POST", "/v1/calls", good);
  const lists = [
    "calls",
    "calls/call_1/attempts",
    "calls/call_1/events",
    "lines",
    "hours",
    "retry-policies",
    "suppressions",
    "keys",
    "events",
  ];
  for (const path of lists) {
    const answer = await ask("GET", `/v1/${path}`);
    assert.equal(answer.statusCode, 200, path);
    assert.deepEqual(Object.keys(answer.json()).toSorted(), ["data", "has_more", "next_cursor"], path);
  }
  for (const path of [
    "lines/main",
    "hours/main",
    "retry-policies/1",
    "settings",
    "dialing",
    "stats",
    "sandbox/clock",
    "sandbox/numbers",
  ])
    assert.equal((await ask("GET", `/v1/${path}`)).statusCode, 200, path);
});

test("every thing of /v1 can be changed", async () => {
  const { ask, engine } = await startTestServer();
  const line = { name: "main", carrier: "sandbox" };
  const hours = { name: "day", weekly: { mon: ["09:00-20:00"] }, holidays: null };
  const asked = [
    await ask("POST", "/v1/lines", line),
    await ask("PATCH", "/v1/lines/main", { slots_max: 3 }),
    await ask("POST", "/v1/lines/main/pause", { reason: "lunch" }),
    await ask("POST", "/v1/lines/main/resume"),
    await ask("DELETE", "/v1/lines/main"),
    await ask("POST", "/v1/hours", hours),
    await ask("PATCH", "/v1/hours/1", { closed_dates: [] }),
    await ask("DELETE", "/v1/hours/1"),
    await ask("POST", "/v1/retry-policies", {
      name: "p",
      rules: { busy: { retries: 1, first_delay: "5m" } },
    }),
    await ask("PATCH", "/v1/retry-policies/1", { jitter: 0 }),
    await ask("DELETE", "/v1/retry-policies/1"),
    await ask("POST", "/v1/suppressions", { to: good.to, reason: "asked" }),
    await ask("DELETE", "/v1/suppressions/1"),
    await ask("PATCH", "/v1/settings", { default_line: null, number_caps: [{ max: 1, window: "2d" }] }),
    await ask("POST", "/v1/dialing/stop", { reason: "wrong list" }),
    await ask("POST", "/v1/dialing/resume"),
    await ask("POST", "/v1/sandbox/clock", { advance: "24h" }),
  ];
  assert.deepEqual(
    asked.map((answer) => answer.statusCode),
    [201, 200, 200, 200, 204, 201, 200, 204, 201, 200, 204, 201, 204, 200, 200, 200, 200],
  );
  assert.equal(engine.writes.length, asked.length);
  assert.equal(asked.at(-1)?.json().now, "2026-12-02T15:00:00Z");
  assert.deepEqual(asked[13]?.json().number_caps, [{ max: 1, window: "2d" }]);
});

test("an empty patch, an unknown weekday and a duration that is none are refused", async () => {
  const { ask, engine } = await startTestServer();
  assert.equal((await ask("PATCH", "/v1/lines/main", {})).statusCode, 422);
  const answer = await ask("POST", "/v1/hours", { name: "x", weekly: { monday: [] } });
  assert.equal(answer.json().errors[0].pointer, "/weekly/monday");
  for (const advance of ["0s", "-1h", "tomorrow"])
    assert.equal((await ask("POST", "/v1/sandbox/clock", { advance })).json().code, "time_invalid");
  assert.deepEqual(engine.writes, []);
});

test("the list of events goes on from its cursor", async () => {
  const { ask, engine } = await startTestServer();
  for (const type of ["call.scheduled", "call.canceled", "call.scheduled"]) engine.emit(type);
  const first = (await ask("GET", "/v1/events?limit=2")).json();
  assert.deepEqual([first.data.length, first.has_more, first.next_cursor], [2, true, "2"]);
  assert.equal(first.data[0].at, "2026-12-01T15:00:00Z");
  const rest = (await ask("GET", `/v1/events?after=${first.next_cursor}`)).json();
  assert.deepEqual([rest.data.length, rest.has_more, rest.next_cursor], [1, false, "3"]);
  assert.equal((await ask("GET", "/v1/events?type=call.canceled")).json().data.length, 1);
  assert.equal((await ask("GET", "/v1/events?after=junk")).json().code, "invalid_cursor");
  assert.equal(FAKE_START, engine.events[0]?.at);
});
