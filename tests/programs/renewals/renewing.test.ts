import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Report } from "../../../src/domain/report.ts";

import { type Call, type Insured, type Json, type RenewalHouse, openRenewals, phoneOf } from "./house.ts";

/** A house whose calls last until the test says how they end. */
async function openPlayed(startAt?: string): Promise<RenewalHouse> {
  const house = await openRenewals(startAt === undefined ? {} : { startAt });
  await house.engine.createLine(house.actor, { name: "played", carrier: "stub", slots_max: 1000 });
  await house.engine.updateSettings(house.actor, { default_line: "played" });
  await house.put("/api/scheduler/config", { enabled: false, max_concurrent_calls: 1000 });
  return house;
}

/** What the carrier says of the latest attempt of a call. */
async function says(house: RenewalHouse, call: Call, report: Partial<Report>): Promise<void> {
  const order = house.stub.orders.findLast(({ callId }) => callId === call.id);
  const key = `${report.kind}:${report.outcome ?? ""}:${report.disposition ?? ""}`;
  await house.engine.receive(order?.attemptKey ?? "", [
    { key, kind: "ended", at: house.clock.now(), ...report },
  ]);
  await house.drain();
}

async function endOf(house: RenewalHouse, { customer, held }: Insured): Promise<unknown> {
  return (await house.get(`/api/customers/${customer}/policies/${held}`))["end_date"];
}

async function renewals(house: RenewalHouse): Promise<readonly Json[]> {
  const { data } = await house.get<{ data: Json[] }>("/v1/events?type=policy.renewed&limit=200");
  return data;
}

async function startCall(house: RenewalHouse, insured: Insured): Promise<Call> {
  const call = await house.post<Call>(`/api/calls/initiate/${insured.customer}`);
  await house.drain();
  return call;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

const agreed = { renewal_agreed: true, outcome: "renewed", notes: "she said yes" };
const news: Readonly<Record<string, (house: RenewalHouse, call: Call) => Promise<unknown>>> = {
  "the carrier: answered": (house, call) => says(house, call, { kind: "answered", answeredBy: "human" }),
  "the carrier: ended": (house, call) => says(house, call, { outcome: "answered_human" }),
  "the agent: agreed": (house, call) => house.put(`/api/calls/${call.id}/summary`, agreed),
  "the agent, again": (house, call) => house.put(`/calls/${call.id}/summary`, agreed),
};

describe("a renewal agreed on a call extends the policy once", () => {
  test("in whatever order the carrier and the agent report", async () => {
    const house = await openPlayed();
    const orders = permutations(Object.keys(news));
    for (const [index, order] of orders.entries()) {
      const insured = await house.insure(phoneOf(index), "2026-12-20");
      const call = await startCall(house, insured);
      for (const name of order) await news[name]?.(house, call);
      assert.equal(await endOf(house, insured), "2027-12-20", order.join(", "));
      const shown = await house.get(`/api/calls/${call.id}`);
      assert.equal(shown["status"], "completed");
      assert.equal(shown["notes"], "she said yes");
    }
    assert.equal((await renewals(house)).length, orders.length);
  });

  test("also when the carrier alone says that it was agreed", async () => {
    const house = await openPlayed();
    const insured = await house.insure(phoneOf(1), "2026-12-20");
    const call = await startCall(house, insured);
    await says(house, call, { outcome: "answered_human", disposition: "renewal_agreed" });
    assert.equal(await endOf(house, insured), "2027-12-20");
    await house.put(`/api/calls/${call.id}/summary`, agreed);
    assert.equal(await endOf(house, insured), "2027-12-20");
  });

  test("not before the call is completed, and in the transaction that completes it", async () => {
    const house = await openPlayed();
    const insured = await house.insure(phoneOf(1), "2026-12-20");
    const call = await startCall(house, insured);
    await says(house, call, { kind: "answered", disposition: "renewal_agreed" });
    assert.equal(await endOf(house, insured), "2026-12-20");
    await says(house, call, { outcome: "answered_human", disposition: "renewal_agreed" });
    assert.equal(await endOf(house, insured), "2027-12-20");
    const { data } = await house.get<{ data: Json[] }>(`/v1/calls/${call.id}/events?limit=100`);
    const at = (type: string): unknown => data.find((event) => event["type"] === type)?.["at"];
    assert.ok(at("policy.renewed") !== undefined);
    assert.equal(at("policy.renewed"), at("call.completed"));
  });

  test("and a second call extends it again", async () => {
    const house = await openPlayed();
    const insured = await house.insure(phoneOf(1), "2026-12-20");
    for (const end of ["2027-12-20", "2028-12-20"]) {
      const call = await startCall(house, insured);
      await house.put(`/api/calls/${call.id}/summary`, agreed);
      assert.equal(await endOf(house, insured), end);
    }
  });

  test("a person who answered outranks a carrier that says nobody did", async () => {
    for (const order of [
      ["carrier", "agent"],
      ["agent", "carrier"],
    ]) {
      const house = await openPlayed();
      const insured = await house.insure(phoneOf(1), "2026-12-20");
      const call = await startCall(house, insured);
      for (const who of order)
        if (who === "carrier") await says(house, call, { outcome: "no_answer" });
        else await house.put(`/api/calls/${call.id}/summary`, agreed);
      assert.equal(await endOf(house, insured), "2027-12-20", order.join());
      assert.equal((await house.get(`/api/calls/${call.id}`))["status"], "completed");
    }
  });
});

describe("what is extended, and how far", () => {
  test("one that has ended already is extended from today, and active again", async () => {
    const house = await openPlayed("2027-01-31T05:00:00Z");
    const insured = await house.insure(phoneOf(1), "2026-12-20", { status: "expired" });
    const call = await startCall(house, insured);
    await house.put(`/api/calls/${call.id}/summary`, { ...agreed, customer_policy_id: insured.held });
    assert.equal(await endOf(house, insured), "2028-01-31");
    const held = await house.get(`/api/customers/${insured.customer}/policies/${insured.held}`);
    assert.equal(held["status"], "active");
  });

  test("the months are the policy's, and a day that a month does not have is its last", async () => {
    const house = await openPlayed("2027-01-20T05:00:00Z");
    const insured = await house.insure(phoneOf(1), "2027-01-31");
    await house.put(`/api/policies/${insured.policy}`, { duration_months: 1 });
    const call = await startCall(house, insured);
    await house.put(`/api/calls/${call.id}/summary`, agreed);
    assert.equal(await endOf(house, insured), "2027-02-28");
  });

  test("without a word about the policy, the one that ends soonest is meant", async () => {
    const house = await openPlayed();
    const insured = await house.insure(phoneOf(1), "2027-03-01");
    const other = await house.post<{ id: string }>("/api/policies", {
      policy_number: "M-1",
      policy_name: "Motor",
      duration_months: 6,
    });
    const soonest = await house.post<{ id: string }>(`/api/customers/${insured.customer}/policies`, {
      policy_id: other.id,
      start_date: "2026-06-10",
      end_date: "2026-12-10",
    });
    const call = await startCall(house, insured);
    await house.put(`/api/calls/${call.id}/summary`, agreed);
    assert.equal(await endOf(house, insured), "2027-03-01");
    assert.equal(await endOf(house, { ...insured, held: soonest.id }), "2027-06-10");
  });

  test("an upgrade moves the customer to the other policy, whose months then count", async () => {
    const house = await openPlayed();
    const insured = await house.insure(phoneOf(1), "2026-12-20");
    const better = await house.post<{ id: string }>("/api/policies", {
      policy_number: "HP-24",
      policy_name: "Health Plus Gold",
      base_premium: 20_000,
      base_sum_assured: 900_000,
      duration_months: 24,
    });
    const call = await startCall(house, insured);
    const said = { ...agreed, upgrade_agreed: true, upgrade_to_policy_id: better.id };
    for (let times = 0; times < 2; times += 1) await house.put(`/api/calls/${call.id}/summary`, said);
    const held = await house.get(`/api/customers/${insured.customer}/policies/${insured.held}`);
    assert.equal(held["policy_name"], "Health Plus Gold");
    assert.equal(held["premium_amount"], 20_000);
    assert.equal(held["sum_assured"], 900_000);
    assert.equal(held["end_date"], "2028-12-20");
    const { data } = await house.get<{ data: Json[] }>("/v1/events?type=policy.upgraded");
    assert.equal(data.length, 1);
  });

  test("a policy of somebody else, or one that is none, changes nothing", async () => {
    const house = await openPlayed();
    const insured = await house.insure(phoneOf(1), "2026-12-20");
    const stranger = await house.insure(phoneOf(2), "2026-12-20");
    const call = await startCall(house, insured);
    for (const customer_policy_id of [stranger.held, "cpo_0"]) {
      const answer = await house.ask("PUT", `/api/calls/${call.id}/summary`, {
        ...agreed,
        customer_policy_id,
      });
      assert.equal(answer.statusCode, 404);
      assert.deepEqual(answer.json(), { detail: "Customer policy not found" });
    }
    assert.equal((await house.get(`/api/calls/${call.id}`))["renewal_agreed"], null);
    assert.equal(await endOf(house, stranger), "2026-12-20");
  });

  test("nobody agreed: nothing is extended, and what was said is kept", async () => {
    const house = await openPlayed();
    const insured = await house.insure(phoneOf(1), "2026-12-20");
    const call = await startCall(house, insured);
    const answer = await house.put(`/api/calls/${call.id}/summary`, {
      renewal_agreed: false,
      outcome: "not_interested",
      summary: "He has moved.",
      transcript: "…",
      duration_seconds: 65,
    });
    assert.equal(answer["renewal_agreed"], false);
    assert.equal(answer["outcome"], "not_interested");
    assert.equal(answer["summary"], "He has moved.");
    assert.equal(answer["duration_seconds"], 65);
    assert.equal(await endOf(house, insured), "2026-12-20");
    assert.equal((await house.get(`/v1/calls/${call.id}`))["disposition"], "custom:not_interested");
  });

  test("a call that nobody has made yet has no summary", async () => {
    const house = await openPlayed();
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    const row = await house.post<Call>("/api/scheduler/scheduled-calls", {
      customer_id: customer,
      scheduled_date: "2026-12-05",
    });
    const answer = await house.ask("PUT", `/api/calls/${row.call_id}/summary`, agreed);
    assert.equal(answer.statusCode, 400);
    assert.deepEqual(answer.json(), { detail: "The call has not been placed yet" });
  });
});
