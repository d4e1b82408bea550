import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type TaskHouse, openTaskHouse } from "./tasks/house.ts";

const START = "2026-02-01T21:00:00Z";
const AT = "2026-02-01T21:30:00Z";
const NUMBER = "+61731824583";

type Seen = { readonly status: string; readonly at: string; readonly to: string };
type Door = {
  /** Makes a call there and gives its id, which is the same everywhere. */
  readonly make: (house: TaskHouse) => Promise<string>;
  readonly see: (house: TaskHouse, id: string) => Promise<Seen>;
  readonly cancel: (house: TaskHouse, id: string) => Promise<unknown>;
  /** How it calls a call that waits, that was canceled, that took place, and that the carrier refused. */
  readonly words: readonly [waits: string, canceled: string, done: string, refused: string];
};

type Json = ReturnType<typeof JSON.parse>;

async function ask(
  house: TaskHouse,
  method: "GET" | "POST",
  url: string,
  body?: unknown,
  status?: number,
): Promise<Json> {
  const answer = await house.ask(method, url, body);
  assert.equal(answer.statusCode, status ?? 200, `${method} ${url}: ${answer.body}`);
  return answer.json();
}

const utc = (text: string): string => new Date(text).toISOString();

const doors: Readonly<Record<string, Door>> = {
  "/v1": {
    make: async (house) =>
      (await ask(house, "POST", "/v1/calls", { to: NUMBER, at: AT, retry_policy: "none" }, 201)).id,
    see: async (house, id) => {
      const call = await ask(house, "GET", `/v1/calls/${id}`);
      return { status: call.status, at: utc(call.due_at), to: call.to };
    },
    cancel: (house, id) => ask(house, "POST", `/v1/calls/${id}/cancel`),
    words: ["scheduled", "canceled", "completed", "failed"],
  },
  "the task service": {
    make: (house) =>
      house.make({
        runAtUtc: AT,
        agentType: "STOCK_CHECKER",
        conversationId: "conv-1",
        mode: "DIRECT",
        payload: { scriptPreview: "Hello", placeId: "p1", phoneE164: NUMBER },
      }),
    see: async (house, id) => {
      const task = await ask(house, "GET", `/tasks/${id}`);
      return { status: task.status, at: utc(task.runAtUtc), to: task.phoneE164 };
    },
    cancel: (house, id) => ask(house, "POST", `/tasks/${id}/cancel`),
    words: ["SCHEDULED", "CANCELED", "COMPLETED", "FAILED"],
  },
  "the schedule module": {
    make: async (house) =>
      (await ask(house, "POST", "/schedule/", { phone: NUMBER, scheduled_time: AT })).schedule_id,
    see: async (house, id) => {
      const { schedule } = await ask(house, "GET", `/schedule/${id}`);
      return { status: schedule.status, at: utc(schedule.scheduled_time), to: schedule.phone };
    },
    cancel: (house, id) => ask(house, "POST", `/schedule/${id}/cancel`),
    words: ["scheduled", "cancelled", "completed", "failed"],
  },
  "the scheduling service": {
    make: async (house) =>
      (
        await ask(
          house,
          "POST",
          "/api/v1/scheduling/schedule",
          { phoneNumber: NUMBER, agentId: "agent123", userId: "user123", scheduledFor: AT },
          201,
        )
      ).data.scheduledCallId,
    see: async (house, id) => {
      const { data } = await ask(house, "GET", "/api/v1/scheduling/scheduled-calls?userId=user123");
      const item = data.scheduledCalls.find(({ _id }: { _id: string }) => _id === id);
      assert.ok(item, `${id} is not listed`);
      return { status: item.status, at: utc(item.scheduledFor), to: item.phoneNumber };
    },
    cancel: (house, id) => ask(house, "POST", `/api/v1/scheduling/${id}/cancel`, { userId: "user123" }),
    words: ["pending", "cancelled", "completed", "failed"],
  },
};

async function openAll(): Promise<TaskHouse> {
  return openTaskHouse({ startAt: START });
}

/** Asserts what every door shows of a call. */
async function seenEverywhere(house: TaskHouse, id: string, word: 0 | 1 | 2 | 3, at = AT): Promise<void> {
  for (const [name, door] of Object.entries(doors)) {
    assert.deepEqual(
      await door.see(house, id),
      { status: door.words[word], at: utc(at), to: NUMBER },
      `as ${name} shows it`,
    );
  }
}

for (const [maker, door] of Object.entries(doors)) {
  describe(`a call that was made at ${maker}`, () => {
    for (const [canceler, other] of Object.entries(doors)) {
      test(`can be canceled at ${canceler}, and is canceled everywhere`, async () => {
        const house = await openAll();
        const id = await door.make(house);
        await seenEverywhere(house, id, 0);
        await other.cancel(house, id);
        await seenEverywhere(house, id, 1);
        await house.passTo("2026-02-01T21:45:00Z");
        assert.equal((await house.engine.listAttempts(house.actor, id)).length, 0, "nobody was called");
        await house.close();
      });
    }

    test("is made once, and every door says that it took place", async () => {
      const house = await openAll();
      const id = await door.make(house);
      await house.passTo(AT);
      await house.passTo("2026-02-01T21:45:00Z");
      const attempts = await house.engine.listAttempts(house.actor, id);
      assert.equal(attempts.length, 1);
      for (const [name, { see, words }] of Object.entries(doors))
        assert.equal((await see(house, id)).status, words[2], `as ${name} shows it`);
      const { data } = await ask(house, "GET", `/api/v1/retry/history/${attempts[0]?.id}`);
      assert.equal(data.totalRetries, 0);
      const { calls } = await ask(house, "GET", "/v1/stats");
      const { data: counted } = await ask(house, "GET", "/api/v1/scheduling/stats");
      assert.deepEqual([calls.completed, counted.scheduler.completed, counted.queue.completed], [1, 1, 1]);
      const tracked = await ask(house, "GET", "/schedule/tracking/logs");
      assert.equal(tracked.total, 1);
      await house.close();
    });

    test("can be moved and paused at other doors", async () => {
      const house = await openAll();
      const id = await door.make(house);
      const later = "2026-02-01T22:00:00Z";
      await ask(house, "POST", `/api/v1/scheduling/${id}/reschedule`, {
        userId: "user123",
        scheduledFor: later,
      });
      await seenEverywhere(house, id, 0, later);
      await ask(house, "POST", `/schedule/${id}/pause`);
      const shown = await Promise.all(
        Object.values(doors).map(async ({ see }) => (await see(house, id)).status),
      );
      assert.deepEqual(shown, ["paused", "SCHEDULED", "paused", "pending"]);
      await ask(house, "POST", `/v1/calls/${id}/resume`);
      await seenEverywhere(house, id, 0, later);
      await house.close();
    });
  });
}

test("a series that was made at one door goes on at the others, and ends everywhere when it is canceled at one", async () => {
  const house = await openAll();
  const { data } = await ask(
    house,
    "POST",
    "/api/v1/scheduling/schedule",
    {
      phoneNumber: NUMBER,
      agentId: "agent123",
      userId: "user123",
      scheduledFor: AT,
      recurring: { frequency: "daily", interval: 1, maxOccurrences: 5 },
    },
    201,
  );
  const { series } = await ask(house, "GET", `/v1/calls/${data.scheduledCallId}`);
  assert.equal((await ask(house, "GET", `/v1/series/${series.id}`)).status, "active");
  assert.equal((await ask(house, "GET", `/schedule/${series.id}`)).schedule.status, "scheduled");
  await ask(house, "POST", `/schedule/${series.id}/cancel`);
  const item = (await ask(house, "GET", "/api/v1/scheduling/scheduled-calls?userId=user123")).data
    .scheduledCalls[0];
  assert.deepEqual([item._id, item.status], [data.scheduledCallId, "cancelled"]);
  assert.equal((await ask(house, "GET", `/v1/series/${series.id}`)).status, "ended");
  await house.close();
});

test("a call that the carrier refused has failed at every door", async () => {
  const house = await openAll();
  const { id } = await ask(house, "POST", "/v1/calls", { to: "+15005550001", at: AT }, 201);
  await house.passTo("2026-02-01T21:45:00Z");
  for (const [name, { see, words }] of Object.entries(doors))
    assert.equal((await see(house, id)).status, words[3], `as ${name} shows it`);
  await house.close();
});
