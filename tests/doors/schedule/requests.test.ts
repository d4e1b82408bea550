import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { StoreError } from "../../../src/ports/store.ts";
import { defaultDoorSettings } from "../../../src/settings-doors.ts";
import { type Json, DOCUMENT_TIME, MINUTE_BEFORE, good, openScheduleHouse } from "./house.ts";

describe("each fault of a request has its code, its field and its status, and changes nothing", () => {
  const daily = { enabled: true, frequency: "daily" };
  const faults: readonly [what: string, body: unknown, code: string, field: string | undefined][] = [
    ["no body", undefined, "SCHEDULE_003", "body"],
    ["a list for a body", [good], "SCHEDULE_003", "body"],
    ["no phone", { scheduled_time: DOCUMENT_TIME }, "SCHEDULE_003", "phone"],
    ["null for a phone", { ...good, phone: null }, "SCHEDULE_003", "phone"],
    ["no time", { phone: good["phone"] }, "SCHEDULE_003", "scheduled_time"],
    ["a number for a phone", { ...good, phone: 12_125_550_100 }, "SCHEDULE_001", "phone"],
    ["a phone without +", { ...good, phone: "12125550100" }, "SCHEDULE_001", "phone"],
    ["a phone with letters", { ...good, phone: "+1212FLOWERS" }, "SCHEDULE_001", "phone"],
    ["a past time", { ...good, scheduled_time: "2024-01-13T10:00:00Z" }, "SCHEDULE_002", "scheduled_time"],
    ["a time that is none", { ...good, scheduled_time: "tomorrow" }, "SCHEDULE_002", "scheduled_time"],
    [
      "a date that is none",
      { ...good, scheduled_time: "2024-02-30T10:00:00Z" },
      "SCHEDULE_002",
      "scheduled_time",
    ],
    ["a number for a time", { ...good, scheduled_time: 1_705_312_800 }, "SCHEDULE_002", "scheduled_time"],
    [
      "a time too far ahead",
      { ...good, scheduled_time: "2044-01-15T10:00:00Z" },
      "SCHEDULE_002",
      "scheduled_time",
    ],
    ["a zone that is none", { ...good, timezone: "Mars/Olympus" }, "SCHEDULE_008", "timezone"],
    [
      "a past time that repeats",
      { ...good, scheduled_time: "2024-01-13T10:00:00Z", repeat_config: daily },
      "SCHEDULE_002",
      "scheduled_time",
    ],
    [
      "a frequency that is none",
      { ...good, repeat_config: { enabled: true, frequency: "yearly" } },
      "SCHEDULE_003",
      "repeat_config.frequency",
    ],
    [
      "no frequency",
      { ...good, repeat_config: { enabled: true } },
      "SCHEDULE_003",
      "repeat_config.frequency",
    ],
    [
      "no enabled",
      { ...good, repeat_config: { frequency: "daily" } },
      "SCHEDULE_003",
      "repeat_config.enabled",
    ],
    [
      "an interval of 0",
      { ...good, repeat_config: { ...daily, interval: 0 } },
      "SCHEDULE_003",
      "repeat_config.interval",
    ],
    [
      "an end before the start",
      { ...good, repeat_config: { ...daily, end_date: "2024-01-14T12:00:00Z" } },
      "SCHEDULE_002",
      "repeat_config.end_date",
    ],
    [
      "an end that is none",
      { ...good, repeat_config: { ...daily, end_date: "never" } },
      "SCHEDULE_002",
      "repeat_config.end_date",
    ],
    [
      "30 February",
      { ...good, repeat_config: { enabled: true, cron: "0 10 30 2 *" } },
      "SCHEDULE_002",
      "repeat_config.cron",
    ],
    [
      "an RRULE that is none",
      { ...good, repeat_config: { enabled: true, rrule: "FREQ=SOMETIMES" } },
      "SCHEDULE_002",
      "repeat_config.rrule",
    ],
    [
      "two rules",
      { ...good, repeat_config: { enabled: true, rrule: "FREQ=DAILY", cron: "0 10 * * *" } },
      "SCHEDULE_003",
      "repeat_config.cron",
    ],
    [
      "a retry policy that is none",
      { ...good, retry_config: { policy: "often" } },
      "SCHEDULE_003",
      "retry_config",
    ],
    ["a number for a description", { ...good, description: 5 }, "SCHEDULE_003", "description"],
    ["a text for metadata", { ...good, metadata: "x" }, "SCHEDULE_003", "metadata"],
    [
      "an agent that is too long",
      { ...good, agent_instance_id: "x".repeat(201) },
      "SCHEDULE_003",
      "agent_instance_id",
    ],
  ];
  for (const [what, body, code, field] of faults) {
    test(`${what}: ${code}`, async () => {
      const { ask, get } = await openScheduleHouse();
      const answer = await ask("POST", "/schedule/", body);
      const error = answer.json();
      assert.deepEqual(
        [answer.statusCode, error.error_code, error.details.field],
        [400, code, field],
        answer.body,
      );
      assert.equal(error.status, "error");
      assert.ok(error.message.length > 10 && error.details.issue.length > 5);
      assert.equal((await get("/schedule/"))["total"], 0);
    });
  }

  test("what is no JSON, or not sent as JSON, is told in the same form", async () => {
    const { ask } = await openScheduleHouse();
    const broken = await ask("POST", "/schedule/", "{");
    assert.deepEqual([broken.statusCode, broken.json().error_code], [400, "SCHEDULE_003"]);
    const text = await ask("POST", "/schedule/", "phone=1", { "content-type": "text/plain" });
    assert.deepEqual([text.statusCode, text.json().error_code], [415, "SCHEDULE_003"]);
    const large = await ask("POST", "/schedule/", { ...good, notes: "x".repeat(300_000) });
    assert.deepEqual([large.statusCode, large.json().error_code], [413, "SCHEDULE_003"]);
  });

  test("unknown schedules, unknown paths and wrong methods", async () => {
    const { ask } = await openScheduleHouse();
    for (const url of [
      "/schedule/schedule_123",
      "/schedule/call_0000000000000000",
      "/schedule/ser_x",
      "/schedule/tracking",
      "/schedule/a/b/c",
    ]) {
      const answer = await ask("GET", url);
      assert.deepEqual([answer.statusCode, answer.json().error_code], [404, "SCHEDULE_004"], url);
      assert.equal(answer.json().timestamp, "2024-01-14T10:00:00Z");
    }
    for (const verb of ["pause", "resume", "cancel"])
      assert.equal((await ask("POST", `/schedule/nobody/${verb}`)).statusCode, 404);
    const wrong = await ask("DELETE", "/schedule/active");
    assert.equal(wrong.statusCode, 404);
    const method = await ask("PATCH", "/schedule/x");
    assert.deepEqual([method.statusCode, method.json().error_code], [405, "SCHEDULE_005"]);
  });

  test("a store that cannot be used is SCHEDULE_006, whatever else fails is SCHEDULE_007, both 500", async () => {
    const { ask, engine } = await openScheduleHouse();
    const { schedule } = engine;
    const fail = (error: Error) => Object.assign(engine, { schedule: () => Promise.reject(error) });
    const { Refusal } = await import("../../../src/domain/refusal.ts");
    fail(new Refusal("store_unavailable", "The store cannot be reached."));
    const store = await ask("POST", "/schedule/", good);
    assert.deepEqual([store.statusCode, store.json().error_code], [500, "SCHEDULE_006"]);
    fail(new StoreError("broken", "secret detail"));
    const other = await ask("POST", "/schedule/", good);
    assert.deepEqual([other.statusCode, other.json().error_code], [500, "SCHEDULE_007"]);
    assert.doesNotMatch(other.body, /secret detail/);
    Object.assign(engine, { schedule });
  });

  test("bad parameters of lists", async () => {
    const { ask } = await openScheduleHouse();
    const wrong: readonly [string, string, string][] = [
      ["limit=x", "SCHEDULE_003", "limit"],
      ["limit=0", "SCHEDULE_003", "limit"],
      ["offset=-1", "SCHEDULE_003", "offset"],
      ["status=done", "SCHEDULE_003", "status"],
      ["start_date=yesterday", "SCHEDULE_002", "start_date"],
      ["end_date=2024-13-01", "SCHEDULE_002", "end_date"],
    ];
    for (const [query, code, field] of wrong) {
      const answer = await ask("GET", `/schedule/tracking/logs?${query}`);
      const { error_code, details } = answer.json();
      assert.deepEqual([answer.statusCode, error_code, details.field], [400, code, field], query);
    }
  });
});

describe("a time", () => {
  test("without an offset is local in the request's zone, else in SCHEDULER_TIMEZONE", async () => {
    const schedule = { ...defaultDoorSettings.schedule, timezone: "Asia/Kolkata" };
    const { post } = await openScheduleHouse({ doorSettings: { ...defaultDoorSettings, schedule } });
    const next = async (fields: Json) => (await post("/schedule/", { ...good, ...fields }))["next_execution"];
    assert.equal(await next({ scheduled_time: "2024-01-15T10:00:00" }), "2024-01-15T04:30:00Z");
    assert.equal(
      await next({ scheduled_time: "2024-01-15T10:00", timezone: "America/New_York" }),
      "2024-01-15T15:00:00Z",
    );
    assert.equal(await next({ scheduled_time: "2024-01-15T10:00:00+01:00" }), "2024-01-15T09:00:00Z");
    const daily = { repeat_config: { enabled: true, frequency: "daily" } };
    assert.equal(await next({ scheduled_time: "2024-01-15T10:00:00", ...daily }), "2024-01-15T04:30:00Z");
  });

  test("a repeated call follows the wall clock of its zone over a change of the clocks", async () => {
    const { schedule, put, engine, actor } = await openScheduleHouse();
    const id = await schedule({
      scheduled_time: "2024-03-08T10:00:00",
      timezone: "America/New_York",
      repeat_config: { enabled: true, frequency: "weekly" },
    });
    const preview = await engine.getSeries(actor, id);
    assert.equal(preview.nextAt, Date.parse("2024-03-08T15:00:00Z"));
    const moved = await put(`/schedule/${id}`, { scheduled_time: "2024-03-15T10:00:00" });
    assert.equal(moved["next_execution"], "2024-03-15T14:00:00Z");
  });
});

describe("complex rules", () => {
  const rules: readonly [Json, string][] = [
    [{ rrule: "FREQ=WEEKLY;BYDAY=MO,WE,FR" }, "2024-01-15T10:00:00Z"],
    [{ rrule: "FREQ=MONTHLY;BYDAY=-1FR" }, "2024-01-26T10:00:00Z"],
    [{ cron: "30 9 * * mon-fri" }, "2024-01-16T09:30:00Z"],
    [{ frequency: "weekly", weekdays: ["tue"] }, "2024-01-16T10:00:00Z"],
    [{ frequency: "daily", interval: 2 }, "2024-01-15T10:00:00Z"],
  ];
  for (const [rule, first] of rules) {
    test(`${JSON.stringify(rule)} is kept as it was sent, and first comes at ${first}`, async () => {
      const { post, get } = await openScheduleHouse();
      const made = await post("/schedule/", { ...good, repeat_config: { enabled: true, ...rule } });
      assert.equal(made["next_execution"], first);
      const { schedule } = await get(`/schedule/${made["schedule_id"]}`);
      assert.deepEqual(schedule.repeat_config, { enabled: true, ...rule });
    });
  }
});

test("a schedule is made once for an Idempotency-Key, also one that repeats", async () => {
  for (const repeat of [{}, { repeat_config: { enabled: true, frequency: "daily" } }]) {
    const { schedule, get } = await openScheduleHouse();
    const key = { "idempotency-key": "once" };
    const first = await schedule(repeat, key);
    assert.equal(await schedule(repeat, key), first);
    assert.equal((await get("/schedule/"))["total"], 1);
  }
});

test("nothing is tried again unless it is asked for", async () => {
  const { schedule, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
  const plain = await schedule({ phone: "+12125550101" });
  const tried = await schedule({ phone: "+13125550101", retry_config: { enabled: true } });
  await advance(3 * 3_600_000);
  const attempts = async (id: string) => (await get(`/v1/calls/${id}`))["attempts"];
  assert.equal(await attempts(plain), 1);
  assert.ok((await attempts(tried)) > 1);
});

describe("an update", () => {
  test("takes any subset of the fields, and keeps the others", async () => {
    const { schedule, put, get } = await openScheduleHouse();
    const id = await schedule({
      description: "Follow-up call",
      notes: "first",
      user_profile_id: "profile_789",
      metadata: { a: 1 },
    });
    const before = (await get(`/schedule/${id}`))["schedule"];
    const changes: readonly [Json, Json][] = [
      [{ phone: "+12125550102" }, { phone: "+12125550102" }],
      [
        { scheduled_time: "2024-01-16T10:00:00Z" },
        {
          scheduled_time: "2024-01-16T10:00:00Z",
          next_execution: "2024-01-16T10:00:00Z",
          reason: "rescheduled",
        },
      ],
      [{ timezone: "Asia/Kolkata" }, { timezone: "Asia/Kolkata" }],
      [{ description: "Another" }, { description: "Another" }],
      [{ notes: null }, { notes: null }],
      [{ call_type: "reminder" }, { call_type: "reminder" }],
      [{ agent_instance_id: "agent_2" }, { agent_instance_id: "agent_2" }],
      [{ metadata: { b: 2 } }, { metadata: { b: 2 } }],
      [{ unheard_of: 1, description: "Third" }, { description: "Third" }],
    ];
    let expected = before;
    for (const [change, effect] of changes) {
      const answer = await put(`/schedule/${id}`, change);
      assert.deepEqual([answer["status"], answer["schedule_id"]], ["success", id]);
      expected = { ...expected, ...effect };
      const { last_updated: _now, reason: _why, ...found } = (await get(`/schedule/${id}`))["schedule"];
      const { last_updated: _then, reason: _reason, ...wanted } = expected;
      assert.deepEqual(found, wanted, JSON.stringify(change));
      assert.equal(answer["next_execution"], found.next_execution);
    }
  });

  test("of the number is what is dialed, and what a search for the number finds", async () => {
    const { schedule, put, get, advance, network } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await schedule();
    await put(`/schedule/${id}`, { phone: "+12125550101" });
    assert.equal((await get("/v1/calls?to=%2B12125550101"))["data"][0].id, id);
    assert.equal((await get("/v1/calls?to=%2B12125550100"))["data"].length, 0);
    await advance(180_000);
    assert.equal((await get(`/schedule/${id}`))["schedule"].outcome, "busy");
    assert.ok(network !== null);
  });

  test("of a series changes its rule, its time and its texts", async () => {
    const { schedule, put, get } = await openScheduleHouse();
    const id = await schedule({
      description: "Daily",
      repeat_config: { enabled: true, frequency: "daily" },
    });
    const weekly = { enabled: true, frequency: "weekly", max_occurrences: 4 };
    await put(`/schedule/${id}`, { repeat_config: weekly, notes: "n", phone: "+12125550103" });
    const { schedule: found } = await get(`/schedule/${id}`);
    assert.deepEqual(
      [found.repeat_config, found.description, found.notes, found.phone, found.next_execution],
      [weekly, "Daily", "n", "+12125550103", DOCUMENT_TIME],
    );
    const moved = await put(`/schedule/${id}`, { scheduled_time: "2024-01-17T11:00:00Z" });
    assert.equal(moved["next_execution"], "2024-01-17T11:00:00Z");
  });

  test("that ends the repetition leaves the next occurrence, and no other", async () => {
    const { schedule, put, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await schedule({ repeat_config: { enabled: true, frequency: "daily" } });
    await put(`/schedule/${id}`, { repeat_config: { enabled: false } });
    await advance(3 * 86_400_000);
    assert.equal((await get("/schedule/tracking/logs"))["total"], 1);
    const { schedule: found } = await get(`/schedule/${id}`);
    assert.deepEqual([found.status, found.repeat_config.enabled], ["completed", false]);
  });

  test("makes a schedule repeat that happened once: a series takes its place, and its id leads there", async () => {
    const { schedule, put, get, post, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const id = await schedule({
      created_by: "user_1",
      user_profile_id: "profile_1",
      description: "Follow-up call",
      timezone: "America/New_York",
    });
    const daily = { enabled: true, frequency: "daily" };
    const answer = await put(`/schedule/${id}`, { repeat_config: daily, notes: "n" });
    const { schedule_id: series, next_execution: next } = answer;
    assert.match(series, /^ser_/);
    assert.equal(next, DOCUMENT_TIME);
    assert.equal((await get("/schedule/"))["total"], 1);
    for (const known of [id, series]) {
      const { schedule: found } = await get(`/schedule/${known}`);
      assert.deepEqual(
        [found.id, found.created_by, found.user_profile_id, found.description, found.notes, found.timezone],
        [series, "user_1", "profile_1", "Follow-up call", "n", "America/New_York"],
      );
      assert.deepEqual([found.repeat_config, found.retry_config], [daily, { enabled: false }]);
    }
    await advance(2 * 86_400_000);
    assert.equal((await get("/schedule/tracking/logs"))["total"], 2);
    assert.equal((await get(`/v1/calls/${id}`))["attempts"], 0);
    await post(`/schedule/${id}/cancel`);
    assert.equal((await get(`/schedule/${series}`))["schedule"].status, "cancelled");
  });

  test("does not make repeat what is paused, or what another door made", async () => {
    const { schedule, post, put, get } = await openScheduleHouse();
    const repeat_config = { enabled: true, frequency: "daily" };
    const paused = await schedule();
    await post(`/schedule/${paused}/pause`);
    const { id: other } = await post("/v1/calls", { to: "+12125550100", at: DOCUMENT_TIME }, 201);
    for (const id of [paused, other]) {
      const refused = await put(`/schedule/${id}`, { repeat_config }, 400);
      assert.deepEqual([refused["error_code"], refused["details"].field], ["SCHEDULE_005", "repeat_config"]);
    }
    assert.equal((await get("/v1/series"))["data"].length, 0);
  });

  test("refuses what it cannot do, and changes nothing", async () => {
    const { schedule, put, get } = await openScheduleHouse();
    const id = await schedule();
    const before = await get(`/schedule/${id}`);
    const wrong: readonly [Json, string][] = [
      [{}, "SCHEDULE_003"],
      [{ unheard_of: 1 }, "SCHEDULE_003"],
      [{ phone: null }, "SCHEDULE_003"],
      [{ phone: "1" }, "SCHEDULE_001"],
      [{ scheduled_time: "2024-01-01T10:00:00Z" }, "SCHEDULE_002"],
      [{ timezone: "Nowhere" }, "SCHEDULE_008"],
      [{ retry_config: { policy: "often" } }, "SCHEDULE_003"],
    ];
    for (const [change, code] of wrong)
      assert.equal((await put(`/schedule/${id}`, change, 400))["error_code"], code, JSON.stringify(change));
    assert.deepEqual(await get(`/schedule/${id}`), before);
    await put("/schedule/nobody", { notes: "x" }, 404);
  });
});

describe("lists", () => {
  test("have limit, offset and a total, newest first, of both kinds", async () => {
    const { schedule, get } = await openScheduleHouse();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1)
      ids.unshift(
        await schedule(i % 2 === 0 ? {} : { repeat_config: { enabled: true, frequency: "daily" } }),
      );
    const idsOf = (answer: Json) => answer["schedules"].map((one: Json) => one["id"]);
    const all = await get("/schedule/");
    assert.deepEqual([all["total"], all["limit"], all["offset"]], [5, 100, 0]);
    assert.deepEqual(new Set(idsOf(all)), new Set(ids));
    const pages = [];
    for (const offset of [0, 2, 4, 6]) pages.push(...idsOf(await get(`/schedule?limit=2&offset=${offset}`)));
    assert.deepEqual(pages, idsOf(all));
    assert.equal((await get("/schedule?limit=100000"))["limit"], 1000);
  });

  test("are narrowed by status, by who made them, and by the agent", async () => {
    const { schedule, post, get } = await openScheduleHouse();
    const mine = await schedule({ created_by: "user_1", agent_instance_id: "agent_1" });
    const other = await schedule({ created_by: "user_2", agent_instance_id: "agent_2" });
    const nobodys = await schedule();
    await post(`/schedule/${other}/pause`);
    const idsOf = async (query: string) =>
      (await get(`/schedule/?${query}`))["schedules"].map((one: Json) => one["id"]).toSorted();
    assert.deepEqual(await idsOf("status=paused"), [other]);
    assert.deepEqual(await idsOf("status=scheduled"), [mine, nobodys].toSorted());
    assert.deepEqual(await idsOf("created_by=user_1"), [mine, nobodys].toSorted());
    assert.deepEqual(await idsOf("agent_instance_id=agent_2"), [other]);
    assert.deepEqual(await idsOf("status=created"), []);
  });

  test("of active schedules hold what has not ended", async () => {
    const { schedule, post, get, advance } = await openScheduleHouse({ startAt: MINUTE_BEFORE });
    const soon = await schedule();
    const later = await schedule({ scheduled_time: "2024-03-01T10:00:00Z" });
    const paused = await schedule({ scheduled_time: "2024-03-01T10:00:00Z" });
    await post(`/schedule/${paused}/pause`);
    const cancelled = await schedule();
    await post(`/schedule/${cancelled}/cancel`);
    const rows = async () =>
      Object.fromEntries(
        (await get("/schedule/active"))["schedules"].map((row: Json) => [
          row["schedule_id"],
          [row["status"], row["next_execution"]],
        ]),
      );
    const others = {
      [later]: ["scheduled", "2024-03-01T10:00:00Z"],
      [paused]: ["paused", null],
    };
    assert.deepEqual(await rows(), { [soon]: ["scheduled", DOCUMENT_TIME], ...others });
    await advance(180_000);
    assert.deepEqual(await rows(), others);
  });
});

describe("bulk", () => {
  test("makes a thousand, each with its own result, and refuses the bad ones among them", async () => {
    const { post, get } = await openScheduleHouse();
    const schedules: Json[] = Array.from({ length: 1000 }, () => good);
    schedules[3] = { ...good, phone: "nobody" };
    schedules[4] = { ...good, repeat_config: { enabled: true, frequency: "weekly" } };
    schedules[5] = { phone: "+12125550100" };
    schedules[6] = { ...good, retry_config: { policy: "often" } };
    schedules[7] = { ...good, repeat_config: { enabled: true, cron: "0 0 30 2 *" } };
    const answer = await post("/schedule/bulk", { schedules });
    assert.deepEqual(
      [answer["status"], answer["total"], answer["succeeded"], answer["failed"]],
      ["success", 1000, 996, 4],
    );
    const { results } = answer;
    for (const [index, one] of results.entries()) assert.equal(one.index, index);
    assert.deepEqual(
      [3, 5, 6, 7].map((index) => results[index].error_code),
      ["SCHEDULE_001", "SCHEDULE_003", "SCHEDULE_003", "SCHEDULE_002"],
    );
    assert.match(results[4].schedule_id, /^ser_/);
    assert.match(results[999].schedule_id, /^call_/);
    assert.equal(results[999].next_execution, DOCUMENT_TIME);
    assert.equal((await get("/schedule/?limit=1"))["total"], 996);
  });

  test("refuses more than a thousand, and what is no list", async () => {
    const { post, get } = await openScheduleHouse();
    const many = Array.from({ length: 1001 }, () => good);
    assert.equal((await post("/schedule/bulk", { schedules: many }, 400))["error_code"], "SCHEDULE_003");
    for (const body of [{}, { schedules: [] }, { schedules: "x" }, undefined])
      assert.equal((await post("/schedule/bulk", body, 400))["error_code"], "SCHEDULE_003");
    assert.equal((await get("/schedule/"))["total"], 0);
    assert.equal((await post("/schedule/bulk", [good]))["succeeded"], 1);
  });
});
