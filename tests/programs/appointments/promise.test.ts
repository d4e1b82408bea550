import assert from "node:assert/strict";
import { test } from "node:test";

import { formatUtc } from "../../../src/domain/zone.ts";

import { openForBusiness, openSalon } from "./salon.ts";

const HOUR_MS = 3_600_000;

test("booked for the day after tomorrow: told at once, reminded a day and two hours before; moving it moves that", async () => {
  const salon = await openSalon();
  const { businessId, serviceId, clientId } = await openForBusiness(salon);
  const startsAt = salon.clock.now() + 48 * HOUR_MS;
  const booked = await salon.post("/v1/appointments", {
    business_id: businessId,
    client_id: clientId,
    service_id: serviceId,
    starts_at: formatUtc(startsAt),
  });
  assert.equal(booked["status"], "confirmed");
  assert.deepEqual(
    salon.letters.sms.letters.map(({ event, address }) => [event, address]),
    [["appointment_confirmation", "+12125550100"]],
  );
  assert.deepEqual(await salon.told(booked["id"]), ["confirmation sent", "24h planned", "2h planned"]);

  await salon.post(`/v1/appointments/${String(booked["id"])}/move`, {
    starts_at: formatUtc(startsAt + 24 * HOUR_MS),
  });
  await salon.advance(24 * HOUR_MS);
  const events = () => salon.letters.sms.letters.map(({ event }) => event);
  assert.deepEqual(events(), ["appointment_confirmation", "appointment_confirmation"]);
  await salon.advance(24 * HOUR_MS);
  assert.deepEqual(events().slice(2), ["appointment_reminder_24h"]);
  await salon.advance(22 * HOUR_MS);
  assert.deepEqual(events().slice(3), ["appointment_reminder_2h"]);
  await salon.advance(72 * HOUR_MS);
  assert.equal(events().length, 4);
});
