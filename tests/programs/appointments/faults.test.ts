import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatUtc } from "../../../src/domain/zone.ts";
import { openEmpty } from "../../support/stores.ts";

import { type Json, type Salon, openForBusiness, openSalon } from "./salon.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Loses the answer of the next commit of that name; what was done stays done. */
function loseAnswer(salon: Salon, name: string): () => number {
  let lost = 0;
  salon.store.failing = (found, moment) => {
    if (moment !== "after" || lost > 0 || !found.endsWith(name)) return null;
    lost += 1;
    return "commit_unknown";
  };
  return () => lost;
}

/** Lets time pass while something is asked: a transaction that is tried again waits a little before. */
async function meanwhile<T>(salon: Salon, asked: Promise<T>): Promise<T> {
  await salon.advance(30_000);
  return asked;
}

describe("when the answer to a commit is lost, what it did is done once", () => {
  for (const name of ["set ids aside", "book an appointment"]) {
    test(`a booking (${name})`, async () => {
      const salon = await openSalon();
      const parties = await openForBusiness(salon);
      // The ids that were set aside for the parties are used up first.
      for (let index = 0; index < 29; index += 1)
        await salon.post("/v1/clients", { name: `Client ${index}` });
      const lost = loseAnswer(salon, name);
      const booked = await meanwhile(salon, book(salon, parties, 30));
      assert.equal(lost(), 1);
      const { data } = await salon.get("/v1/appointments");
      assert.deepEqual(
        (data as Json[]).map(({ id }) => id),
        [booked["id"]],
      );
      assert.equal(salon.letters.sms.letters.length, 1);
      assert.deepEqual(await salon.told(booked["id"]), ["confirmation sent", "24h planned", "2h planned"]);
    });
  }

  test("a move", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon);
    const { id } = await book(salon, parties, 30);
    const lost = loseAnswer(salon, "change an appointment");
    const startsAt = formatUtc(salon.clock.now() + 40 * HOUR_MS);
    await meanwhile(salon, salon.post(`/v1/appointments/${String(id)}/move`, { starts_at: startsAt }));
    assert.equal(lost(), 1);
    assert.equal(salon.letters.sms.letters.length, 2);
    const told = await salon.told(id);
    assert.equal(told.filter((one) => one.endsWith("planned")).length, 2);
  });
});

for (const name of ["sqlite in memory", "postgres"] as const) {
  test(`what was told is forgotten when calls are; the appointments stay (${name})`, async () => {
    const { store, close } = await openEmpty(name);
    const salon = await openSalon({ store });
    const parties = await openForBusiness(salon, { reminders: [] });
    const { id } = await book(salon, parties, 1);
    assert.deepEqual(await salon.told(id), ["confirmation sent"]);
    salon.clock.jump(410 * DAY_MS);
    await salon.advance(60_000);
    assert.deepEqual(await salon.told(id), []);
    assert.equal((await salon.get(`/v1/appointments/${String(id)}`))["status"], "confirmed");
    await salon.engine.stop(1000);
    await close();
  });

  test(`a call's answer is heard, and who is erased told nothing more (${name})`, async () => {
    const { store, close } = await openEmpty(name);
    const salon = await openSalon({ store });
    const parties = await openForBusiness(
      salon,
      { reminders: ["1h"] },
      { channel: "call", recipient_id: null },
    );
    const { id } = await book(salon, parties, 1.1);
    const later = await book(salon, parties, 20);
    await salon.advance(10 * 60_000);
    assert.equal(typeof (await salon.get(`/v1/appointments/${String(id)}`))["client_confirmed_at"], "string");
    await salon.post("/v1/people/erase", { emails: ["ann@example.com"] });
    assert.equal((await salon.told(later["id"])).includes("1h planned"), false);
    const calls = (await salon.get("/v1/calls?purpose=appointment_reminder"))["data"] as Json[];
    assert.deepEqual(calls.map(({ status }) => String(status)).toSorted(), ["canceled", "completed"]);
    await salon.engine.stop(1000);
    await close();
  });
}

async function book(salon: Salon, parties: Readonly<Record<string, string>>, inHours: number): Promise<Json> {
  const { businessId, clientId, serviceId } = parties;
  return salon.post("/v1/appointments", {
    business_id: businessId,
    client_id: clientId,
    service_id: serviceId,
    starts_at: formatUtc(salon.clock.now() + inHours * HOUR_MS),
  });
}
