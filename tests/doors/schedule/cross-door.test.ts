import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Json, MINUTE_BEFORE, good, openScheduleHouse } from "./house.ts";

const daily = { repeat_config: { enabled: true, frequency: "daily" } };
const LATER = "2024-02-01T10:00:00Z";

describe("what this door makes is everybody's", () => {
  test("a schedule is a call of /v1 with the same words, and can be changed there", async () => {
    const { schedule, get, post } = await openScheduleHouse();
    const id = await schedule({
      created_by: "user_1",
      user_profile_id: "p_1",
      description: "Follow-up call",
    });
    const call = await get(`/v1/calls/${id}`);
    assert.deepEqual(
      [call["to"], call["due_at"], call["owner"], call["external_id"], call["metadata"]],
      [good.phone, good.scheduled_time, "user_1", "p_1", { description: "Follow-up call" }],
    );
    assert.equal(call["retry_policy"], "none");
    assert.equal(call["expires_at"], "2024-01-15T10:05:00Z");
    const shown = async () => (await get(`/schedule/${id}`))["schedule"];
    await post(`/v1/calls/${id}/pause`);
    assert.equal((await shown()).status, "paused");
    await post(`/v1/calls/${id}/resume`);
    await post(`/v1/calls/${id}/reschedule`, { at: LATER });
    assert.deepEqual([(await shown()).scheduled_time, (await shown()).status], [LATER, "scheduled"]);
    await post(`/v1/calls/${id}/cancel`);
    assert.equal((await shown()).status, "cancelled");
    assert.equal((await post(`/schedule/${id}/cancel`, undefined, 400))["error_code"], "SCHEDULE_005");
  });

  test("one that repeats is a series of /v1, and ends there as here", async () => {
    const { schedule, get, post } = await openScheduleHouse();
    const [ours, theirs] = [await schedule(daily), await schedule(daily)];
    assert.equal((await get("/v1/series"))["data"].length, 2);
    await post(`/v1/series/${ours}/end`);
    assert.equal((await get(`/schedule/${ours}`))["schedule"].status, "cancelled");
    await post(`/schedule/${theirs}/cancel`);
    assert.equal((await get(`/v1/series/${theirs}`))["status"], "ended");
  });

  test("a deleted schedule is still known to /v1, with its reason", async () => {
    const { schedule, get, remove } = await openScheduleHouse();
    const id = await schedule();
    await remove(`/schedule/${id}`);
    const call = await get(`/v1/calls/${id}`);
    assert.deepEqual([call["status"], call["reason"]], ["canceled", "deleted_by_request"]);
    const types = (await get(`/v1/calls/${id}/events`))["data"].map((event: Json) => event["type"]);
    assert.deepEqual(types, ["call.scheduled", "call.canceled"]);
  });

  test("a deleted schedule that repeats stays deleted when /v1 ends it once more", async () => {
    const { schedule, get, post, remove } = await openScheduleHouse();
    const id = await schedule(daily);
    await remove(`/schedule/${id}`);
    await post(`/v1/series/${id}/end`);
    assert.equal((await get(`/v1/series/${id}`))["status"], "ended");
    assert.equal((await get("/schedule/"))["total"], 0);
    await get(`/schedule/${id}`, 404);
  });

  test("the task service and the scheduling service list it, and cancel it", async () => {
    const { schedule, get, post } = await openScheduleHouse();
    const [one, two] = [await schedule({ created_by: "user_1" }), await schedule({ created_by: "user_1" })];
    assert.equal((await get(`/tasks/${one}`))["status"], "SCHEDULED");
    await post(`/tasks/${one}/cancel`);
    assert.equal((await get(`/schedule/${one}`))["schedule"].status, "cancelled");
    const listed = await get("/api/v1/scheduling/scheduled-calls?userId=user_1");
    assert.match(JSON.stringify(listed), new RegExp(two));
    await post(`/api/v1/scheduling/${two}/cancel`, { userId: "user_1" });
    assert.equal((await get(`/schedule/${two}`))["schedule"].status, "cancelled");
  });
});

describe("what other doors make is shown here", () => {
  test("a call of /v1 is a schedule, can be changed and cancelled, and keeps what is its own", async () => {
    const { post, put, get } = await openScheduleHouse();
    const made = await post(
      "/v1/calls",
      { to: "+12125550100", at: LATER, purpose: "Renewal", metadata: { a: 1 }, external_id: "x_1" },
      201,
    );
    const { schedules, total } = await get("/schedule/");
    assert.equal(total, 1);
    const [schedule] = schedules;
    assert.deepEqual(
      [schedule.id, schedule.status, schedule.description, schedule.user_profile_id, schedule.call_type],
      [made["id"], "scheduled", "Renewal", "x_1", "outbound"],
    );
    assert.deepEqual(schedule.retry_config, { enabled: true });
    await put(`/schedule/${made["id"]}`, { notes: "called before" });
    const call = await get(`/v1/calls/${made["id"]}`);
    assert.deepEqual([call["metadata"], call["purpose"]], [{ a: 1, notes: "called before" }, "Renewal"]);
    await post(`/schedule/${made["id"]}/cancel`);
    assert.equal((await get(`/v1/calls/${made["id"]}`))["status"], "canceled");
  });

  test("a series of /v1 is a schedule that repeats; its occurrences are no schedules of their own", async () => {
    const { post, get } = await openScheduleHouse();
    const made = await post(
      "/v1/series",
      {
        to: "+12125550100",
        start_at: LATER,
        timezone: "UTC",
        rule: { frequency: "weekly", until: "2024-03-01T10:00:00Z" },
      },
      201,
    );
    const id = made["series"]?.id ?? made["id"];
    const { schedules, total } = await get("/schedule/");
    assert.equal(total, 1);
    assert.equal(schedules[0].id, id);
    assert.deepEqual(schedules[0].repeat_config, {
      enabled: true,
      frequency: "weekly",
      end_date: "2024-03-01T10:00:00Z",
    });
    await post(`/schedule/${id}/pause`);
    assert.equal((await get(`/v1/series/${id}`))["status"], "paused");
  });

  test("its outcome is in the logs and the statistics", async () => {
    const { post, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const made = await post("/v1/calls", { to: "+12125550100", in: "60s" }, 201);
    await advance(180_000);
    const { logs } = await get("/schedule/tracking/logs");
    assert.deepEqual([logs[0].call_id, logs[0].status], [made["id"], "completed"]);
    assert.equal((await get("/schedule/tracking/stats"))["completed_calls"], 1);
  });
});
