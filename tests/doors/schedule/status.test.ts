import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type ShownStatus, callStatuses } from "../../../src/domain/call.ts";
import { possible, scheduleStatuses, statesOf, viewOfStatus } from "../../../src/doors/schedule/status.ts";
import { A_CALL_MS, type Json, MINUTE_BEFORE, type ScheduleHouse, openScheduleHouse } from "./house.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;

/** How each state of the core is shown, as the table of views has it. */
const table: Readonly<Record<ShownStatus, string>> = {
  scheduled: "scheduled",
  queued: "pending",
  dialing: "running",
  completed: "completed",
  failed: "failed",
  expired: "failed",
  needs_review: "failed",
  canceled: "cancelled",
  skipped: "cancelled",
  paused: "paused",
};

test("every state of the core has the view of the table", () => {
  for (const status of [...callStatuses, "queued"] as const)
    assert.equal(viewOfStatus(status), table[status], status);
});

test("a filter's word stands for the states that it shows, and is read in both spellings", () => {
  assert.deepEqual(statesOf("failed"), ["failed", "expired", "needs_review"]);
  assert.deepEqual(statesOf("canceled"), statesOf("cancelled"));
  assert.deepEqual(statesOf("CREATED"), []);
  assert.equal(statesOf("done"), undefined);
});

/** How a schedule of one call comes to stand in each status, from its creation on. */
const ways: Readonly<Record<string, (house: ScheduleHouse) => Promise<string>>> = {
  scheduled: (house) => house.schedule(),
  pending: async (house) => {
    const id = await house.schedule();
    await house.post("/v1/dialing/stop", { reason: "test" });
    await house.advance(MINUTE);
    return id;
  },
  running: async (house) => {
    const id = await house.schedule();
    await house.advance(MINUTE + 3000);
    return id;
  },
  completed: async (house) => {
    const id = await house.schedule();
    await house.advance(MINUTE + A_CALL_MS);
    return id;
  },
  failed: async (house) => {
    const id = await house.schedule({ phone: "+12125550101" });
    await house.advance(MINUTE + A_CALL_MS);
    return id;
  },
  paused: async (house) => {
    const id = await house.schedule();
    await house.post(`/schedule/${id}/pause`);
    return id;
  },
  cancelled: async (house) => {
    const id = await house.schedule();
    await house.post(`/schedule/${id}/cancel`);
    return id;
  },
};

/** Where each operation leads, or null where the diagram has no arrow. Delete hides what it leaves behind. */
const diagram: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  pause: { scheduled: "paused", pending: "paused" },
  resume: { paused: "scheduled" },
  cancel: { scheduled: "cancelled", pending: "cancelled", paused: "cancelled" },
  update: { scheduled: "scheduled", pending: "scheduled", paused: "paused" },
  delete: {
    scheduled: "gone",
    pending: "gone",
    paused: "gone",
    completed: "gone",
    failed: "gone",
    cancelled: "gone",
  },
};

function knock(house: ScheduleHouse, operation: string, id: string) {
  if (operation === "update")
    return house.ask("PUT", `/schedule/${id}`, { scheduled_time: "2024-02-01T10:00:00Z" });
  if (operation === "delete") return house.ask("DELETE", `/schedule/${id}`);
  return house.ask("POST", `/schedule/${id}/${operation}`);
}

describe("the state diagram: every operation in every status", () => {
  for (const [status, come] of Object.entries(ways)) {
    for (const [operation, arrows] of Object.entries(diagram)) {
      const leadsTo = arrows[status] ?? null;
      test(`${operation} when ${status}: ${leadsTo ?? "SCHEDULE_005"}`, async () => {
        const house = await openScheduleHouse({ startAt: MINUTE_BEFORE });
        const id = await come(house);
        assert.equal((await house.get(`/schedule/${id}`))["schedule"].status, status);
        const answer = await knock(house, operation, id);
        if (leadsTo === null) {
          assert.deepEqual([answer.statusCode, answer.json().error_code], [400, "SCHEDULE_005"]);
          assert.equal((await house.get(`/schedule/${id}`))["schedule"].status, status);
          return;
        }
        assert.deepEqual([answer.statusCode, answer.json().schedule_id], [200, id]);
        assert.equal(answer.json().status, "success");
        if (leadsTo === "gone") await house.get(`/schedule/${id}`, 404);
        else assert.equal((await house.get(`/schedule/${id}`))["schedule"].status, leadsTo);
      });
    }
  }

  test("the door's own table says the same", () => {
    for (const [operation, arrows] of Object.entries(diagram))
      assert.deepEqual(
        new Set(possible[operation as "pause"]),
        new Set([...Object.keys(arrows), ...(operation === "delete" ? ["created"] : [])]),
        operation,
      );
    for (const status of Object.keys(ways))
      assert.ok((scheduleStatuses as readonly string[]).includes(status));
  });
});

describe("a schedule that repeats", () => {
  const daily = { repeat_config: { enabled: true, frequency: "daily" } };

  test("stands as its calls do while one is under way, and is scheduled between them", async () => {
    const house = await openScheduleHouse();
    const id = await house.schedule(daily);
    const status = async () => (await house.get(`/schedule/${id}`))["schedule"].status;
    assert.equal(await status(), "scheduled");
    await house.advance(DAY + 3000);
    assert.equal(await status(), "running");
    for (const [word, total] of [
      ["running", 1],
      ["scheduled", 0],
    ] as const)
      assert.equal((await house.get(`/schedule/?status=${word}`))["total"], total, word);
    await house.advance(A_CALL_MS);
    assert.equal(await status(), "scheduled");
  });

  test("is paused, resumed and cancelled as a whole, and nothing is dialed while it is paused", async () => {
    const house = await openScheduleHouse();
    const id = await house.schedule(daily);
    const status = async () => (await house.get(`/schedule/${id}`))["schedule"].status;
    await house.post(`/schedule/${id}/pause`);
    assert.equal(await status(), "paused");
    await house.advance(2 * DAY);
    assert.equal((await house.get("/schedule/tracking/stats"))["completed_calls"], 0);
    await house.post(`/schedule/${id}/pause`, undefined, 400);
    await house.post(`/schedule/${id}/resume`);
    assert.equal(await status(), "scheduled");
    assert.equal((await house.get(`/schedule/${id}`))["schedule"].next_execution, "2024-01-17T10:00:00Z");
    await house.advance(DAY + A_CALL_MS);
    assert.equal((await house.get("/schedule/tracking/stats"))["completed_calls"], 1);
    await house.post(`/schedule/${id}/cancel`);
    assert.equal(await status(), "cancelled");
    await house.advance(3 * DAY);
    assert.equal((await house.get("/schedule/tracking/stats"))["completed_calls"], 1);
    await house.post(`/schedule/${id}/cancel`, undefined, 400);
  });

  test("deleted, it is gone from the lists, and its waiting call is cancelled", async () => {
    const house = await openScheduleHouse();
    const id = await house.schedule(daily);
    await house.remove(`/schedule/${id}`);
    await house.get(`/schedule/${id}`, 404);
    await house.remove(`/schedule/${id}`, 404);
    assert.equal((await house.get("/schedule/"))["total"], 0);
    assert.equal((await house.get("/v1/series"))["data"][0].status, "ended");
    const { data: events } = await house.get("/v1/events");
    const types = events.map((event: Json) => event["type"]);
    assert.deepEqual(types.slice(-3), ["call.canceled", "series.ended", "series.deleted"]);
    await house.advance(2 * DAY);
    assert.equal((await house.get("/schedule/tracking/logs"))["total"], 0);
  });

  test("cannot be paused once it has ended", async () => {
    const house = await openScheduleHouse();
    const id = await house.schedule({
      repeat_config: { enabled: true, frequency: "daily", max_occurrences: 1 },
    });
    assert.equal((await house.get(`/schedule/${id}`))["schedule"].status, "scheduled");
    await house.advance(DAY + A_CALL_MS);
    assert.equal((await house.get(`/schedule/${id}`))["schedule"].status, "completed");
    for (const verb of ["pause", "resume", "cancel"])
      assert.equal(
        (await house.post(`/schedule/${id}/${verb}`, undefined, 400))["error_code"],
        "SCHEDULE_005",
      );
  });
});
