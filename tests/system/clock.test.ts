import assert from "node:assert/strict";
import { test } from "node:test";

import { SystemClock } from "../../src/system/clock.ts";

test("a clock that follows a server adds each difference to what it follows already", () => {
  const clock = new SystemClock();
  const before = clock.now();
  clock.follow(60_000);
  clock.follow(500);
  const ahead = clock.now() - before;
  clock.close();
  assert.ok(ahead >= 60_500 && ahead < 61_500, `${ahead} ms ahead`);
});

test("a test clock stops at every timer on its way, and is quiet before it goes on", async () => {
  const clock = new SystemClock();
  const start = clock.now();
  const seen: string[] = [];
  const rung = (name: string): void =>
    void seen.push(`${name} at ${Math.round((clock.now() - start) / 3_600_000)} h`);
  clock.at(start + 7_200_000, () => rung("second"));
  clock.at(start + 3_600_000, () => {
    rung("first");
    clock.at(start + 5_400_000, () => rung("between"));
  });
  clock.at(start + 90_000_000, () => rung("later"));
  await clock.advanceTo(start + 86_400_000, async () => void seen.push("quiet"));
  clock.close();
  assert.deepEqual(
    seen.filter((word) => word !== "quiet"),
    ["first at 1 h", "between at 2 h", "second at 2 h"],
  );
  assert.ok(seen.filter((word) => word === "quiet").length >= 3);
});
