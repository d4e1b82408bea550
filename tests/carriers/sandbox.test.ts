import assert from "node:assert/strict";
import fs, { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test } from "node:test";
import { KEEP, openNetwork } from "../../src/carriers/sandbox/network.ts";
import type { SandboxNetwork } from "../../src/carriers/sandbox/network.ts";
import { sandbox } from "../../src/carriers/sandbox/kind.ts";
import type { SandboxSettings } from "../../src/carriers/sandbox/settings.ts";
import type { Order, PlaceAnswer, Report } from "../../src/ports/carrier.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { carrierContract, lookupOf, orderOf, place, portsOf } from "./contract.ts";

const MINUTE_MS = 60_000;

carrierContract("sandbox", async () => {
  const clock = new FakeClock();
  const { ports, delivered } = portsOf({ clock });
  const network = openNetwork(ports);
  // The contract steers by settings, the sandbox by scripts: a carrier of its own for each behaviour would hide its memory.
  let script: readonly string[] = ["answered"];
  const words = {
    takes: "answered",
    refuses: "503",
    limits: "429",
    loses_answer: "timeout_rang",
    takes_twice: "duplicate",
    takes_reversed: "out_of_order",
  } as const;
  return {
    carrier: { ...bound(network), place: (order) => network.place({ ...order, script }) },
    clock,
    delivered,
    settingsFor: (behaviour) => {
      script = [words[behaviour]];
      return Promise.resolve({});
    },
    created: () => network.witness().length,
    finish: () => clock.advance(5 * MINUTE_MS),
    close: () => network.close(),
  };
});

void test("the same requests at the same instants are told the same, down to the millisecond", async () => {
  const settings: SandboxSettings = {
    faults: { lose_callbacks: 0.3, duplicate_callbacks: 0.3, reorder_callbacks: 0.3, delay_callbacks_ms: 40 },
  };
  const run = async (): Promise<unknown> => {
    const clock = new FakeClock();
    const told: unknown[] = [];
    const { ports } = portsOf({ clock });
    const network = openNetwork({
      ...ports,
      deliver: (key, report) => told.push([clock.now(), key, report]),
    });
    for (let i = 0; i < 50; i++) await network.place(orderOf({ attemptKey: `key-${i}`, settings }));
    await clock.advance(10 * MINUTE_MS);
    return [told, network.witness()];
  };
  const first = await run();
  assert.deepEqual(await run(), first);
});

void test("no draw depends on another: each fault strikes about as often as asked", async () => {
  const count = 2_000;
  const settings: SandboxSettings = {
    answer: "at_once",
    faults: { error_rate: 0.1, limit_rate: 0.1, lose_requests: 0.1, time_out: 0.2 },
  };
  const network = openNetwork(portsOf({ clock: new FakeClock() }).ports);
  const random = new SeededRandom(7);
  const kinds = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const attemptKey = Buffer.from(random.bytes(16)).toString("base64url");
    const answer = await network.place(orderOf({ attemptKey, settings }));
    const kind = answer.kind === "refused" ? answer.detail : answer.kind;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const share = (kind: string): number => (kinds.get(kind) ?? 0) / count;
  assert.ok(Math.abs(share("HTTP 503") - 0.09) < 0.02, String(share("HTTP 503")));
  assert.ok(Math.abs(share("HTTP 429") - 0.081) < 0.02, String(share("HTTP 429")));
  assert.ok(Math.abs(share("unknown") - (0.1 + 0.729 * 0.2)) < 0.03, String(share("unknown")));
});

void test("callbacks can be lost, and a lookup still finds what happened", async () => {
  const { network, clock, told } = openMemory();
  const order = orderOf({ settings: { faults: { lose_callbacks: 1 } } satisfies SandboxSettings });
  await network.place(order);
  await clock.advance(5 * MINUTE_MS);
  assert.equal(told.length, 0);
  const found = await network.lookup(lookupOf(order));
  assert.ok(found.kind === "found");
  assert.deepEqual(
    found.reports.map((report) => report.kind),
    ["accepted", "ringing", "answered", "ended"],
  );
});

void test("a lookup tells only what has happened by now", async () => {
  const { network, clock } = openMemory();
  const order = orderOf({ settings: { ring_ms: 5_000, talk_ms: 20_000 } });
  await network.place(order);
  const kinds = async (): Promise<string[]> => {
    const found = await network.lookup(lookupOf(order));
    return found.kind === "found" ? found.reports.map((report) => report.kind) : [found.kind];
  };
  assert.deepEqual(await kinds(), ["accepted"]);
  await clock.advance(2_000);
  assert.deepEqual(await kinds(), ["accepted", "ringing"]);
  await clock.advance(5_000);
  assert.deepEqual(await kinds(), ["accepted", "ringing", "answered"]);
  await clock.advance(20_000);
  assert.deepEqual(await kinds(), ["accepted", "ringing", "answered", "ended"]);
});

void test("nobody rings longer than the ring time-out, and nobody talks longer than the maximum", async () => {
  const { network, clock, told } = openMemory();
  await network.place(orderOf({ attemptKey: "a", ringTimeoutMs: 1_500 }));
  await network.place(orderOf({ attemptKey: "b", to: "+12125550113", maxDurationMs: 60_000 }));
  await clock.advance(20 * MINUTE_MS);
  const ends = told.filter((report) => report.kind === "ended");
  assert.deepEqual(
    ends.map((report) => [report.outcome, report.durationMs]),
    [
      ["no_answer", undefined],
      ["answered_human", 60_000],
    ],
  );
  const [first] = network.witness();
  assert.equal(first?.endedAt, (first?.ringAt ?? 0) + 1_500);
});

void test("hanging up ends a call now: as answered when somebody talked, as not answered when it rang", async () => {
  const { network, clock, told } = openMemory();
  const talking = orderOf({ attemptKey: "a", settings: { ring_ms: 0, talk_ms: 60_000 } });
  const ringing = orderOf({ attemptKey: "b", settings: { ring_ms: 20_000 } });
  await network.place(talking);
  await network.place(ringing);
  await clock.advance(10_000);
  await network.hangUp(lookupOf(talking));
  await network.hangUp(lookupOf(ringing));
  const cutAt = clock.now();
  await clock.advance(5 * MINUTE_MS);
  const ends = told.filter((report) => report.kind === "ended");
  assert.deepEqual(
    ends.map((report) => [report.outcome, report.at]),
    [
      ["answered_human", cutAt],
      ["no_answer", cutAt],
    ],
  );
  assert.ok(told.every((report) => report.at <= cutAt));
  assert.equal(await network.hangUp(lookupOf(orderOf({ attemptKey: "unheard-of" }))), false);
});

void test("answering at once, the answer already holds the end and no callback follows", async () => {
  const { network, clock, told } = openMemory();
  const answer = await network.place(orderOf({ to: "+12125550100", settings: { answer: "at_once" } }));
  assert.ok(answer.kind === "accepted");
  assert.deepEqual(
    answer.reports.map((report) => [report.kind, report.outcome, report.disposition, report.at]),
    [["ended", "answered_human", "confirmed", clock.now()]],
  );
  await clock.advance(5 * MINUTE_MS);
  assert.equal(told.length, 0);
});

void test("the same attempt key sent twice is dialed twice, as a real network would, and the witness says so", async () => {
  const { network } = openMemory();
  const order = orderOf({});
  const first = await network.place(order);
  const second = await network.place(order);
  assert.ok(
    first.kind === "accepted" && second.kind === "accepted" && first.carrierRef !== second.carrierRef,
  );
  assert.deepEqual(
    network.witness().map((dial) => dial.attemptKey),
    [order.attemptKey, order.attemptKey],
  );
});

void test("after a crash the network goes on: what is to come is told, what came meanwhile is found by asking", async () => {
  await withJournal(async (path) => {
    const clock = new FakeClock();
    const before = openAt(path, clock);
    const missed = orderOf({ attemptKey: "missed", settings: { ring_ms: 1_000, talk_ms: 1_000 } });
    const running = orderOf({ attemptKey: "running", settings: { ring_ms: 1_000, talk_ms: 60_000 } });
    for (const order of [missed, running])
      assert.equal((await place({ carrier: before.network, clock }, order)).kind, "accepted");
    const truth = before.network.witness().map((dial) => ({ ...dial, to: null }));

    // The process dies: nothing is closed, its timers belong to a clock that never moves again.
    const later = new FakeClock(clock.now() + 10_000);
    const after = openAt(path, later);
    assert.deepEqual(after.network.witness(), truth);
    await later.advance(5 * MINUTE_MS);
    assert.deepEqual(
      after.told.map((report) => [report.kind, report.at]),
      [["ended", truth[1]?.endedAt]],
    );
    const found = await after.network.lookup(lookupOf(missed));
    assert.ok(found.kind === "found" && found.reports.at(-1)?.kind === "ended");
  });
});

void test("a request counts as taken only once the journal holds it, and a hang-up is kept too", async () => {
  await withJournal(async (path) => {
    const clock = new FakeClock();
    const { network } = openAt(path, clock);
    const order = orderOf({ settings: { ring_ms: 0, talk_ms: 60_000 } });
    const answer = network.place(order);
    assert.ok(!readFileSync(path, "utf8").includes(order.attemptKey));
    assert.equal((await answer).kind, "accepted");
    assert.ok(readFileSync(path, "utf8").includes(order.attemptKey));
    await clock.advance(10_000);
    await network.hangUp(lookupOf(order));
    await clock.settle();
    assert.equal(openAt(path, clock).network.witness()[0]?.endedAt, clock.now());
  });
});

void test("the journal holds no phone number", async () => {
  await withJournal(async (path) => {
    const { network } = openAt(path, new FakeClock());
    await network.place(orderOf({ to: "+12125550177" }));
    assert.ok(!readFileSync(path, "utf8").includes("2125550177"));
  });
});

void test("calls of one turn are written together", async () => {
  await withJournal(async (path) => {
    let ticks = 0;
    const clock = new FakeClock();
    const tick = clock.tick.bind(clock);
    clock.tick = (then) => {
      ticks += 1;
      tick(then);
    };
    const { network } = openAt(path, clock);
    await Promise.all(["a", "b", "c"].map((attemptKey) => network.place(orderOf({ attemptKey }))));
    assert.equal(ticks, 1);
    assert.equal(readFileSync(path, "utf8").trim().split("\n").length, 4);
  });
});

void test("a torn last line is cut off, and the rest is remembered", async () => {
  await withJournal(async (path) => {
    const clock = new FakeClock();
    await openAt(path, clock).network.place(orderOf({ attemptKey: "whole" }));
    appendFileSync(path, '{"event":"taken","attemptKey":"to');
    const { network } = openAt(path, clock);
    assert.deepEqual(
      network.witness().map((dial) => dial.attemptKey),
      ["whole"],
    );
    await network.place(orderOf({ attemptKey: "next" }));
    assert.equal(openAt(path, clock).network.witness().length, 2);
  });
});

void test("a damaged journal makes the network unsure of the past, never sure that a call was not made", async () => {
  await withJournal(async (path) => {
    const clock = new FakeClock();
    await openAt(path, clock).network.place(orderOf({ attemptKey: "lost" }));
    writeFileSync(path, readFileSync(path, "utf8").replace('"attemptKey"', "attemptKey"));
    await clock.advance(1_000);
    const { network } = openAt(path, clock);
    const ask = { ...lookupOf(orderOf({ attemptKey: "lost" })), placedAt: clock.now() - 1_000 };
    assert.equal((await network.lookup(ask)).kind, "unavailable");
    assert.equal((await network.lookup({ ...ask, placedAt: clock.now() })).kind, "absent");
  });
});

void test("what ended a day ago is dropped from the journal, and then nothing is said about it", async () => {
  await withJournal(async (path) => {
    const clock = new FakeClock();
    const order = orderOf({ attemptKey: "old", settings: { answer: "at_once" } });
    const placedAt = clock.now();
    await openAt(path, clock).network.place(order);
    await clock.advance(KEEP.ms + 1);
    const { network } = openAt(path, clock);
    assert.ok(!readFileSync(path, "utf8").includes('"old"'));
    assert.equal((await network.lookup({ ...lookupOf(order), placedAt })).kind, "unavailable");
  });
});

void test("beyond its limit the network forgets only calls it has told us all about", async () => {
  const clock = new FakeClock();
  const network = openNetwork(portsOf({ clock }).ports, { ms: KEEP.ms, calls: 10 });
  const silent = orderOf({ attemptKey: "silent", script: ["silent"] });
  await network.place(silent);
  for (let i = 0; i < 100; i++) {
    await network.place(orderOf({ attemptKey: `told-${i}`, settings: { answer: "at_once" } }));
    clock.jump(1);
  }
  assert.ok(network.witness().length <= 25);
  await clock.advance(5 * MINUTE_MS);
  assert.equal((await network.lookup(lookupOf(silent))).kind, "found");
});

void test("a journal that cannot be written refuses the call: nothing rings, and it is certain", async () => {
  await withJournal(async (path) => {
    const { network } = openAt(path, new FakeClock());
    const order = orderOf({});
    const write = mock.method(fs, "writeSync", () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    });
    syncBuiltinESMExports();
    let answer: PlaceAnswer;
    try {
      answer = await network.place(order);
    } finally {
      write.mock.restore();
      syncBuiltinESMExports();
    }
    assert.ok(answer.kind === "refused" && answer.outcome === "not_placed");
    assert.equal((await network.lookup(lookupOf(order))).kind, "absent");
    assert.equal((await network.place(orderOf({ attemptKey: "next" }))).kind, "accepted");
  });
});

void test("closing gives up on answers that are held back, and is safe to repeat", async () => {
  const { network, clock } = openMemory();
  const answer = network.place(orderOf({ settings: { faults: { answer_delay_ms: 60_000 } } }));
  await network.close();
  await network.close();
  assert.equal((await answer).kind, "unknown");
  assert.equal(clock.nextAt(), undefined);
  assert.equal((await network.place(orderOf({ attemptKey: "late" }))).kind, "refused");
});

void test("settings: what is wrong is named with its place, what is right is kept", () => {
  const good = { faults: { lose_callbacks: 0.2, answer_delay_ms: 30 }, ring_ms: 1000, answer: "at_once" };
  assert.deepEqual(sandbox.parseSettings(good), { ok: true, settings: good });
  assert.deepEqual(sandbox.parseSettings({}), { ok: true, settings: {} });
  const wrong: [Record<string, unknown>, string][] = [
    [{ colour: 1 }, "/colour"],
    [{ faults: [] }, "/faults"],
    [{ faults: { lose_callbacks: 2 } }, "/faults/lose_callbacks"],
    [{ faults: { lose_callbacks: "0.2" } }, "/faults/lose_callbacks"],
    [{ faults: { toString: 1 } }, "/faults/toString"],
    [{ ring_ms: -1 }, "/ring_ms"],
    [{ talk_ms: 1.5 }, "/talk_ms"],
    [{ talk_ms: Number.NaN }, "/talk_ms"],
    [{ answer: "later" }, "/answer"],
    [{ "a/b~c": 1 }, "/a~1b~0c"],
  ];
  for (const [input, pointer] of wrong) {
    const check = sandbox.parseSettings(input);
    assert.ok(!check.ok, JSON.stringify(input));
    assert.equal(check.pointer, pointer);
    assert.ok(check.detail.length > 0);
  }
});

function openMemory(): { network: SandboxNetwork; clock: FakeClock; told: Report[] } {
  return openAt(null, new FakeClock());
}

function openAt(
  journalPath: string | null,
  clock: FakeClock,
): { network: SandboxNetwork; clock: FakeClock; told: Report[] } {
  const told: Report[] = [];
  const { ports } = portsOf({ clock, journalPath });
  const network = openNetwork({ ...ports, deliver: (_, report) => void told.push(report) });
  return { network, clock, told };
}

function bound(network: SandboxNetwork): SandboxNetwork {
  return {
    place: (order: Order) => network.place(order),
    lookup: (order) => network.lookup(order),
    hangUp: (order) => network.hangUp(order),
    check: (settings, line) => network.check(settings, line),
    close: () => network.close(),
    witness: () => network.witness(),
  };
}

async function withJournal(run: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-sandbox-"));
  try {
    await run(join(folder, "inner", "sandbox.jsonl"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
