import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "../support/open-house.ts";

const hour = 3_600_000;
const weekdays = {
  to: "+12125550100",
  start_at: "2026-12-02T10:00:00",
  timezone: "America/New_York",
  rule: { frequency: "weekly", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
  sandbox: { script: ["answered"] },
};

void test("a rule is previewed in words and slots, with what clock changes do to them, and nothing is stored", async () => {
  const t = await openHouse();
  const { to: _, sandbox: __, ...noPhone } = weekdays;
  const answer = await t.ask("POST", "/v1/series/preview", {
    ...noPhone,
    count: 3,
    after: "2027-03-12T16:00:00Z",
  });
  assert.equal(answer.statusCode, 200, answer.body);
  const body = answer.json();
  assert.equal(body.description, "weekdays at 10:00, America/New_York");
  assert.deepEqual(
    body.data.map((one: { at: string; local: string }) => [one.at, one.local]),
    [
      ["2027-03-15T14:00:00Z", "2027-03-15T10:00:00-04:00"],
      ["2027-03-16T14:00:00Z", "2027-03-16T10:00:00-04:00"],
      ["2027-03-17T14:00:00Z", "2027-03-17T10:00:00-04:00"],
    ],
  );
  assert.ok(Array.isArray(body.data[0].notes));
  assert.deepEqual((await t.ask("GET", "/v1/series")).json().data, []);
});

void test("a series is made, read, listed, changed, paused, resumed, run and ended", async () => {
  const t = await openHouse();
  const made = await t.ask("POST", "/v1/series", weekdays, { "idempotency-key": "a" });
  assert.equal(made.statusCode, 201, made.body);
  const series = made.json();
  assert.equal(made.headers["location"], `/v1/series/${series.id}`);
  assert.deepEqual(
    [series.status, series.next_at, series.next_local],
    ["active", "2026-12-02T15:00:00Z", "2026-12-02T10:00:00-05:00"],
  );
  const again = await t.ask("POST", "/v1/series", weekdays, { "idempotency-key": "a" });
  assert.deepEqual([again.json().id, again.headers["idempotent-replayed"]], [series.id, "true"]);
  const call = (await t.ask("GET", `/v1/calls/${series.next_call_id}`)).json();
  assert.deepEqual(call.series, { id: series.id, slot: "2026-12-02T10:00", number: 1 });

  const changed = await t.ask(
    "PATCH",
    `/v1/series/${series.id}`,
    { rule: { cron: "30 10 * * mon-fri" } },
    { "if-match": made.headers["etag"] as string },
  );
  assert.equal(changed.statusCode, 200, changed.body);
  assert.equal(changed.json().next_at, "2026-12-02T15:30:00Z");
  const stale = await t.ask("POST", `/v1/series/${series.id}/pause`, undefined, { "if-match": '"1"' });
  assert.equal(stale.json().code, "precondition_failed");
  assert.equal((await t.ask("POST", `/v1/series/${series.id}/pause`)).json().status, "paused");
  const resumed = await t.ask("POST", `/v1/series/${series.id}/resume`, { catch_up: true });
  assert.equal(resumed.json().status, "active");
  const run = await t.ask("POST", `/v1/series/${series.id}/run-now`);
  assert.equal(run.statusCode, 201, run.body);
  await t.advance(hour);
  const next = (await t.ask("GET", `/v1/series/${series.id}/next?count=2`)).json();
  assert.equal(next.data[0].at, "2026-12-02T15:30:00Z");
  const slots = (await t.ask("GET", `/v1/series/${series.id}/occurrences`)).json().data;
  assert.deepEqual(
    slots.map((one: { kind: string }) => one.kind),
    ["rule", "run_now"],
  );
  assert.equal((await t.ask("POST", `/v1/series/${series.id}/end`)).json().status, "ended");
  assert.equal((await t.ask("GET", "/v1/series?status=ended")).json().data.length, 1);
  assert.equal((await t.ask("POST", `/v1/series/${series.id}/resume`)).json().code, "already_ended");
});

void test("missed slots are shown, then made, by a backfill", async () => {
  const t = await openHouse();
  const { id } = (await t.ask("POST", "/v1/series", { ...weekdays, misfire: "skip" })).json();
  await t.ask("POST", `/v1/series/${id}/pause`);
  await t.advance(3 * 24 * hour);
  await t.ask("POST", `/v1/series/${id}/resume`);
  const stretch = { from: "2026-12-03T00:00:00Z", to: "2026-12-04T00:00:00Z" };
  const shown = (await t.ask("POST", `/v1/series/${id}/backfill?dry_run=true`, stretch)).json();
  assert.deepEqual([shown.created, shown.data.length], [0, 1]);
  assert.equal((await t.ask("POST", `/v1/series/${id}/backfill`, stretch)).json().created, 1);
});

void test("a rule that cannot be is refused with its place and the cure", async () => {
  const t = await openHouse();
  for (const [rule, pointer] of [
    [{ cron: "0 0 30 2 *" }, "/rule/cron"],
    [{ frequency: "hourly" }, "/rule/frequency"],
    [{ rrule: "FREQ=SECONDLY" }, "/rule/rrule"],
    [{ rrule: `FREQ=DAILY;BYHOUR=${"1,".repeat(2000)}1` }, "/rule/rrule"],
    [{}, "/rule"],
  ] as const) {
    const answer = await t.ask("POST", "/v1/series", { ...weekdays, rule });
    assert.equal(answer.statusCode, 422, answer.body);
    assert.equal(answer.json().errors[0].pointer, pointer, answer.body);
  }
  const far = await t.ask("POST", "/v1/series/preview", { ...weekdays, count: 1001 });
  assert.equal(far.statusCode, 422);
  assert.equal((await t.ask("GET", "/v1/series/ser_0")).statusCode, 404);
  assert.deepEqual((await t.ask("GET", "/v1/series")).json().data, []);
});

void test("what a series tells its carrier is never shown", async () => {
  const t = await openHouse();
  const answer = await t.ask("POST", "/v1/series", { ...weekdays, carrier: { say: "secret words" } });
  assert.equal(answer.json().code, "instructions_invalid");
});
