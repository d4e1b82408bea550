import assert from "node:assert/strict";
import { test } from "node:test";
import { derivedFromWide, isEventFilter, tellEntry, untold } from "../../src/domain/event-types.ts";

void test("a call that a series made, and the end of a series, are told under the names of schedules, too", () => {
  const made = tellEntry(untold, {
    type: "call.scheduled",
    reason: "requested",
    attemptId: null,
    data: { due_at: 1, series_id: "ser_1", slot: "2027-01-04T10:00" },
  });
  assert.deepEqual(
    made.events.map(({ type, sequence }) => [type, sequence]),
    [
      ["schedule.occurrence_created", 1],
      ["call.scheduled", 2],
    ],
  );
  const alone = tellEntry(untold, {
    type: "call.scheduled",
    reason: null,
    attemptId: null,
    data: { due_at: 1 },
  });
  assert.deepEqual(
    alone.events.map(({ type }) => type),
    ["call.scheduled"],
  );
  assert.deepEqual(derivedFromWide("series.ended"), ["schedule.ended"]);
  assert.ok(isEventFilter("schedule.*"));
});
