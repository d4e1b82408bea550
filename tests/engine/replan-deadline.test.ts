import assert from "node:assert/strict";
import { test } from "node:test";

import { formatUtc } from "../../src/domain/zone.ts";
import { startEngine } from "../support/engine.ts";

const minute = 60_000;
const everyDay = (range: string): Record<string, readonly string[]> =>
  Object.fromEntries(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((day) => [day, [range]]));

test("a call that new hours move beyond its deadline expires at its deadline, and not when they open", async () => {
  const t = await startEngine({ startAt: Date.UTC(2026, 10, 30, 12) });
  await t.engine.createHours(t.actor, { name: "all day", timezone: "UTC", weekly: everyDay("00:00-24:00") });
  const now = t.clock.now();
  const call = await t.call({
    at: formatUtc(now + 30 * minute),
    expires_at: formatUtc(now + 60 * minute),
    hours: "all day",
  });
  await t.engine.updateHours(t.actor, "all day", { weekly: everyDay("20:00-21:00") });
  await t.advance(59 * minute);
  assert.equal((await t.look(call)).status, "scheduled");
  await t.advance(2 * minute);
  assert.equal((await t.look(call)).status, "expired");
  assert.equal(t.network.witness().length, 0);
});
