import assert from "node:assert/strict";
import { test } from "node:test";
import { startEngine } from "../support/engine.ts";
import { openEmpty } from "../support/stores.ts";

const minute = 60_000;

void test("on Postgres a series is made, goes on, is edited, paused, resumed and ended as on SQLite", async () => {
  const opened = await openEmpty("postgres");
  const t = await startEngine({ store: opened.store });
  try {
    const { series } = await t.engine.createSeries(
      t.actor,
      {
        to: "+12125550100",
        start_at: "2026-12-01T10:02:00",
        timezone: "America/New_York",
        rule: { cron: "*/2 * * * *" },
        overlap: "skip",
        owner: "ana",
        sandbox: { script: ["busy"] },
        retry_policy: "none",
      },
      { key: "k", fingerprint: "f" },
    );
    await t.advance(5 * minute);
    const slots = (await t.engine.listOccurrences(t.actor, series.id, { limit: 10 })).data;
    assert.deepEqual(
      slots.map((one) => one.slot),
      ["2026-12-01T10:06", "2026-12-01T10:04", "2026-12-01T10:02"],
    );
    assert.equal(t.network.witness().length, 2);
    const edited = await t.engine.updateSeries(t.actor, series.id, { rule: { cron: "*/3 * * * *" } });
    assert.equal(edited.nextAt, Date.parse("2026-12-01T15:06:00Z"));
    await t.engine.pauseSeries(t.actor, series.id);
    await t.advance(2 * minute);
    const resumed = await t.engine.resumeSeries(t.actor, series.id, false);
    assert.equal(resumed.nextAt, Date.parse("2026-12-01T15:09:00Z"));
    const owned = await t.engine.listSeries(t.actor, { owner: "ana", orUnowned: true }, { limit: 5 });
    assert.deepEqual(
      owned.data.map((one) => one.id),
      [series.id],
    );
    assert.equal((await t.engine.endSeries(t.actor, series.id)).status, "ended");
    await t.advance(3 * minute);
    assert.equal(t.network.witness().length, 2);
  } finally {
    await t.engine.stop(1000);
    await opened.close();
  }
});
