import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../src/domain/refusal.ts";
import type { JobRunView } from "../../src/ports/job.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { KeptChannel } from "../support/kept-channel.ts";
import { type Chores, playChores, sweep } from "../support/chores.ts";
import { keptMeter } from "../support/silent.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

async function house(chores: Chores, options: Parameters<typeof startEngine>[0] = {}): Promise<TestEngine> {
  return startEngine({ programs: [chores.program], ...options });
}

/** A job's runs, oldest first. */
async function runs(t: TestEngine, job = sweep.name): Promise<readonly JobRunView[]> {
  return (await t.engine.listJobRuns(t.actor, { job }, { limit: 200 })).data.toReversed();
}

async function told(t: TestEngine, job = sweep.name): Promise<string[]> {
  return (await runs(t, job)).map(
    ({ at, status, trigger, coalesced }) =>
      `${new Date(at).toISOString().slice(5, 16)} ${trigger} ${status}${coalesced === 0 ? "" : ` +${coalesced}`}`,
  );
}

async function events(t: TestEngine): Promise<string[]> {
  return (await t.engine.listEvents(t.actor, null, 200)).data.map(({ type }) => type);
}

void test("a job runs at each instant of its rule, once, and its result and duration are kept", async () => {
  const chores = playChores();
  const t = await house(chores);
  chores.work.set(sweep.name, async () => ({ rooms: 3 }));
  assert.deepEqual(chores.begun, []);
  await t.advance(2 * hour);
  assert.deepEqual(
    chores.begun.map(({ at }) => at),
    ["2026-12-01T16:00:00.000Z", "2026-12-01T17:00:00.000Z"],
  );
  const [first] = await runs(t);
  assert.deepEqual(
    [first?.status, first?.trigger, first?.result, first?.tries, first?.durationMs],
    ["succeeded", "schedule", { rooms: 3 }, 1, 0],
  );
  const job = await t.engine.getJob(t.actor, sweep.name);
  assert.deepEqual(
    [job.description, job.queue, job.nextRunAt, job.lastRun?.status],
    ["every hour, UTC", "maintenance", Date.parse("2026-12-01T18:00:00Z"), "succeeded"],
  );
});

void test("what passed while no process ran is made up for once within the grace, and the rest is told as missed", async () => {
  const chores = playChores([{ ...sweep, graceMs: 90 * minute }]);
  const t = await house(chores);
  await t.advance(30 * minute);
  const later = await t.afterKill({ downMs: 5 * hour + 10 * minute });
  await later.advance(minute);
  // Down from 15:30 to 20:40: 16, 17, 18 and 19 passed, of which 20 and 19:10 on are fresh.
  assert.deepEqual(await told(later), ["12-01T16:00 schedule missed +3", "12-01T20:00 schedule succeeded"]);
  assert.equal(chores.begun.length, 1);
  assert.ok((await events(later)).includes("job.missed"));
  await later.advance(hour);
  assert.equal(chores.begun.length, 2);
});

void test("several fresh slots that passed are one run, which says for how many it stands", async () => {
  const chores = playChores();
  const t = await house(chores);
  const later = await t.afterKill({ downMs: 3 * hour + minute });
  await later.advance(minute);
  assert.deepEqual(await told(later), ["12-01T18:00 schedule succeeded +2"]);
});

void test("a long outage is told in one line and made up for once", async () => {
  const chores = playChores([{ ...sweep, rule: "*/5 * * * *", graceMs: hour }]);
  const t = await house(chores);
  const later = await t.afterKill({ downMs: 40 * day + minute });
  await later.advance(minute);
  const [missed, made, ...rest] = await runs(later);
  assert.deepEqual([missed?.status, made?.status, rest.length], ["missed", "succeeded", 0]);
  assert.equal((missed?.coalesced ?? 0) + (made?.coalesced ?? 0) + 2, (40 * day) / (5 * minute));
});

void test("a job whose run takes longer than its rule has one run at a time, and one that waits", async () => {
  const chores = playChores();
  const t = await house(chores);
  const release = chores.hold(sweep.name);
  await t.advance(3 * hour + minute);
  assert.deepEqual(await told(t), ["12-01T16:00 schedule running", "12-01T18:00 schedule waiting +1"]);
  assert.equal(chores.begun.length, 1);
  assert.deepEqual((await t.engine.health()).problems, [
    "A run of the job sweep-floors has been going on for more than an hour.",
  ]);
  release();
  await t.drain();
  assert.deepEqual(await told(t), ["12-01T16:00 schedule succeeded", "12-01T18:00 schedule succeeded +1"]);
  assert.equal(chores.begun.length, 2);
});

void test("a run that somebody asks for goes beside the rule, also of a job that is switched off", async () => {
  const chores = playChores([{ ...sweep, enabled: false }]);
  const t = await house(chores);
  await t.advance(2 * hour);
  assert.equal(chores.begun.length, 0);
  const asked = await t.engine.runJobNow(t.actor, sweep.name);
  await t.drain();
  const run = await t.engine.getJobRun(t.actor, asked.id);
  assert.deepEqual([asked.status, run.status, run.trigger], ["waiting", "succeeded", "open"]);
  assert.equal((await t.engine.getJob(t.actor, sweep.name)).nextRunAt, null);
});

void test("a run is not asked for twice at once, and the refusal names the one under way", async () => {
  const chores = playChores();
  const t = await house(chores);
  const release = chores.hold(sweep.name);
  const [one, two] = await Promise.allSettled([
    t.engine.runJobNow(t.actor, sweep.name),
    t.engine.runJobNow(t.actor, sweep.name),
  ]);
  assert.deepEqual([one.status, two.status], ["fulfilled", "rejected"]);
  await t.drain();
  const [first] = await runs(t);
  await assert.rejects(
    t.engine.runJobNow(t.actor, sweep.name),
    (error) =>
      error instanceof Refusal && error.code === "job_running" && error.extra["run_id"] === first?.id,
  );
  release();
  await t.drain();
  assert.equal(chores.begun.length, 1);
});

void test("a run that throws has failed: an event, a problem of the server and the next run go on from there", async () => {
  const chores = playChores();
  const meter = keptMeter();
  const t = await house(chores, { meter: meter.meter });
  chores.work.set(sweep.name, () => Promise.reject(new Error("no broom for +1 212 555 0100")));
  await t.advance(hour);
  const [failed] = await runs(t);
  assert.deepEqual([failed?.status, failed?.error], ["failed", "no broom for [number]"]);
  assert.ok((await events(t)).includes("job.failed"));
  assert.deepEqual((await t.engine.health()).problems, ["The latest run of the job sweep-floors failed."]);
  chores.work.delete(sweep.name);
  await t.advance(hour);
  assert.deepEqual((await t.engine.health()).problems, []);
  assert.deepEqual(meter.jobs, ["maintenance failed", "maintenance succeeded"]);
});

void test("a handler that waits for failed jobs is told of them", async () => {
  const chores = playChores();
  const channel = new KeptChannel();
  const t = await house(chores, { channels: { log: channel } });
  const input = { name: "failed jobs", channel: "log", settings: {}, events: ["job.failed"] };
  await t.engine.createNotificationHandler(t.actor, input, { mayReachPrivate: false });
  chores.work.set(sweep.name, () => Promise.reject(new Error("no broom")));
  await t.advance(hour + minute);
  const [run] = await runs(t);
  assert.deepEqual(
    channel.events.map(({ type, data }) => [type, data["job"], data["run_id"], data["error"]]),
    [["job.failed", sweep.name, run?.id, "no broom"]],
  );
});

void test("a run whose process died is started again under its own id, three times at most", async () => {
  const chores = playChores();
  let t = await house(chores);
  chores.hold(sweep.name);
  await t.advance(hour);
  const ids = new Set<number>();
  for (const tries of [1, 2, 3]) {
    const [run] = await runs(t);
    assert.deepEqual([run?.status, run?.tries], ["running", tries]);
    ids.add(chores.begun.at(-1)?.runId ?? 0);
    t = await t.afterKill({ downMs: minute });
  }
  assert.equal(ids.size, 1);
  const [run] = await runs(t);
  assert.deepEqual([run?.status, run?.error], ["failed", "Its process ended while it ran, 3 times."]);
  assert.equal(chores.begun.length, 3);
});

void test("a run that returns because the process stops waits for the next process, and that is no try", async () => {
  const chores = playChores();
  const t = await house(chores);
  const gate = Promise.withResolvers<void>();
  chores.work.set(sweep.name, async ({ isStopping }) => {
    await gate.promise;
    return { stopped: isStopping() };
  });
  await t.advance(hour);
  t.engine.drain();
  gate.resolve();
  await t.engine.stop(1000);
  chores.work.delete(sweep.name);
  const [waiting] = await runs(t);
  assert.deepEqual([waiting?.status, waiting?.tries], ["waiting", 0]);
  const later = await t.afterKill({ downMs: minute });
  assert.deepEqual(await told(later), ["12-01T16:00 schedule succeeded"]);
});

void test("an edit moves the next run, and nothing that passed before it is made up for", async () => {
  const chores = playChores();
  const t = await house(chores);
  const before = await t.engine.getJob(t.actor, sweep.name);
  const after = await t.engine.editJob(
    t.actor,
    sweep.name,
    { rule: "FREQ=DAILY;BYHOUR=9", timezone: "America/New_York" },
    before.version,
  );
  assert.equal(after.description, "every day at 09:00, America/New_York");
  assert.equal(after.nextRunAt, Date.parse("2026-12-02T14:00:00Z"));
  await t.advance(day);
  assert.deepEqual(
    chores.begun.map(({ at }) => at),
    ["2026-12-02T14:00:00.000Z"],
  );
  await assert.rejects(
    t.engine.editJob(t.actor, sweep.name, { enabled: false }, before.version),
    (error) => error instanceof Refusal && error.code === "precondition_failed",
  );
  const back = await t.engine.editJob(t.actor, sweep.name, { rule: null, timezone: null });
  assert.deepEqual([back.description, back.version], ["every hour, UTC", after.version + 1]);
});

void test("a rule that cannot be read, and a zone that is none, change nothing", async () => {
  const chores = playChores([sweep, { ...sweep, name: "driven", drivenBy: "PUT /config sets it" }]);
  const t = await house(chores);
  for (const [edit, code, pointer] of [
    [{ rule: "61 * * * *" }, "rule_invalid", "/rule"],
    [{ rule: "FREQ=SOMETIMES" }, "rule_invalid", "/rule"],
    [{ timezone: "Mars/Olympus" }, "timezone_unknown", "/timezone"],
  ] as const) {
    await assert.rejects(
      t.engine.editJob(t.actor, sweep.name, edit),
      (error) => error instanceof Refusal && error.code === code && error.faults[0]?.pointer === pointer,
    );
  }
  await assert.rejects(
    t.engine.editJob(t.actor, "driven", { enabled: false }),
    (error) =>
      error instanceof Refusal &&
      error.code === "job_driven" &&
      error.message.includes("PUT /config sets it"),
  );
  assert.equal((await t.engine.getJob(t.actor, sweep.name)).version, 1);
});

void test("a job that was switched off makes up for nothing when it is switched on again", async () => {
  const chores = playChores();
  const t = await house(chores);
  await t.engine.editJob(t.actor, sweep.name, { enabled: false });
  await t.advance(3 * hour + 30 * minute);
  const on = await t.engine.editJob(t.actor, sweep.name, { enabled: true });
  await t.drain();
  assert.equal(on.nextRunAt, Date.parse("2026-12-01T19:00:00Z"));
  assert.equal(chores.begun.length, 0);
  await t.advance(hour);
  assert.deepEqual(await told(t), ["12-01T19:00 schedule succeeded"]);
});

void test("a daily job keeps its wall time when the clocks change, and runs once in an hour that comes twice", async () => {
  const nightly = { ...sweep, rule: "30 1 * * *", timezone: "America/New_York" };
  const chores = playChores([nightly]);
  const t = await house(chores, { startAt: Date.parse("2026-10-31T12:00:00Z") });
  await t.advance(3 * day);
  assert.deepEqual(
    chores.begun.map(({ at }) => at),
    ["2026-11-01T05:30:00.000Z", "2026-11-02T06:30:00.000Z", "2026-11-03T06:30:00.000Z"],
  );
  const spring = playChores([{ ...nightly, rule: "30 2 * * *" }]);
  const march = await house(spring, { startAt: Date.parse("2027-03-13T12:00:00Z") });
  await march.advance(2 * day);
  assert.deepEqual(
    spring.begun.map(({ at }) => at),
    // 02:30 does not exist on the 14th: it is 03:30.
    ["2027-03-14T07:30:00.000Z", "2027-03-15T06:30:00.000Z"],
  );
});

void test("what nobody has edited follows the program after an upgrade, and what somebody has, stays", async () => {
  const other = { ...sweep, name: "wash-windows" };
  const t = await house(playChores([sweep, other]));
  await t.engine.editJob(t.actor, other.name, { rule: "15 * * * *" });
  const upgraded = playChores([
    { ...sweep, rule: "30 * * * *" },
    { ...other, rule: "45 * * * *" },
  ]);
  const later = await t.afterKill({ programs: [upgraded.program] });
  const jobs = await later.engine.listJobs(later.actor);
  assert.deepEqual(
    jobs.map(({ name, rule, isEdited }) => [name, rule, isEdited]),
    [
      [sweep.name, "30 * * * *", false],
      [other.name, "15 * * * *", true],
    ],
  );
});

void test("a process runs only the jobs of its queues, the most urgent first, a few at once", async () => {
  const urgent = { ...sweep, name: "remind", queue: "appointments" as const };
  const chores = playChores([sweep, urgent, { ...sweep, name: "review", queue: "reviews" }]);
  const t = await house(chores, { works: { calls: true, queues: ["appointments", "maintenance"] } });
  await t.advance(hour);
  assert.deepEqual(
    chores.begun.map(({ job }) => job),
    ["remind", "sweep-floors"],
  );
  assert.deepEqual(await told(t, "review"), ["12-01T16:00 schedule waiting"]);
  const later = await t.afterKill({ works: { calls: false, queues: ["reviews"] } });
  assert.deepEqual(await told(later, "review"), ["12-01T16:00 schedule succeeded"]);
  const [worker] = await later.engine.listWorkers(later.actor);
  assert.deepEqual([worker?.calls, worker?.queues, worker?.status], [false, ["reviews"], "alive"]);
});

void test("at most so many jobs run at once in a process, and each that ends makes room", async () => {
  const chores = playChores([sweep, { ...sweep, name: "two" }, { ...sweep, name: "three" }]);
  const t = await house(chores, { tuning: { jobsMax: 2 } });
  const releases = ["sweep-floors", "three"].map((name) => chores.hold(name));
  await t.advance(hour);
  assert.deepEqual(await told(t, "two"), ["12-01T16:00 schedule waiting"]);
  releases[0]?.();
  await t.drain();
  assert.deepEqual(await told(t, "two"), ["12-01T16:00 schedule succeeded"]);
  releases[1]?.();
});

void test("a process that places no calls leaves them to others", async () => {
  const t = await house(playChores(), { works: { calls: false, queues: [] } });
  const call = await t.call({});
  await t.advance(minute);
  assert.equal((await t.look(call)).status, "queued");
  assert.equal(t.network.witness().length, 0);
});

void test("a commit whose answer was lost plans, claims, ends or asks for no run twice", async () => {
  const chores = playChores();
  const t = await house(chores);
  const lost = new Set<string>();
  t.store.failing = (name, moment) => {
    if (moment !== "after" || !/^(?:plan|claim|end|run|edit) .*job/.test(name) || lost.has(name)) return null;
    lost.add(name);
    return "commit_unknown";
  };
  await t.advance(2 * hour);
  const asked = t.engine.runJobNow(t.actor, sweep.name);
  await t.advance(minute);
  await asked;
  const edited = t.engine.editJob(t.actor, sweep.name, { enabled: false });
  await t.advance(minute);
  assert.equal((await edited).version, 2);
  assert.deepEqual(
    [...lost],
    ["plan runs of jobs", "claim a run of a job", "end a run of a job", "run a job now", "edit a job"],
  );
  assert.equal(chores.begun.length, 3);
  assert.deepEqual(
    new Set((await runs(t)).map(({ status, tries }) => `${status} ${tries}`)),
    new Set(["succeeded 1"]),
  );
});

void test("slots that join a run which waits join it once, also when the answer to that was lost", async () => {
  const chores = playChores();
  const t = await house(chores);
  const release = chores.hold(sweep.name);
  await t.advance(2 * hour + minute);
  let lost = 0;
  t.store.failing = (name, moment) => {
    if (name !== "plan runs of jobs" || moment !== "after" || lost > 0) return null;
    lost += 1;
    return "commit_unknown";
  };
  await t.advance(hour);
  assert.equal(lost, 1);
  assert.deepEqual(await told(t), ["12-01T16:00 schedule running", "12-01T18:00 schedule waiting +1"]);
  release();
});

void test("how jobs fared in the last day is counted by queue and job", async () => {
  const chores = playChores();
  const t = await house(chores);
  await t.advance(26 * hour);
  chores.work.set(sweep.name, () => Promise.reject(new Error("no broom")));
  await t.advance(hour);
  const stats = await t.engine.timetableStats(t.actor);
  assert.deepEqual(stats.queues.at(-1), {
    name: "maintenance",
    waiting: 0,
    running: 0,
    succeeded: 24,
    failed: 1,
    missed: 0,
    notificationsDue: 0,
    notificationsLater: 0,
  });
  assert.deepEqual(stats.jobs, [
    {
      name: sweep.name,
      queue: "maintenance",
      succeeded: 24,
      failed: 1,
      missed: 0,
      averageMs: 0,
      longestMs: 0,
    },
  ]);
});
