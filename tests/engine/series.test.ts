import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../src/domain/refusal.ts";
import type { OccurrenceView, SeriesInput } from "../../src/engine/series-api.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Every day at 10:00 in New York, from 2 December 2026 on (it is 1 December, 10:00 there). */
const daily: SeriesInput = {
  to: "+12125550100",
  start_at: "2026-12-02T10:00:00",
  timezone: "America/New_York",
  rule: { frequency: "daily" },
  sandbox: { script: ["answered"] },
};

async function occurrences(t: TestEngine, seriesId: string): Promise<readonly OccurrenceView[]> {
  return (await t.engine.listOccurrences(t.actor, seriesId, { limit: 200 })).data.toReversed();
}

async function told(t: TestEngine, seriesId: string): Promise<string[]> {
  return (await occurrences(t, seriesId)).map(
    (one) => `${one.slot} ${one.status}${one.reason === null ? "" : ` ${one.reason}`}`,
  );
}

const dialedAt = (t: TestEngine): string[] =>
  t.network.witness().map((one) => new Date(one.acceptedAt).toISOString());

void test("the call of the first slot is there at once, and the next one appears when its slot comes", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  assert.equal(series.description, "every day at 10:00, America/New_York");
  assert.deepEqual([call?.dueAt, call?.status], [Date.parse("2026-12-02T15:00:00Z"), "scheduled"]);
  assert.deepEqual(call?.series, { id: series.id, slot: "2026-12-02T10:00", number: 1 });
  assert.deepEqual(await told(t, series.id), ["2026-12-02T10:00 scheduled"]);
  await t.advance(day - 1);
  assert.equal((await occurrences(t, series.id)).length, 1);
  await t.advance(1);
  assert.deepEqual(await told(t, series.id), ["2026-12-02T10:00 scheduled", "2026-12-03T10:00 scheduled"]);
  const after = await t.engine.getSeries(t.actor, series.id);
  assert.equal(after.nextAt, Date.parse("2026-12-03T15:00:00Z"));
  assert.notEqual(after.nextCallId, call?.id);
});

void test("a weekday series keeps its wall time over both clock changes of a year", async () => {
  const t = await startEngine({ startAt: Date.parse("2027-03-11T16:00:00Z") });
  await t.engine.createSeries(t.actor, {
    ...daily,
    start_at: "2027-03-12T10:00:00",
    rule: { frequency: "weekly", weekdays: ["mon", "tue", "wed", "thu", "fri"], max_occurrences: 3 },
  });
  await t.advance(7 * day);
  assert.deepEqual(dialedAt(t), [
    "2027-03-12T15:00:00.000Z",
    "2027-03-15T14:00:00.000Z",
    "2027-03-16T14:00:00.000Z",
  ]);
  const november = await startEngine({ startAt: Date.parse("2027-11-04T16:00:00Z") });
  await november.engine.createSeries(november.actor, {
    ...daily,
    start_at: "2027-11-05T10:00:00",
    rule: { rrule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=2" },
  });
  await november.advance(7 * day);
  assert.deepEqual(dialedAt(november), ["2027-11-05T14:00:00.000Z", "2027-11-08T15:00:00.000Z"]);
});

void test("the next occurrence does not depend on what became of the last one", async () => {
  const t = await startEngine();
  const { series } = await t.engine.createSeries(t.actor, {
    ...daily,
    retry_policy: "none",
    sandbox: { script: ["declined"] },
  });
  await t.advance(3 * day);
  assert.equal(dialedAt(t).length, 3);
  assert.equal((await t.engine.getSeries(t.actor, series.id)).status, "active");
});

void test("a rule with a maximum ends, and says so", async () => {
  const t = await startEngine();
  const { series } = await t.engine.createSeries(t.actor, {
    ...daily,
    rule: { frequency: "daily", max_occurrences: 2 },
  });
  await t.advance(5 * day);
  const after = await t.engine.getSeries(t.actor, series.id);
  assert.deepEqual([after.status, after.statusReason, after.nextAt], ["ended", "rule_finished", null]);
  assert.equal(dialedAt(t).length, 2);
  const events = (await t.engine.listEvents(t.actor, null, 200)).data.map((event) => event.type);
  assert.ok(events.includes("series.created") && events.includes("series.ended"));
});

void test("what passed while no process ran is coalesced into one call within the grace", async () => {
  const t = await startEngine();
  const { series } = await t.engine.createSeries(t.actor, {
    ...daily,
    start_at: "2026-12-01T11:00:00",
    rule: { cron: "0 * * * *" },
    misfire_grace: "90m",
  });
  // Down from 10:05 to 15:10: the slots of 11 to 15 passed.
  const next = await t.afterKill({ downMs: 5 * hour + 10 * minute });
  await next.advance(20 * minute);
  assert.deepEqual(await told(next, series.id), [
    "2026-12-01T11:00 scheduled",
    "2026-12-01T12:00 missed missed",
    "2026-12-01T13:00 missed missed",
    "2026-12-01T14:00 skipped coalesced",
    "2026-12-01T15:00 scheduled",
    "2026-12-01T16:00 scheduled",
  ]);
  assert.equal(dialedAt(next).length, 1);
  const [first] = await occurrences(next, series.id);
  assert.equal((await next.look({ id: first?.callId ?? "" })).status, "expired");
});

void test("each missed slot within the grace is made when the policy says so, and none when it says skip", async () => {
  for (const [misfire, made] of [
    ["run_all", 2],
    ["skip", 0],
  ] as const) {
    const t = await startEngine();
    const { series } = await t.engine.createSeries(t.actor, {
      ...daily,
      start_at: "2026-12-01T11:00:00",
      rule: { cron: "0 * * * *" },
      misfire_grace: "100m",
      misfire,
    });
    const next = await t.afterKill({ downMs: 5 * hour + 10 * minute });
    await next.advance(10 * minute);
    assert.equal(dialedAt(next).length, made, misfire);
    assert.equal(
      (await next.engine.getSeries(t.actor, series.id)).nextAt,
      Date.parse("2026-12-01T21:00:00Z"),
    );
  }
});

void test("a year without a process is left out in one piece", async () => {
  const t = await startEngine();
  const { series } = await t.engine.createSeries(t.actor, {
    ...daily,
    start_at: "2026-12-01T11:00:00",
    rule: { cron: "* * * * *" },
    misfire_grace: "2m",
  });
  const next = await t.afterKill({ downMs: 365 * day });
  await next.advance(30_000);
  const all = await told(next, series.id);
  assert.ok(all.length < 10, all.join("\n"));
  assert.match(all[1] ?? "", /^2026-12-01T11:01\/2027-12-01T\S+ missed missed$/);
  assert.equal(dialedAt(next).length, 1);
});

void test("a paused series makes nothing, and goes on with its next slot or with the latest that passed", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  await t.engine.pauseSeries(t.actor, series.id);
  assert.equal((await t.look(call ?? { id: "" })).status, "paused");
  await t.advance(3 * day);
  assert.deepEqual(dialedAt(t), []);
  const resumed = await t.engine.resumeSeries(t.actor, series.id, false);
  assert.equal(resumed.nextAt, Date.parse("2026-12-05T15:00:00Z"));
  assert.deepEqual(await told(t, series.id), [
    "2026-12-02T10:00 skipped series_paused",
    "2026-12-03T10:00 skipped series_paused",
    "2026-12-04T10:00 skipped series_paused",
    "2026-12-05T10:00 scheduled",
  ]);
  await t.advance(day);
  assert.equal(dialedAt(t).length, 1);
  await t.engine.pauseSeries(t.actor, series.id);
  await t.advance(2 * day + hour);
  await t.engine.resumeSeries(t.actor, series.id, true);
  await t.advance(minute);
  assert.equal(dialedAt(t).length, 2);
});

void test("resuming before its slot lets the same call wait again", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  await t.engine.pauseSeries(t.actor, series.id);
  await t.advance(hour);
  const resumed = await t.engine.resumeSeries(t.actor, series.id, false);
  assert.equal(resumed.nextCallId, call?.id);
  await t.advance(day);
  assert.equal(dialedAt(t).length, 1);
});

void test("a changed rule replaces the waiting call, and its old slot is never dialed", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  const changed = await t.engine.updateSeries(t.actor, series.id, {
    start_at: "2026-12-02T14:30:00",
    timezone: "America/New_York",
  });
  assert.equal(changed.description, "every day at 14:30, America/New_York");
  assert.deepEqual(
    [(await t.look(call ?? { id: "" })).status, (await t.look(call ?? { id: "" })).reason],
    ["canceled", "series_changed"],
  );
  await t.advance(2 * day);
  assert.deepEqual(dialedAt(t), ["2026-12-02T19:30:00.000Z"]);
  assert.deepEqual(await told(t, series.id), ["2026-12-02T14:30 scheduled", "2026-12-03T14:30 scheduled"]);
});

void test("a change of the content alone keeps the slot and makes its call anew", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  const changed = await t.engine.updateSeries(t.actor, series.id, { to: "+12125550109", purpose: "check" });
  assert.notEqual(changed.nextCallId, call?.id);
  const next = await t.look({ id: changed.nextCallId ?? "" });
  assert.deepEqual([next.to, next.purpose, next.series?.slot], ["+12125550109", "check", "2026-12-02T10:00"]);
  await t.advance(day + hour);
  assert.equal(dialedAt(t).length >= 1, true);
  assert.equal((await occurrences(t, series.id)).length, 2);
});

void test("ending cancels what waits, for ever and without fault when it is done twice", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  await t.engine.endSeries(t.actor, series.id);
  assert.equal((await t.look(call ?? { id: "" })).status, "canceled");
  await t.engine.endSeries(t.actor, series.id);
  await t.advance(3 * day);
  assert.deepEqual(dialedAt(t), []);
  await assert.rejects(t.engine.resumeSeries(t.actor, series.id, false), { code: "already_ended" });
});

void test("an occurrence that is run now has a slot of its own and changes nothing else", async () => {
  const t = await startEngine();
  const { series } = await t.engine.createSeries(t.actor, daily);
  await Promise.all([t.engine.runSeriesNow(t.actor, series.id), t.engine.runSeriesNow(t.actor, series.id)]);
  await t.advance(minute);
  assert.equal(dialedAt(t).length, 2);
  assert.equal((await t.engine.getSeries(t.actor, series.id)).nextAt, Date.parse("2026-12-02T15:00:00Z"));
});

void test("slots that were missed can be made up for, after a look at them", async () => {
  const t = await startEngine();
  const { series } = await t.engine.createSeries(t.actor, { ...daily, misfire: "skip" });
  const next = await t.afterKill({ downMs: 4 * day });
  await next.advance(minute);
  assert.deepEqual(dialedAt(next), []);
  const stretch = { from: Date.parse("2026-12-03T00:00:00Z"), to: Date.parse("2026-12-05T00:00:00Z") };
  const look = await next.engine.backfillSeries(next.actor, series.id, { ...stretch, dryRun: true });
  assert.deepEqual(
    [look.created, look.data.map((one) => one.slot)],
    [0, ["2026-12-03T10:00", "2026-12-04T10:00"]],
  );
  const made = await next.engine.backfillSeries(next.actor, series.id, { ...stretch, dryRun: false });
  assert.equal(made.created, 2);
  await next.advance(minute);
  assert.equal(dialedAt(next).length, 2);
  const again = await next.engine.backfillSeries(next.actor, series.id, { ...stretch, dryRun: false });
  assert.equal(again.created, 0);
});

void test("an occurrence that comes while the last one is under way is left out, waits, or runs beside it", async () => {
  for (const [overlap, overlap_max, expected] of [
    ["skip", 0, ["completed", "skipped", "completed"]],
    ["buffer_one", 0, ["completed", "completed", "completed"]],
    ["allow", 0, ["completed", "completed", "completed"]],
    ["allow", 1, ["completed", "skipped", "completed"]],
  ] as const) {
    const t = await startEngine();
    const { series } = await t.engine.createSeries(t.actor, {
      ...daily,
      start_at: "2026-12-01T11:00:00",
      rule: { cron: "*/6 * * * *", max_occurrences: 3 },
      sandbox: { script: ["long"] },
      overlap,
      overlap_max,
    });
    await t.advance(3 * hour);
    const calls = await Promise.all(
      (await occurrences(t, series.id)).map((one) => t.look({ id: one.callId ?? "" })),
    );
    assert.deepEqual(
      calls.map((call) => call.status),
      expected,
      `${overlap} ${overlap_max}`,
    );
    const first = calls[0]?.endedAt ?? 0;
    const [, secondDial] = t.network.witness();
    if (overlap === "buffer_one") assert.ok((secondDial?.acceptedAt ?? 0) >= first);
  }
});

void test("the same request with the same key makes one series", async () => {
  const t = await startEngine();
  const key = { key: "k1", fingerprint: "f1" };
  const made = await Promise.all([
    t.engine.createSeries(t.actor, daily, key),
    t.engine.createSeries(t.actor, daily, key),
  ]);
  assert.equal(made[0]?.series.id, made[1]?.series.id);
  assert.equal((await t.engine.listSeries(t.actor, {}, { limit: 10 })).data.length, 1);
  await assert.rejects(t.engine.createSeries(t.actor, daily, { ...key, fingerprint: "f2" }), {
    code: "idempotency_mismatch",
  });
});

void test("what cannot be a series is refused with its field, and leaves nothing", async () => {
  const t = await startEngine();
  const refusals: readonly [Partial<SeriesInput>, string, string][] = [
    [{ to: "12" }, "phone_invalid", "/to"],
    [{ timezone: "Mars/Olympus" }, "timezone_unknown", "/timezone"],
    [{ start_at: "soon" }, "time_invalid", "/start_at"],
    [{ rule: { cron: "0 0 30 2 *" } }, "rule_invalid", "/rule"],
    [{ rule: { frequency: "daily", until: "2026-11-30" } }, "rule_invalid", "/rule"],
    [{ line: "nope" }, "line_unknown", "/line"],
    [{ misfire_grace: "soon" }, "time_invalid", "/misfire_grace"],
    [{ jitter: "9d" }, "time_invalid", "/jitter"],
  ];
  for (const [patch, code, pointer] of refusals) {
    await assert.rejects(t.engine.createSeries(t.actor, { ...daily, ...patch }), (error) => {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, code);
      assert.ok(error.faults[0]?.pointer.startsWith(pointer), `${code}: ${error.faults[0]?.pointer}`);
      return true;
    });
  }
  assert.equal((await t.engine.listSeries(t.actor, {}, { limit: 10 })).data.length, 0);
  await assert.rejects(t.engine.getSeries(t.actor, "ser_nothing"), { code: "not_found" });
});

void test("calling hours move an occurrence, and one that would meet the next is left out", async () => {
  const t = await startEngine();
  const window = { timezone: null, weekly: { mon: ["09:00-18:00"], thu: ["09:00-18:00"] } };
  const input: SeriesInput = { ...daily, window };
  const preview = await t.engine.previewSeries(t.actor, input, 3);
  // 2 December is a Wednesday.
  assert.deepEqual(
    preview.data.map((one) => new Date(one.dueAt).toISOString()),
    ["2026-12-03T14:00:00.000Z", "2026-12-03T15:00:00.000Z", "2026-12-07T14:00:00.000Z"],
  );
  assert.match(preview.data[0]?.notes.join() ?? "", /moved by calling hours to 2026-12-03T09:00:00-05:00/);
  const { series } = await t.engine.createSeries(t.actor, input);
  await t.advance(5 * day + 23 * hour);
  assert.deepEqual(await told(t, series.id), [
    "2026-12-02T10:00 scheduled",
    "2026-12-03T10:00 scheduled",
    "2026-12-04T10:00 skipped no_hours_before_next",
    "2026-12-05T10:00 skipped no_hours_before_next",
    "2026-12-06T10:00 scheduled",
    "2026-12-07T10:00 scheduled",
  ]);
});
