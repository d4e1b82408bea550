import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeriesInput } from "../../src/engine/series-api.ts";
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

async function told(t: TestEngine, seriesId: string): Promise<string[]> {
  const { data } = await t.engine.listOccurrences(t.actor, seriesId, { limit: 200 });
  return data
    .map((one) => `${one.slot} ${one.status}${one.reason === null ? "" : ` ${one.reason}`}`)
    .toReversed();
}

const dialedAt = (t: TestEngine): string[] =>
  t.network.witness().map((one) => new Date(one.acceptedAt).toISOString());

void test("a wall time that comes once more, because the series moved to another zone, is another slot", async () => {
  const t = await startEngine();
  const { series } = await t.engine.createSeries(t.actor, daily);
  await t.advance(day + hour);
  await t.engine.updateSeries(t.actor, series.id, { timezone: "America/Los_Angeles" });
  await t.advance(day);
  assert.deepEqual(dialedAt(t), ["2026-12-02T15:00:00.000Z", "2026-12-02T18:00:00.000Z"]);
  assert.deepEqual(await told(t, series.id), [
    "2026-12-02T10:00 scheduled",
    "2026-12-02T10:00@2026-12-02T18:00:00Z scheduled",
    "2026-12-03T10:00 scheduled",
  ]);
});

void test("a slot whose call was dialed early is not made again when the series is changed", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  await t.engine.callNow(t.actor, call?.id ?? "");
  await t.advance(minute);
  for (const patch of [{ purpose: "check" }, { rule: { rrule: "FREQ=DAILY" } }])
    await t.engine.updateSeries(t.actor, series.id, patch);
  await t.advance(2 * day);
  assert.deepEqual(dialedAt(t), ["2026-12-01T15:00:00.000Z", "2026-12-03T15:00:00.000Z"]);
});

void test("what is changed while a series is paused holds for the slots that come after", async () => {
  const t = await startEngine();
  const { series, call } = await t.engine.createSeries(t.actor, daily);
  await t.engine.pauseSeries(t.actor, series.id);
  await t.engine.updateSeries(t.actor, series.id, {
    start_at: "2026-12-01T12:30:00",
    timezone: "America/Los_Angeles",
  });
  const waiting = await t.look(call ?? { id: "" });
  assert.deepEqual([waiting.status, waiting.reason], ["canceled", "series_changed"]);
  await t.advance(hour);
  const resumed = await t.engine.resumeSeries(t.actor, series.id, false);
  assert.equal(new Date(resumed.nextAt ?? 0).toISOString(), "2026-12-01T20:30:00.000Z");
  await t.advance(day);
  assert.deepEqual(dialedAt(t), ["2026-12-01T20:30:00.000Z"]);
});

void test("a slot that calling hours left out is planned anew when the hours of the series change", async () => {
  const t = await startEngine();
  const window = { timezone: null, weekly: { sat: ["09:00-18:00"] } };
  const { series } = await t.engine.createSeries(t.actor, { ...daily, window });
  await t.advance(day);
  assert.equal((await told(t, series.id)).at(-1), "2026-12-03T10:00 skipped no_hours_before_next");
  const changed = await t.engine.updateSeries(t.actor, series.id, {
    window: { timezone: null, weekly: { thu: ["09:00-18:00"] } },
  });
  assert.equal(changed.updatedAt, t.clock.now());
  assert.equal((await told(t, series.id)).at(-1), "2026-12-03T10:00 scheduled");
});
