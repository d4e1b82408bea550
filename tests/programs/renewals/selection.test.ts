import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import * as fc from "fast-check";

import { formatDay, parseDay } from "../../../src/domain/civil.ts";
import { seedOf } from "../../domain/seed.ts";
import { type OpenedStore, openEmpty } from "../../support/stores.ts";

import { type Json, type RenewalHouse, openRenewals, phoneOf } from "./house.ts";

const header = "name,phone,policy_number,duration_months,end_date";
const firstDay = parseDay("2026-12-01") ?? 0;

function rowsOf(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const end = formatDay(firstDay + (((from + index) * 7) % 40));
    return `Customer ${from + index},${phoneOf(from + index)},HP-12,12,${end}`;
  });
}

type Shown = { readonly customer_id: string; readonly status: string; readonly scheduled_date: string };

/** Everything that the scheduler has, in pages of what it shows at once. */
async function allCalls(house: RenewalHouse): Promise<readonly Shown[]> {
  return house.get<Shown[]>("/api/scheduler/scheduled-calls?limit=200");
}

const command = fc.oneof(
  fc.record({ kind: fc.constant("trigger" as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("batch" as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("import" as const), count: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ kind: fc.constant("run" as const), count: fc.constant(0) }),
  fc.record({ kind: fc.constant("cancel" as const), count: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constant("settings" as const), count: fc.integer({ min: 1, max: 15 }) }),
);
type Command = { readonly kind: string; readonly count: number };

async function run(house: RenewalHouse, { kind, count }: Command): Promise<unknown> {
  switch (kind) {
    case "trigger":
      return house.post(`/api/scheduler/trigger-now?max_calls=${count}`);
    case "batch":
      return house.post(`/api/calls/batch/expiring?limit=${count}`);
    case "import":
      return house.importCsv(header, rowsOf(0, count));
    case "run":
      return house.engine.runJobNow(house.actor, "call-expiring-policies-daily").catch(() => null);
    case "settings":
      return house.put("/api/scheduler/config", { max_calls_per_day: count, max_concurrent_calls: 1 });
    default: {
      const [first] = (await allCalls(house)).slice(count);
      return first === undefined
        ? null
        : house.ask("DELETE", `/api/scheduler/scheduled-calls/${(first as Shown & { id: string }).id}`);
    }
  }
}

test("no customer is selected twice, and no day has more calls than it may, whatever runs at once", async (context) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(command, { minLength: 1, maxLength: 5 }), { maxLength: 4 }),
      async (groups) => {
        const house = await openRenewals();
        await house.importCsv(header, rowsOf(0, 20));
        let most = 50;
        for (const group of groups) {
          const sizes = group.flatMap(({ kind, count }) => (kind === "settings" ? [count] : []));
          most = Math.max(most, ...sizes);
          await Promise.all(group.map((one) => run(house, one)));
          await house.drain();
          const live = (await allCalls(house)).filter(
            ({ status }) => !["cancelled", "skipped"].includes(status),
          );
          assert.ok(live.length <= most, `${live.length} calls on a day that may have ${most}`);
          const customers = live.map((one) => one.customer_id);
          assert.equal(new Set(customers).size, customers.length, "a customer was selected twice");
        }
        await house.engine.stop(0);
      },
    ),
    { seed: seedOf(context), numRuns: 25 },
  );
});

for (const name of ["sqlite on file", "postgres"] as const) {
  describe(`on ${name}`, () => {
    const opened: OpenedStore[] = [];
    after(async () => {
      for (const one of opened) await one.close();
    });
    const open = async (): Promise<RenewalHouse> => {
      const one = await openEmpty(name);
      opened.push(one);
      return openRenewals({ store: one.store });
    };

    test("triggers at once share the customers out", async () => {
      const house = await open();
      await house.importCsv(header, rowsOf(0, 40));
      await house.put("/api/scheduler/config", {
        max_concurrent_calls: 1,
        max_calls_per_day: 30,
        enabled: false,
      });
      const answers = await Promise.all(
        Array.from({ length: 6 }, () =>
          house.post<{ queued_count: number }>("/api/scheduler/trigger-now?days=40&max_calls=10"),
        ),
      );
      const made = await allCalls(house);
      assert.equal(
        answers.reduce((sum, { queued_count: count }) => sum + count, 0),
        made.length,
      );
      assert.equal(new Set(made.map((one) => one.customer_id)).size, made.length);
      assert.ok(made.length <= 30);
      assert.ok(made.length >= 10);
      const left = await house.get<{ customers: Json[] }>(
        "/api/scheduler/pending-customers?days=40&limit=200",
      );
      assert.equal(left.customers.length, 40 - made.length);
      await house.engine.stop(0);
    });

    test("the same file imported by two at once makes each customer once", async () => {
      const house = await open();
      const answers = await Promise.all([
        house.importCsv(header, rowsOf(0, 60)),
        house.importCsv(header, rowsOf(0, 60)),
        house.importCsv(header, rowsOf(30, 60)),
      ]);
      assert.deepEqual(
        answers.map(({ rejected }) => rejected),
        [0, 0, 0],
      );
      const sum = (field: string): number => answers.reduce((all, one) => all + Number(one[field]), 0);
      assert.equal(sum("customers_created"), 90);
      assert.equal(sum("policies_created"), 1);
      assert.equal(sum("customer_policies_created"), 90);
      const customers = await house.get<Json[]>("/api/customers?limit=200");
      assert.equal(customers.length, 90);
      await house.engine.stop(0);
    });

    test("two who initiate at once ring a customer once", async () => {
      const house = await open();
      const { customer } = await house.insure(phoneOf(1), "2026-12-20");
      const calls = await Promise.all(
        Array.from({ length: 4 }, () => house.post<{ id: string }>(`/api/calls/initiate/${customer}`)),
      );
      assert.equal(new Set(calls.map(({ id }) => id)).size, 1);
      await house.engine.stop(0);
    });

    test("pending customers are one a customer, the soonest policy first", async () => {
      const house = await open();
      await house.importCsv("name,phone,policy_number,duration_months,end_date,status", [
        `A,${phoneOf(1)},HP,12,2026-12-15,active`,
        `A,${phoneOf(1)},MOTOR,12,2026-12-10,active`,
        `A,${phoneOf(1)},LIFE,12,2026-11-30,active`,
        `B,${phoneOf(2)},HP,12,2026-12-12,active`,
        `C,${phoneOf(3)},HP,12,2026-12-01,active`,
        `D,${phoneOf(4)},HP,12,2026-12-31,active`,
        `E,${phoneOf(5)},HP,12,2027-01-01,active`,
        `F,${phoneOf(6)},HP,12,2026-12-05,expired`,
        `F,${phoneOf(6)},MOTOR,12,2026-12-15,active`,
      ]);
      const { count, customers } = await house.get<{ count: number; customers: Json[] }>(
        "/api/scheduler/pending-customers?days=30",
      );
      assert.equal(count, 5);
      assert.deepEqual(
        customers.map((one) => [one["customer_name"], one["policy_name"], one["days_to_expiry"]]),
        [
          ["C", "HP", 0],
          ["A", "MOTOR", 9],
          ["B", "HP", 11],
          ["F", "MOTOR", 14],
          ["D", "HP", 30],
        ],
      );
      const few = await house.get<{ customers: Json[] }>("/api/scheduler/pending-customers?days=30&limit=2");
      assert.deepEqual(few.customers, customers.slice(0, 2));
      await house.engine.stop(0);
    });

    test("a call runs from the selection to the renewal", async () => {
      const house = await open();
      const { customer, held } = await house.insure(phoneOf(1), "2026-12-20");
      await house.post("/api/scheduler/trigger-now");
      await house.advance(4000);
      const [call] = await house.get<{ id: string }[]>("/api/calls");
      await house.put(`/api/calls/${call?.id ?? ""}/summary`, { renewal_agreed: true });
      await house.advance(120_000);
      const policy = await house.get(`/api/customers/${customer}/policies/${held}`);
      assert.equal(policy["end_date"], "2027-12-20");
      const conversion = await house.get("/api/analytics/conversion?days=7");
      assert.equal(conversion["conversion_rate"], 100);
      await house.engine.stop(0);
    });
  });
}
