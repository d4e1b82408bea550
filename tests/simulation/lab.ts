import { createEngine } from "../../src/engine/create.ts";
import { sandbox } from "../../src/carriers/sandbox/kind.ts";
import { localConveyor } from "../../src/conveyors/local.ts";
import { migrateSqlite } from "../../src/store/migrate.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { createSecrets } from "../../src/system/secrets.ts";
import { loadZones } from "../../src/system/zones.ts";
import type { Report } from "../../src/domain/report.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { silentLog, silentMeter } from "./silent.ts";

const actor = { workspaceId: 1, name: "lab" };
const zones = loadZones();

/** A running engine whose carrier takes every call and then says nothing, so that a test can say it all. */
export type Lab = {
  now(): number;
  /** Has a call placed and returns the key of its attempt. */
  dial(): Promise<string>;
  receive(attemptKey: string, reports: readonly Report[]): Promise<void>;
  /** Where the attempt and its call stand: everything but ids and what counts how often something was written. */
  stateOf(attemptKey: string): Readonly<Record<string, unknown>>;
  close(): Promise<void>;
};

export async function openLab(): Promise<Lab> {
  const clock = new FakeClock();
  const store = new SqliteStore({ path: ":memory:", log: silentLog });
  migrateSqlite(store, clock.now());
  const secrets = createSecrets("a secret of the laboratory");
  const keys: string[] = [];
  const engine = await createEngine({
    store,
    clock,
    log: silentLog,
    random: new SeededRandom(1),
    meter: silentMeter,
    secrets,
    zones,
    fetch: () => Promise.reject(new Error("Nothing is fetched here")),
    carrierKinds: {
      sandbox: () =>
        Promise.resolve({
          ...sandbox,
          connect: () => ({
            place: (order) => {
              keys.push(order.attemptKey);
              return Promise.resolve({ kind: "unknown", detail: "no answer" });
            },
            lookup: () => Promise.resolve({ kind: "unavailable", detail: "mute" }),
            hangUp: () => Promise.resolve(false),
            check: () => Promise.resolve({ ok: true, detail: "" }),
            close: () => Promise.resolve(),
          }),
        }),
    },
    phoneMetadata: () => ({ possible: true, valid: true }),
    holidays: () => Promise.reject(new Error("No holidays here")),
    journalPath: null,
    publicUrl: () => null,
    testClock: null,
    conveyor: localConveyor(),
    nodeName: "lab",
    followServer: () => {},
  });
  await engine.start();
  return {
    now: () => clock.now(),
    async dial() {
      const before = keys.length;
      await Promise.all([engine.schedule(actor, { to: "+12125550177" }), clock.settle()]);
      for (let turn = 0; turn < 20 && keys.length === before; turn += 1) await clock.settle();
      await clock.settle();
      const key = keys[before];
      if (key === undefined) throw new Error("The call was not placed");
      return key;
    },
    async receive(attemptKey, reports) {
      await Promise.all([engine.receive(attemptKey, reports), clock.settle()]);
    },
    stateOf(attemptKey) {
      const id = secrets.readAttemptKey(attemptKey);
      const row = store.database
        .prepare(
          `select calls.status, calls.reason, calls.outcome, calls.disposition, attempts.status as attempt_status,
             attempts.outcome as attempt_outcome, slot_held, accepted_at, ringing_at, answered_at, attempts.ended_at,
             duration_ms, attempts.disposition as attempt_disposition, carrier_ref, detail
           from attempts join calls on calls.id = attempts.call_id where attempts.id = ?`,
        )
        .get(id);
      return { ...row };
    },
    async close() {
      await engine.stop(0);
      await store.close();
    },
  };
}
