import assert from "node:assert/strict";
import { test } from "node:test";

import { formatUtc } from "../../../src/domain/zone.ts";
import type { Told } from "../../../src/ports/messenger.ts";

import { type Json, type Salon, openForBusiness, openSalon } from "./salon.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

test("canceled while a reminder was being sent: what was certainly not sent is not tried again", async () => {
  const salon = await openSalon();
  const booked = await book(salon, await openForBusiness(salon, { reminders: ["2h"] }), 3 * HOUR_MS);
  const answer = Promise.withResolvers<Told>();
  salon.letters.sms.answer = () => answer.promise;
  await salon.advance(HOUR_MS);
  await salon.post(`/v1/appointments/${String(booked["id"])}/cancel`);
  answer.resolve({ kind: "not_sent", code: "busy", detail: "later", afterMs: 2000 });
  await salon.advance(3 * HOUR_MS);
  assert.deepEqual(
    salon.letters.sms.letters.map(({ event }) => event),
    ["appointment_confirmation", "appointment_reminder_2h"],
  );
  assert.deepEqual(await salon.told(booked["id"]), ["confirmation sent", "2h failed"]);
});

test("canceled after a reminder had failed: it is not tried again when there is an address at last", async () => {
  const salon = await openSalon();
  const parties = await openForBusiness(salon, { reminders: ["2h"], channel: "push" });
  const booked = await book(salon, parties, 4 * HOUR_MS);
  await salon.advance(2 * HOUR_MS + MINUTE_MS);
  assert.deepEqual(await salon.told(booked["id"]), ["confirmation failed", "2h failed"]);
  await salon.post(`/v1/appointments/${String(booked["id"])}/cancel`);
  await salon.post("/v1/devices", { recipient_id: "uid-ann", token: "t".repeat(140) });
  await salon.advance(2 * HOUR_MS);
  assert.deepEqual(salon.letters.push.letters, []);
});

test("canceled while a client was being called: nobody calls again", async () => {
  const salon = await openSalon();
  // Rings out, so that it would be tried again.
  const client = { phone: "+12125550102", channel: "call" };
  const booked = await book(
    salon,
    await openForBusiness(salon, { reminders: ["2h"], quiet_hours: null }, client),
    3 * HOUR_MS,
  );
  const calls = async (): Promise<Json[]> => (await salon.get("/v1/calls?limit=10"))["data"] as Json[];
  await salon.advance(HOUR_MS + 5000);
  assert.deepEqual(
    (await calls()).map(({ status }) => status),
    ["dialing"],
  );
  await salon.post(`/v1/appointments/${String(booked["id"])}/cancel`);
  await salon.advance(3 * HOUR_MS);
  assert.deepEqual(
    (await calls()).map(({ status, reason, attempts }) => [status, reason, attempts]),
    [["failed", "deadline_passed", 1]],
  );
});

test("a call that could not be made in time closes what it was to tell", async () => {
  const salon = await openSalon();
  const booked = await book(
    salon,
    await openForBusiness(salon, { reminders: ["2h"] }, { channel: "call" }),
    3 * HOUR_MS,
  );
  await salon.post("/v1/dialing/stop", { reason: "a fire drill" });
  await salon.advance(3 * HOUR_MS + 10 * MINUTE_MS);
  assert.deepEqual(await salon.told(booked["id"]), ["confirmation failed", "2h expired"]);
  const [, reminder] = await salon.messages(booked["id"]);
  assert.equal(reminder?.["reason"], "deadline_passed");
});

test("a reminder that the house does not take in its new form says why", async () => {
  const salon = await openSalon();
  const parties = await openForBusiness(salon, { reminders: ["2h"] }, { channel: "call" });
  const booked = await book(salon, parties, 3 * HOUR_MS);
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  await salon.post("/v1/hours", {
    name: "small hours",
    timezone: "America/New_York",
    weekly: Object.fromEntries(days.map((day) => [day, ["03:00-03:30"]])),
  });
  await salon.patch("/v1/settings", { default_hours: "small hours" });
  await salon.patch(`/v1/clients/${parties.clientId}`, { phone: "+12125550101" });
  await salon.advance(MINUTE_MS);
  const reminder = (await salon.messages(booked["id"])).find(({ kind }) => kind === "2h");
  assert.deepEqual([reminder?.["status"], reminder?.["reason"]], ["withdrawn", "expires_too_early"]);
});

function book(
  salon: Salon,
  { businessId, clientId, serviceId }: Awaited<ReturnType<typeof openForBusiness>>,
  inMs: number,
): Promise<Json> {
  return salon.post("/v1/appointments", {
    business_id: businessId,
    client_id: clientId,
    service_id: serviceId,
    starts_at: formatUtc(salon.clock.now() + inMs),
  });
}
