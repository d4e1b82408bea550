import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conveyor } from "../../src/ports/conveyor.ts";
import { startEngine } from "../support/engine.ts";

const second = 1000;
const minute = 60 * second;

/** Keeps what was claimed until it is told to carry it. */
function slowConveyor(): { readonly conveyor: Conveyor; carry(): void } {
  const waiting: number[] = [];
  let work: (attemptIds: readonly number[]) => void = () => {};
  return {
    conveyor: {
      deliver: (attemptIds) => void waiting.push(...attemptIds),
      onWork: (worker) => void (work = worker),
      close: () => Promise.resolve(),
    },
    carry: () => work(waiting.splice(0)),
  };
}

void test("what was claimed before the clock was set back is not dialed before its instant comes again", async () => {
  const { conveyor, carry } = slowConveyor();
  const t = await startEngine({ conveyor });
  const call = await t.call({ in: "20m" });
  await t.advance(20 * minute);
  assert.equal((await t.look(call)).status, "dialing");
  t.clock.jump(-10 * minute);
  carry();
  await t.advance(minute);
  carry();
  await t.advance(8 * minute);
  carry();
  const waiting = await t.look(call);
  assert.deepEqual([waiting.status, waiting.dueAt], ["scheduled", call.dueAt]);
  assert.equal(t.network.witness().length, 0);
  await t.advance(minute);
  carry();
  await t.advance(minute);
  assert.equal((await t.look(call)).status, "completed");
});

void test("what leaves too late for its calling hours keeps its worth for the next opening", async () => {
  const { conveyor, carry } = slowConveyor();
  const t = await startEngine({ conveyor });
  await t.engine.createHours(t.actor, {
    name: "mornings",
    weekly: { tue: ["09:00-10:30"], wed: ["09:00-10:30"] },
  });
  const moved = await t.call({ in: "29m", hours: "mornings", expires_after: "1h" });
  const useless = await t.call({
    in: "29m",
    hours: "mornings",
    expires_at: new Date(t.clock.now() + 2 * 60 * minute).toISOString(),
  });
  await t.advance(29 * minute);
  await t.advance(minute);
  carry();
  await t.advance(second);
  const waiting = await t.look(moved);
  assert.deepEqual([waiting.status, waiting.reason], ["scheduled", "calling_hours"]);
  assert.equal(new Date(waiting.dueAt).toISOString(), "2026-12-02T14:00:00.000Z");
  await t.advance(2 * 60 * minute);
  const ended = await t.look(useless);
  assert.deepEqual([ended.status, ended.reason], ["expired", "deadline_passed"]);
  await t.runUntil(async () => (await t.look(moved)).status === "dialing", 24 * 60 * minute);
  carry();
  await t.advance(2 * minute);
  assert.equal((await t.look(moved)).status, "completed");
});
