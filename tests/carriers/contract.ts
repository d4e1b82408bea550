import assert from "node:assert/strict";
import { test } from "node:test";
import { foldReports } from "../../src/domain/attempt.ts";
import type {
  Carrier,
  CarrierPorts,
  LookupOrder,
  OutsideFetch,
  Order,
  Report,
} from "../../src/ports/carrier.ts";
import type { Log } from "../../src/ports/log.ts";
import { FAKE_START, type FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** A carrier at a far end that a test can steer. */
export type Bench = {
  readonly carrier: Carrier;
  readonly clock: FakeClock;
  /** Every callback that arrived, in order. */
  readonly delivered: readonly { readonly attemptKey: string; readonly report: Report }[];
  /** The settings of a line whose far end does this with the next request. */
  settingsFor(behaviour: Behaviour): Promise<unknown>;
  /** How many create requests the far end has received. */
  created(): number;
  /** Lets the far end bring the call to its end, so that all callbacks have come (twice and in disorder if asked). */
  finish(attemptKey: string, callbacks: "prompt" | "twice" | "reversed"): Promise<void>;
  /** Where the far end reaches us, for a carrier that looks whether it does. */
  readonly publicUrl?: string;
  close(): Promise<void>;
};
export type Behaviour = "takes" | "refuses" | "limits" | "loses_answer" | "takes_twice" | "takes_reversed";

/** The promises that the engine relies on; every carrier must keep them. */
export function carrierContract(name: string, open: () => Promise<Bench>): void {
  const promise = (text: string, run: (bench: Bench) => Promise<void>): void => {
    void test(`${name}: ${text}`, async () => {
      const bench = await open();
      try {
        await run(bench);
      } finally {
        await bench.close();
      }
    });
  };

  promise("a placed call has a reference and sends exactly one request", async (bench) => {
    const answer = await place(bench, orderOf({ settings: await bench.settingsFor("takes") }));
    assert.equal(answer.kind, "accepted");
    assert.ok(answer.kind === "accepted" && answer.carrierRef.length > 0);
    assert.equal(bench.created(), 1);
  });

  promise("a refusal is certain, names an outcome, and is found absent or cannot be asked", async (bench) => {
    const order = orderOf({ settings: await bench.settingsFor("refuses") });
    const answer = await place(bench, order);
    assert.equal(answer.kind, "refused");
    assert.ok(answer.kind === "refused" && answer.retryAfterMs === undefined);
    const found = await bench.carrier.lookup(lookupOf(order));
    assert.ok(found.kind === "absent" || found.kind === "unavailable");
  });

  promise("a full carrier says how long to leave it alone", async (bench) => {
    const answer = await place(bench, orderOf({ settings: await bench.settingsFor("limits") }));
    assert.ok(answer.kind === "refused" && answer.retryAfterMs === 5_000);
    assert.ok(bench.created() <= 1);
  });

  promise("a lost answer is unknown, sent once, and a lookup finds the call", async (bench) => {
    const order = orderOf({ settings: await bench.settingsFor("loses_answer") });
    const answer = await place(bench, order);
    assert.equal(answer.kind, "unknown");
    assert.equal(bench.created(), 1);
    const found = await bench.carrier.lookup(lookupOf(order));
    assert.ok(found.kind === "found" && found.reports.some((report) => report.kind === "accepted"));
    assert.equal(bench.created(), 1);
  });

  promise("a request is not sent at or after its deadline", async (bench) => {
    const settings = await bench.settingsFor("takes");
    const answer = await place(bench, orderOf({ settings, deadlineAt: bench.clock.now() }));
    assert.ok(answer.kind === "refused" && answer.outcome === "not_placed");
    assert.equal(bench.created(), 0);
  });

  for (const callbacks of ["prompt", "twice", "reversed"] as const) {
    const behaviour = ({ prompt: "takes", twice: "takes_twice", reversed: "takes_reversed" } as const)[
      callbacks
    ];
    promise(`callbacks that come ${callbacks} are the same set of reports`, async (bench) => {
      const order = orderOf({ settings: await bench.settingsFor(behaviour) });
      await place(bench, order);
      await bench.finish(order.attemptKey, callbacks);
      const all = bench.delivered.map(({ report }) => report);
      const reports = all.filter((report) => report.kind !== "accepted");
      const once = [...new Map(reports.map((report) => [report.key, report])).values()];
      assert.deepEqual([...new Set(once.map((report) => report.kind))].sort(), [
        "answered",
        "ended",
        "ringing",
      ]);
      assert.equal(reports.length, callbacks === "twice" ? 2 * once.length : once.length);
      assert.equal(reports[0]?.kind, callbacks === "reversed" ? "ended" : "ringing");
      for (const report of reports) {
        assert.ok(Number.isInteger(report.at));
        assert.equal(report.durationMs === undefined || Number.isInteger(report.durationMs), true);
      }
      const fold = foldReports(all);
      assert.deepEqual([fold.status, fold.outcome], ["ended", "answered_human"]);
      assert.ok((fold.ringingAt ?? Infinity) <= (fold.answeredAt ?? 0));
      assert.ok((fold.answeredAt ?? Infinity) <= (fold.endedAt ?? 0));
    });
  }

  promise("whatever order its reports come in, an attempt ends as it did", async (bench) => {
    const order = orderOf({ settings: await bench.settingsFor("takes") });
    await place(bench, order);
    await bench.finish(order.attemptKey, "prompt");
    const reports = bench.delivered.map(({ report }) => report);
    const expected = foldReports(reports);
    const orders = permutations(reports);
    assert.ok(orders.length >= 6);
    for (const one of orders) assert.deepEqual(foldReports(one), expected);
  });

  promise("a call can be hung up, again and again, and then it has ended", async (bench) => {
    const order = orderOf({ settings: await bench.settingsFor("takes") });
    await place(bench, order);
    assert.equal(await bench.carrier.hangUp(lookupOf(order)), true);
    assert.equal(await bench.carrier.hangUp(lookupOf(order)), true);
    const found = await bench.carrier.lookup(lookupOf(order));
    assert.ok(found.kind === "found");
    const ends = found.reports.filter((report) => report.kind === "ended");
    assert.equal(ends.length, 1);
    assert.notEqual(ends[0]?.outcome, undefined);
  });

  promise("whatever is asked about a call, it is placed once", async (bench) => {
    const order = orderOf({ settings: await bench.settingsFor("loses_answer") });
    await place(bench, order);
    for (let i = 0; i < 3; i += 1) {
      await bench.carrier.lookup(lookupOf(order));
      await bench.carrier.hangUp(lookupOf(order));
      await bench.clock.advance(600_000);
    }
    await bench.carrier.lookup(lookupOf(orderOf({ ...order, attemptKey: "another" })));
    assert.equal(bench.created(), 1);
  });

  promise("what was never sent is absent", async (bench) => {
    const settings = await bench.settingsFor("takes");
    const order = orderOf({ settings, attemptKey: "never-sent" });
    // What rings nobody is made ready before anybody can take an attempt for sent.
    await bench.carrier.prepare?.(order);
    const never = lookupOf(order);
    // Some need a while to be sure, and some a second look.
    await bench.clock.advance(600_000);
    if ((await bench.carrier.lookup(never)).kind === "unavailable") await bench.clock.advance(60_000);
    assert.equal((await bench.carrier.lookup(never)).kind, "absent");
    assert.equal(bench.created(), 0);
  });

  promise("a check answers without placing a call", async (bench) => {
    const check = await bench.carrier.check(await bench.settingsFor("takes"), {
      from: "+12125550190",
      callsPerSecond: 1,
      publicUrl: bench.publicUrl ?? null,
    });
    assert.equal(check.ok, true);
    assert.equal(bench.created(), 0);
  });
}

/** Every order of up to six things. */
function permutations<T>(items: readonly T[]): T[][] {
  if (items.length > 6) throw new Error(`There are too many orders of ${items.length}`);
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

/** An order for a first attempt; `over` replaces what matters to the test. */
export function orderOf(over: Partial<Order>): Order {
  return {
    attemptKey: "key-1",
    callId: "call_1",
    attemptId: "att_1",
    attemptNumber: 1,
    to: "+12125550199",
    from: "+12125550190",
    purpose: "reminder",
    metadata: {},
    script: null,
    instructions: null,
    settings: {},
    ringTimeoutMs: 30_000,
    maxDurationMs: 3_600_000,
    deadlineAt: Number.MAX_SAFE_INTEGER,
    callbackUrl: "https://carillon.example/callbacks/key-1",
    ...over,
  };
}

export function lookupOf(order: Order, carrierRef: string | null = null): LookupOrder {
  return {
    attemptKey: order.attemptKey,
    carrierRef,
    to: order.to,
    from: order.from,
    placedAt: FAKE_START,
    deadlineAt: FAKE_START + 30_000,
    isAnswered: false,
    isOthers: () => Promise.resolve(false),
    settings: order.settings,
  };
}

/** Ports for a carrier under test: `delivered` fills with its callbacks. */
export function portsOf(over: Partial<CarrierPorts> & { readonly clock: FakeClock }): {
  readonly ports: CarrierPorts;
  readonly delivered: { readonly attemptKey: string; readonly report: Report }[];
} {
  const delivered: { attemptKey: string; report: Report }[] = [];
  const ports: CarrierPorts = {
    random: new SeededRandom(1),
    log: SILENT,
    fetch: noFetch,
    deliver: (attemptKey, report) => void delivered.push({ attemptKey, report }),
    journalPath: null,
    ...over,
  };
  return { ports, delivered };
}

/** Places an order, moving the clock on while the answer is held back (at most an hour). */
export async function place(
  bench: Pick<Bench, "carrier" | "clock">,
  order: Order,
): ReturnType<Carrier["place"]> {
  const held = { isOpen: true };
  const answer = placed(bench.carrier, order).finally(() => (held.isOpen = false));
  await bench.clock.settle();
  for (let next = bench.clock.nextAt(); held.isOpen && next !== undefined; next = bench.clock.nextAt()) {
    await bench.clock.advanceTo(next);
  }
  return answer;
}

/** As the engine does it: what has to be made ready comes first. */
async function placed(carrier: Carrier, order: Order): ReturnType<Carrier["place"]> {
  const prepared = await carrier.prepare?.(order);
  return prepared?.kind === "refused" ? prepared : carrier.place(order, prepared?.words);
}

export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

const noFetch: OutsideFetch = () => {
  throw new Error("This carrier must not use the network.");
};
