import assert from "node:assert/strict";
import { test } from "node:test";

import { type JobState, jobStateOf, jobStates } from "../../src/engine/job-state.ts";
import { openHouse, type OpenHouse } from "../support/open-house.ts";

const minute = 60_000;
const hour = 60 * minute;

type Queue = {
  readonly name: string;
  readonly paused: boolean;
  readonly concurrency: number;
  readonly counts: Readonly<Record<JobState | "total", number>>;
};

async function queueOf(house: OpenHouse, name = "calls"): Promise<Queue> {
  const answer = await house.ask("GET", `/v1/queues/${name}`);
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json<Queue>();
}

/** The counts that are not zero. */
async function countsOf(house: OpenHouse, name?: string): Promise<Record<string, number>> {
  const { counts } = await queueOf(house, name);
  const { total, ...parts } = counts;
  assert.equal(
    Object.values(parts).reduce((sum, count) => sum + count, 0),
    total,
    "the counts add up",
  );
  return Object.fromEntries(Object.entries(parts).filter(([, count]) => count > 0));
}

test("a queue counts calls as jobs, and a job's state is the one that it is counted under", async () => {
  const house = await openHouse();
  const busy = { sandbox: { script: ["busy"] } };
  const calls = [
    await house.call({ in: "1h" }),
    await house.call({ in: "1h" }),
    await house.call({}),
    await house.call({ ...busy, to: "+12125550177" }),
    await house.call({ sandbox: { script: ["refused:invalid_number"] }, to: "+12125550178" }),
    await house.call({ in: "2h" }),
    await house.call({ in: "2h" }),
  ];
  await house.engine.cancel(house.actor, calls[5]?.id ?? "");
  await house.engine.pause(house.actor, calls[6]?.id ?? "");
  await house.advance(2 * minute);
  const states = Object.fromEntries(jobStates.map((state) => [state, 0])) as Record<JobState, number>;
  for (const call of calls) {
    const job = (await house.ask("GET", `/v1/queues/jobs/${call.id}`)).json<{
      state: JobState;
      id: string;
    }>();
    assert.equal(job.state, jobStateOf(await house.look(call)));
    states[job.state] += 1;
  }
  const { cancelled, ...counted } = states;
  assert.equal(cancelled, 1);
  assert.deepEqual(
    await countsOf(house),
    Object.fromEntries(Object.entries(counted).filter(([, n]) => n > 0)),
  );
  assert.deepEqual(await countsOf(house), { completed: 2, failed: 1, delayed: 2, paused: 1 });
  const all = await house.engine.countCalls(house.actor);
  assert.deepEqual(all, {
    pending: 3,
    processing: 0,
    completed: 2,
    failed: 1,
    cancelled: 1,
    total: 7,
    upcoming: 3,
  });
});

test("a paused queue keeps what is due, and goes on when it is resumed; a line has a queue of its own", async () => {
  const house = await openHouse();
  await house.engine.createLine(house.actor, { name: "second", carrier: "sandbox" });
  const paused = await house.ask("POST", "/v1/queues/calls/pause", { reason: "wrong script" });
  assert.deepEqual(
    [paused.json().paused, paused.json().paused_reason, (await house.engine.dialing(house.actor)).stopped],
    [true, "wrong script", true],
  );
  await house.call({ line: "sandbox" });
  await house.call({ line: "second" });
  await house.advance(minute);
  assert.deepEqual(await countsOf(house), { paused: 2 });
  await house.ask("POST", "/v1/queues/second/pause");
  await house.ask("POST", "/v1/queues/calls/resume");
  await house.advance(minute);
  assert.deepEqual(await countsOf(house, "sandbox"), { completed: 1 });
  assert.deepEqual(await countsOf(house, "second"), { paused: 1 });
  assert.deepEqual((await house.ask("POST", "/v1/queues/second/resume")).json().paused, false);
  await house.advance(minute);
  assert.deepEqual(await countsOf(house), { completed: 2 });
  const { data } = (await house.ask("GET", "/v1/queues")).json<{ data: Queue[] }>();
  assert.deepEqual(
    data.map(({ name }) => name),
    ["calls", "sandbox", "second"],
  );
  assert.equal(data[2]?.concurrency, 10, "ten calls at one time, unless the line says otherwise");
  assert.equal((await house.ask("GET", "/v1/queues/nope")).statusCode, 404);
});

test("completed jobs are counted for 24 hours, and cleaning leaves them out at once; the calls stay", async () => {
  const house = await openHouse();
  const call = await house.call({});
  await house.call({ sandbox: { script: ["refused:invalid_number"] }, to: "+12125550178" });
  await house.advance(minute);
  assert.deepEqual(await countsOf(house), { completed: 1, failed: 1 });
  const young = await house.ask("POST", "/v1/queues/calls/clean", { older_than: "1h" });
  assert.equal(young.json().removed, 0);
  const cleaned = await house.ask("POST", "/v1/queues/calls/clean", { state: "failed" });
  assert.deepEqual([cleaned.json().removed, await countsOf(house)], [1, { completed: 1 }]);
  assert.deepEqual(
    await countsOf(house, "sandbox"),
    { completed: 1, failed: 1 },
    "each queue is cleaned by itself",
  );
  assert.equal((await house.ask("POST", "/v1/queues/sandbox/clean")).json().removed, 2);
  await house.advance(23 * hour);
  assert.deepEqual(await countsOf(house), { completed: 1 });
  await house.advance(hour);
  assert.deepEqual(await countsOf(house), {});
  assert.equal((await house.look(call)).status, "completed");
  assert.equal((await house.ask("POST", "/v1/queues/calls/clean", { older_than: "soon" })).statusCode, 422);
});
