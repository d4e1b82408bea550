import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Call, type Json, type RenewalHouse, openRenewals, phoneOf } from "./house.ts";

/** Loses the answer of the next commit whose name holds these words; what was done stays done. */
function loseAnswer(house: RenewalHouse, words: string): () => number {
  let lost = 0;
  house.store.failing = (name, moment) => {
    if (moment !== "after" || lost > 0 || !name.includes(words)) return null;
    lost += 1;
    return "commit_unknown";
  };
  return () => lost;
}

/** Lets time pass while something is asked: a transaction that is tried again waits a little before. */
async function meanwhile<T>(house: RenewalHouse, asked: Promise<T>): Promise<T> {
  await house.advance(30_000);
  return asked;
}

describe("when the answer to a commit is lost, what it did is done once", () => {
  test("a selection", async () => {
    const house = await openRenewals();
    for (let index = 0; index < 5; index += 1) await house.insure(phoneOf(index), "2026-12-20");
    const lost = loseAnswer(house, "select customers");
    const answer = await meanwhile(house, house.post("/api/scheduler/trigger-now?max_calls=3"));
    assert.equal(answer["queued_count"], 3);
    assert.equal(lost(), 1);
    assert.equal((await house.get<Call[]>("/api/scheduler/scheduled-calls")).length, 3);
    assert.equal((await house.get("/api/scheduler/pending-customers"))["count"], 2);
  });

  for (const words of ["store a summary", "receive"]) {
    test(`a renewal (${words})`, async () => {
      const house = await openRenewals();
      const { customer, held } = await house.insure(phoneOf(1), "2026-12-20");
      const call = await house.post<Call>(`/api/calls/initiate/${customer}`);
      await house.advance(6000);
      const lost = loseAnswer(house, words);
      await meanwhile(house, house.put(`/api/calls/${call.id}/summary`, { renewal_agreed: true }));
      assert.equal(lost(), 1);
      const policy = await house.get(`/api/customers/${customer}/policies/${held}`);
      assert.equal(policy["end_date"], "2027-12-20");
      const { data } = await house.get<{ data: Json[] }>("/v1/events?type=policy.renewed");
      assert.equal(data.length, 1);
    });
  }

  test("an import", async () => {
    const house = await openRenewals();
    const lost = loseAnswer(house, "import customers");
    const header = "name,phone,policy_number,duration_months,end_date";
    const rows = [1, 2, 3].map((index) => `Customer ${index},${phoneOf(index)},HP,12,2026-12-20`);
    const imported = await meanwhile(house, house.importCsv(header, rows));
    assert.equal(lost(), 1);
    assert.equal(imported["customers_created"], 3);
    assert.equal((await house.get<Json[]>("/api/customers")).length, 3);
  });
});

test("a transaction that fails before it began changes nothing, and the next one does it all", async () => {
  const house = await openRenewals();
  const { customer, held } = await house.insure(phoneOf(1), "2026-12-20");
  const call = await house.post<Call>(`/api/calls/initiate/${customer}`);
  await house.advance(6000);
  house.store.failing = (name, moment) =>
    moment === "before" && name.includes("store a summary") ? "unavailable" : null;
  const failed = await meanwhile(
    house,
    house.ask("PUT", `/api/calls/${call.id}/summary`, { renewal_agreed: true }),
  );
  assert.ok(failed.statusCode >= 500);
  assert.equal((await house.get(`/api/customers/${customer}/policies/${held}`))["end_date"], "2026-12-20");
  house.store.failing = () => null;
  await house.put(`/api/calls/${call.id}/summary`, { renewal_agreed: true });
  assert.equal((await house.get(`/api/customers/${customer}/policies/${held}`))["end_date"], "2027-12-20");
});

test("after a crash in the middle of a daily run it goes on, and takes nobody twice", async () => {
  const house = await openRenewals();
  const header = "name,phone,policy_number,duration_months,end_date";
  const rows = Array.from({ length: 250 }, (_, index) => `C ${index},${phoneOf(index)},HP,12,2026-12-20`);
  await house.importCsv(header, rows);
  await house.put("/api/scheduler/config", { max_calls_per_day: 220, max_concurrent_calls: 1 });
  let selections = 0;
  // The second piece of the run never gets through: then the process is killed.
  house.store.failing = (name, moment) => {
    if (!name.includes("select customers") || moment !== "before") return null;
    selections += 1;
    return selections > 1 ? "unavailable" : null;
  };
  await house.passTo("2026-12-01T04:30:01Z");
  assert.ok(selections > 1);
  house.store.failing = () => null;
  const later = await house.afterKill({ downMs: 60_000 });
  await later.advance(1_200_000);
  const numbers: string[] = [];
  let cursor: string | null = null;
  do {
    const page = { limit: 200, ...(cursor === null ? {} : { cursor }) };
    const { data, nextCursor } = await later.engine.listCalls(later.actor, {}, page);
    numbers.push(...data.map(({ to }) => to));
    cursor = nextCursor;
  } while (cursor !== null);
  assert.equal(numbers.length, 220, "as many as the day may have");
  assert.equal(new Set(numbers).size, 220);
  const { lastRun } = await later.engine.getJob(later.actor, "call-expiring-policies-daily");
  assert.equal(lastRun?.status, "succeeded");
  assert.ok(lastRun.tries > 1);
});
