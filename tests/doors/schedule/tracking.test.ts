import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { statsOf } from "../../../src/doors/schedule/tracking.ts";
import { defaultDoorSettings } from "../../../src/settings-doors.ts";
import { silentMeter } from "../../support/silent.ts";
import { type StoreName, openEmpty, storeNames } from "../../support/stores.ts";
import { type Json, A_CALL_MS, DOCUMENT_TIME, MINUTE_BEFORE, openScheduleHouse } from "./house.ts";

const GRACE = 300_000;
const MINUTE = 60_000;

describe("the misfire grace", () => {
  test("a call that is later than the grace is not dialed, and is recorded as missed", async () => {
    const { schedule, post, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await schedule();
    await post("/v1/dialing/stop", { reason: "test" });
    await advance(MINUTE + GRACE + 2000);
    await post("/v1/dialing/resume", {});
    await advance(A_CALL_MS);
    assert.equal((await get(`/schedule/${id}`))["schedule"].status, "failed");
    assert.equal((await get(`/v1/calls/${id}`))["attempts"], 0);
    const [log] = (await get("/schedule/tracking/logs?status=failed"))["logs"];
    assert.deepEqual([log.call_id, log.start_time, log.metadata.reason], [id, null, "deadline_passed"]);
    assert.match(log.notes, /^Missed/);
  });

  test("one that is late within the grace is dialed", async () => {
    const { schedule, post, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await schedule();
    await post("/v1/dialing/stop", { reason: "test" });
    await advance(MINUTE + GRACE - 2000);
    await post("/v1/dialing/resume", {});
    await advance(A_CALL_MS);
    assert.equal((await get(`/schedule/${id}`))["schedule"].status, "completed");
  });

  test("is SCHEDULER_MISFIRE_GRACE_TIME", async () => {
    const doorSettings = {
      ...defaultDoorSettings,
      schedule: { ...defaultDoorSettings.schedule, misfireGraceMs: 10_000 },
    };
    const { schedule, post, get, advance } = await openScheduleHouse({
      startAt: MINUTE_BEFORE,
      doorSettings,
    });
    const id = await schedule();
    await post("/v1/dialing/stop", { reason: "test" });
    await advance(MINUTE + 12_000);
    assert.equal((await get(`/schedule/${id}`))["schedule"].status, "failed");
  });

  test("of a series: slots that passed while nothing ran are recorded as missed, the late one within the grace is dialed", async () => {
    const before = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await before.schedule({
      user_profile_id: "profile_789",
      created_by: "user_456",
      repeat_config: { enabled: true, frequency: "daily" },
    });
    await before.drain();
    const { store, stub } = before;
    // The program is away for three days, and comes back two minutes after the slot of the fourth.
    const startAt = MINUTE_BEFORE + MINUTE + 3 * 86_400_000 + 2 * MINUTE;
    const { get, advance } = await openScheduleHouse({ store, stub, startAt });
    await advance(A_CALL_MS);
    const { logs, total } = await get("/schedule/tracking/logs");
    assert.equal(total, 4);
    assert.deepEqual(
      logs.map((log: Json) => [log["metadata"].schedule_id, log["status"]]),
      [
        [id, "completed"],
        [id, "failed"],
        [id, "failed"],
        [id, "failed"],
      ],
    );
    for (const log of logs.slice(1)) assert.match(log.notes, /^Missed/);
    assert.equal(new Set(logs.map((log: Json) => log["id"])).size, 4);
    for (const [query, count] of [
      ["status=failed", 3],
      ["status=completed", 1],
      ["user_profile_id=profile_789", 4],
      ["user_profile_id=another", 0],
      ["created_by=another", 0],
      ["start_date=2024-01-17", 2],
    ] as const)
      assert.equal((await get(`/schedule/tracking/logs?${query}`))["total"], count, query);
    const stats = await get("/schedule/tracking/stats");
    assert.deepEqual([stats["completed_calls"], stats["failed_calls"], stats["pending_calls"]], [1, 3, 1]);
    assert.equal((await get(`/schedule/${id}`))["schedule"].next_execution, "2024-01-19T10:00:00Z");
  });

  test("misfires are counted, of calls as of series, whether the program was there or not", async () => {
    let missed = 0;
    const meter = { ...silentMeter, missed: (count: number) => void (missed += count) };
    const first = await openScheduleHouse({ startAt: MINUTE_BEFORE, meter });
    await first.schedule();
    await first.post("/v1/dialing/stop", { reason: "test" });
    await first.advance(MINUTE + GRACE + 2000);
    assert.equal(missed, 1);
    await first.post("/v1/dialing/resume", {});
    await first.schedule({ scheduled_time: "2024-01-15T11:00:00Z" });
    await first.schedule({
      scheduled_time: "2024-01-15T11:00:00Z",
      repeat_config: { enabled: true, frequency: "daily" },
    });
    await first.drain();
    const { store, stub } = first;
    const startAt = Date.parse("2024-01-17T12:00:00Z");
    const later = await openScheduleHouse({ store, stub, startAt, meter });
    await later.advance(MINUTE);
    // The one-off, the series' call of the first day, and its slots of the two days after.
    assert.equal(missed, 1 + 4);
  });

  test("a schedule whose time passed while it was paused is not dialed by surprise when it is resumed", async () => {
    const { schedule, post, put, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await schedule();
    await post(`/schedule/${id}/pause`);
    await advance(MINUTE + GRACE + 1000);
    const refused = await post(`/schedule/${id}/resume`, undefined, 400);
    assert.deepEqual([refused["error_code"], refused["details"].field], ["SCHEDULE_005", "scheduled_time"]);
    await put(`/schedule/${id}`, { scheduled_time: "2024-01-15T11:00:00Z" });
    await post(`/schedule/${id}/resume`);
    await advance(3_600_000);
    assert.equal((await get(`/schedule/${id}`))["schedule"].status, "completed");
  });
});

describe("SCHEDULER_MAX_INSTANCES", () => {
  for (const instancesMax of [1, 3]) {
    test(`of ${instancesMax}: no more occurrences of one schedule are under way at once`, async () => {
      const doorSettings = {
        ...defaultDoorSettings,
        schedule: { ...defaultDoorSettings.schedule, instancesMax },
      };
      const { schedule, get, ask, advance } = await openScheduleHouse({
        startAt: MINUTE_BEFORE,
        doorSettings,
      });
      const slow = await ask("PATCH", "/v1/lines/sandbox", { settings: { talk_ms: 600_000 } });
      assert.equal(slow.statusCode, 200, slow.body);
      await schedule({ repeat_config: { enabled: true, rrule: "FREQ=MINUTELY;COUNT=6" } });
      let most = 0;
      for (let minute = 0; minute < 9; minute += 1) {
        await advance(MINUTE);
        const dialing = (await get("/v1/calls?status=dialing"))["data"].length;
        most = Math.max(most, dialing);
      }
      assert.equal(most, instancesMax);
    });
  }
});

describe("call logs", () => {
  test("are narrowed by profile, status and time, in pages, latest first", async () => {
    const { schedule, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const times = ["10:00", "10:10", "10:20", "10:30"];
    for (const [index, time] of times.entries())
      await schedule({
        phone: `+1212555010${index % 2}`,
        scheduled_time: `2024-01-15T${time}:00Z`,
        user_profile_id: `profile_${index % 2}`,
      });
    await advance(31 * MINUTE + A_CALL_MS);
    const found = async (query: string) =>
      (await get(`/schedule/tracking/logs?${query}`))["logs"].map((log: Json) =>
        log["timestamp"].slice(11, 16),
      );
    assert.deepEqual(await found(""), times.toReversed());
    assert.deepEqual(await found("user_profile_id=profile_1"), ["10:30", "10:10"]);
    assert.deepEqual(await found("status=completed"), ["10:20", "10:00"]);
    assert.deepEqual(await found("status=failed&user_profile_id=profile_0"), []);
    assert.deepEqual(await found("start_date=2024-01-15T10:10:00Z&end_date=2024-01-15T10:25:00Z"), [
      "10:20",
      "10:10",
    ]);
    assert.deepEqual(await found("start_date=2024-01-15T15:40:00+05:30&limit=1"), ["10:30"]);
    assert.deepEqual(await found("end_date=2024-01-15"), times.toReversed());
    assert.deepEqual(await found("end_date=2024-01-14"), []);
    assert.deepEqual(await found("limit=1&offset=2"), ["10:10"]);
    const stats = await get("/schedule/tracking/stats?user_profile_id=profile_1");
    assert.deepEqual([stats["total_calls"], stats["failed_calls"]], [2, 2]);
  });

  test("say what became of a call that failed, with what the carrier said", async () => {
    const { schedule, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    await schedule({ phone: "+12125550101" });
    await advance(MINUTE + A_CALL_MS);
    const [log] = (await get("/schedule/tracking/logs"))["logs"];
    assert.deepEqual([log.status, log.notes, log.metadata.outcome], ["failed", "Call failed: busy", "busy"]);
    assert.equal(typeof log.metadata.carrier_ref, "string");
  });

  test("survive the schedule: deleting it afterwards hides it from the lists, and not from history", async () => {
    const { schedule, remove, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await schedule();
    await advance(MINUTE + A_CALL_MS);
    await remove(`/schedule/${id}`);
    assert.equal((await get("/schedule/"))["total"], 0);
    assert.equal((await get("/schedule/tracking/logs"))["total"], 1);
    assert.equal((await get("/schedule/tracking/stats"))["completed_calls"], 1);
    const call = await get(`/v1/calls/${id}`);
    assert.deepEqual([call["status"], call["outcome"]], ["completed", "answered_human"]);
  });
});

test("the statistics of the document: 120 of 150 are 80 per cent, 21,600 seconds are 180 on average", () => {
  const calls = {
    completed: 120,
    failed: 15,
    expired: 4,
    needs_review: 1,
    scheduled: 6,
    queued: 3,
    paused: 1,
  };
  assert.deepEqual(statsOf({ calls: { ...calls, canceled: 7, skipped: 2 }, completedMs: 21_600_000 }), {
    total_calls: 150,
    completed_calls: 120,
    failed_calls: 20,
    pending_calls: 10,
    success_rate: 80,
    average_duration: 180,
    total_duration: 21_600,
  });
  const none = statsOf({ calls: {}, completedMs: 0 });
  assert.deepEqual([none.success_rate, none.average_duration], [0, 0]);
});

test("what is counted slice by slice is counted once each", async () => {
  const { engine, actor, schedule, get } = await openScheduleHouse();
  const calls = Array.from({ length: 1000 }, () => ({ to: "+12125550100", at: DOCUMENT_TIME }));
  for (let thousand = 0; thousand < 21; thousand += 1) await engine.scheduleMany(actor, calls);
  await schedule({ repeat_config: { enabled: true, frequency: "daily" } });
  assert.equal((await get("/schedule/?limit=1"))["total"], 21_001);
  // The series' first occurrence is a call, too.
  assert.equal((await get("/schedule/tracking/stats"))["pending_calls"], 21_001);
});

describe("lists and sums are the same on every store", () => {
  for (const name of storeNames.filter((one: StoreName) => one !== "sqlite on file")) {
    test(name, async () => {
      const opened = await openEmpty(name);
      const house = await openScheduleHouse({ startAt: MINUTE_BEFORE, store: opened.store });
      const { schedule, post, remove, put, get, advance } = house;
      const mine = { created_by: "user_1", agent_instance_id: "agent_1", user_profile_id: "profile_1" };
      const once = await schedule(mine);
      const daily = await schedule({ ...mine, repeat_config: { enabled: true, frequency: "daily" } });
      const busy = await schedule({ phone: "+12125550101" });
      const gone = await schedule({ scheduled_time: "2024-02-01T10:00:00Z" });
      const endless = await schedule({ repeat_config: { enabled: true, frequency: "weekly" } });
      await put(`/schedule/${busy}`, { phone: "+13125550101", notes: "amended" });
      await remove(`/schedule/${gone}`);
      await remove(`/schedule/${endless}`);
      await advance(MINUTE + A_CALL_MS);
      await post(`/schedule/${daily}/pause`);
      const { schedules, total } = await get("/schedule/");
      const shown = schedules.map((one: Json) => [one["id"], one["status"]]);
      assert.equal(total, 3);
      assert.deepEqual(
        new Set(shown.map((one: unknown) => JSON.stringify(one))),
        new Set(
          [
            [once, "completed"],
            [daily, "paused"],
            [busy, "failed"],
          ].map((one) => JSON.stringify(one)),
        ),
      );
      const counts: readonly [string, number][] = [
        ["/schedule/?status=completed", 1],
        ["/schedule/?created_by=user_2", 1],
        ["/schedule/?agent_instance_id=agent_1", 2],
        ["/schedule/active", 1],
        ["/schedule/tracking/logs", 3],
        ["/schedule/tracking/logs?user_profile_id=profile_1", 2],
        ["/schedule/tracking/logs?status=failed", 1],
        [`/schedule/tracking/logs?start_date=${DOCUMENT_TIME}&created_by=user_1`, 3],
      ];
      for (const [url, count] of counts) assert.equal((await get(url))["total"], count, url);
      const { total_duration: seconds, ...stats } = await get("/schedule/tracking/stats");
      assert.ok(seconds > 0);
      assert.deepEqual(
        [stats["total_calls"], stats["completed_calls"], stats["failed_calls"], stats["success_rate"]],
        [4, 2, 1, 50],
      );
      const turned = await schedule({ scheduled_time: "2024-02-01T10:00:00Z" });
      const repeat = { repeat_config: { enabled: true, frequency: "monthly" } };
      const { schedule_id: series } = await put(`/schedule/${turned}`, repeat);
      assert.equal((await get(`/schedule/${turned}`))["schedule"].id, series);
      assert.equal((await get("/schedule/"))["total"], 4);
      await house.engine.stop(1000);
      await opened.close();
    });
  }
});
