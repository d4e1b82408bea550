import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatUtc } from "../../../src/domain/zone.ts";
import { rotateEncryption } from "../../../src/engine/rotate-encryption.ts";
import { program } from "../../../src/programs/appointments/program.ts";
import { type EncryptionKey, createSecrets } from "../../../src/system/secrets.ts";

import { type Json, type Salon, allLetters, openForBusiness, openSalon } from "./salon.ts";

const HOUR_MS = 3_600_000;

describe("the example", () => {
  test("is a salon with two weeks of appointments, which is made once unless asked", async () => {
    const salon = await openSalon();
    const seeded = await salon.post("/v1/appointments/seed");
    assert.deepEqual([seeded["services"], seeded["clients"]], [6, 40]);
    const count = Number(seeded["appointments"]);
    assert.ok(count > 60 && count < 400, `${count} appointments`);
    assert.ok(Number(seeded["reviews"]) > 5);
    const rows = await everyAppointment(salon);
    assert.equal(rows.length, count);
    const days = new Set(rows.map((row) => String(row["starts_at_local"]).slice(0, 10)));
    assert.equal(days.size, 12, "two weeks without their Sundays");
    const now = formatUtc(salon.clock.now());
    for (const row of rows) {
      const local = String(row["starts_at_local"]).slice(11, 16);
      assert.ok(local >= "09:00" && local < "18:00", local);
      const isOver = String(row["ends_at"]) <= now;
      assert.equal(["completed", "cancelled", "no_show"].includes(String(row["status"])), isOver);
    }
    assert.deepEqual(allLetters(salon.letters), [], "nobody is told what was booked long ago");
    const business = await salon.get(`/v1/businesses/${String(seeded["business_id"])}`);
    assert.equal(business["review_count"], seeded["reviews"]);

    const again = await salon.ask("POST", "/v1/appointments/seed", {});
    assert.deepEqual([again.statusCode, again.json().code], [409, "not_empty"]);
    assert.notEqual(
      (await salon.post("/v1/appointments/seed", { beside: true }))["business_id"],
      seeded["business_id"],
    );
  });

  test("an appointment booked there for tomorrow is confirmed at once and recalled at its minutes; moving it moves them", async () => {
    const salon = await openSalon();
    await salon.post("/v1/appointments/seed");
    const [business] = (await salon.get("/v1/businesses"))["data"] as Json[];
    const [service] = (await salon.get("/v1/services?limit=1"))["data"] as Json[];
    const client = await salon.post("/v1/clients", { name: "Zoe", phone: "+13125550150" });
    // It is ten in the morning in New York; tomorrow at half past three.
    const booked = await salon.post("/v1/appointments", {
      business_id: business?.["id"],
      client_id: client["id"],
      service_id: service?.["id"],
      starts_at: "2026-12-02T15:30:00",
    });
    const sent = (): string[] =>
      salon.letters.sms.letters
        .filter(({ address }) => address === "+13125550150")
        .map(({ event, data }) => `${event} ${data["starts_at"]}`);
    assert.deepEqual(sent(), ["appointment_confirmation 2026-12-02T20:30:00Z"]);
    const plan = async () =>
      (await salon.messages(booked["id"]))
        .filter(({ status }) => status === "planned")
        .map(({ kind, at }) => `${String(kind)} ${String(at)}`);
    assert.deepEqual(await plan(), ["24h 2026-12-01T20:30:00Z", "2h 2026-12-02T18:30:00Z"]);
    await salon.post(`/v1/appointments/${String(booked["id"])}/move`, { starts_at: "2026-12-02T11:15:00" });
    assert.deepEqual(await plan(), ["24h 2026-12-01T16:15:00Z", "2h 2026-12-02T14:15:00Z"]);
    await salon.advance(Date.parse("2026-12-01T16:15:00Z") - salon.clock.now() - 1);
    assert.equal(sent().length, 2);
    await salon.advance(1);
    assert.deepEqual(sent().slice(2), ["appointment_reminder_24h 2026-12-02T16:15:00Z"]);
    salon.clock.jump(21.9 * HOUR_MS);
    await salon.advance(0.2 * HOUR_MS);
    assert.deepEqual(sent().slice(3), ["appointment_reminder_2h 2026-12-02T16:15:00Z"]);
  });
});

test("whoever asks to be forgotten is taken out, told nothing more, and still counted", async () => {
  const salon = await openSalon();
  const parties = await openForBusiness(salon);
  const booked = await salon.post("/v1/appointments", {
    business_id: parties.businessId,
    client_id: parties.clientId,
    service_id: parties.serviceId,
    starts_at: formatUtc(salon.clock.now() + 30 * HOUR_MS),
    notes: "Allergic to ammonia.",
  });
  await salon.post("/v1/reviews", { appointment_id: booked["id"], rating: 4, comment: "It was me, Ann." });
  const erased = await salon.ask("POST", "/v1/people/erase", { recipient_ids: ["uid-ann"] });
  assert.ok(erased.statusCode < 300, erased.body);
  await salon.drain();
  assert.equal((await salon.ask("GET", `/v1/clients/${parties.clientId}`)).statusCode, 404);
  assert.deepEqual((await salon.get("/v1/clients"))["data"], []);
  const shown = await salon.get(`/v1/appointments/${String(booked["id"])}`);
  assert.deepEqual([shown["notes"], shown["status"]], [null, "confirmed"]);
  const [review] = (await salon.get("/v1/reviews"))["data"] as Json[];
  assert.deepEqual([review?.["comment"], review?.["rating"]], [null, 4]);
  const told = (await salon.told(booked["id"])).filter((one) => one.endsWith("planned"));
  assert.deepEqual(told, []);
});

async function everyAppointment(salon: Salon): Promise<readonly Json[]> {
  const rows: Json[] = [];
  let cursor = "";
  for (;;) {
    const page = await salon.get(`/v1/appointments?limit=200${cursor}`);
    rows.push(...(page["data"] as Json[]));
    if (page["has_more"] !== true) return rows;
    cursor = `&cursor=${String(page["next_cursor"])}`;
  }
}

test("what is sealed is opened by the new keys alone after a rotation", async () => {
  const older: EncryptionKey = { id: "older", key: new Uint8Array(32).fill(1) };
  const newer: EncryptionKey = { id: "newer", key: new Uint8Array(32).fill(2) };
  const salon = await openSalon({ encryptionKeys: [older] });
  const parties = await openForBusiness(salon);
  const booked = await salon.post("/v1/appointments", {
    business_id: parties.businessId,
    client_id: parties.clientId,
    service_id: parties.serviceId,
    starts_at: formatUtc(salon.clock.now() + 30 * HOUR_MS),
    notes: "Allergic to ammonia.",
  });
  await salon.post("/v1/reviews", { appointment_id: booked["id"], rating: 4, comment: "It was me." });
  await salon.post(`/v1/appointments/${String(booked["id"])}/cancel`, { reason: "A cold." });
  await salon.engine.stop(0);
  const rewritten = await rotateEncryption(
    salon.store,
    createSecrets("a secret for tests alone", [newer, older]),
    () => {},
    program.sealed,
  );
  assert.ok(rewritten >= 3);
  const later = await openSalon({ encryptionKeys: [newer], store: salon.store });
  const client = await later.get(`/v1/clients/${parties.clientId}`);
  assert.deepEqual(
    [client["name"], client["phone"], client["email"]],
    ["Ann", "+12125550100", "ann@example.com"],
  );
  const shown = await later.get(`/v1/appointments/${String(booked["id"])}`);
  assert.deepEqual([shown["notes"], shown["cancellation_reason"]], ["Allergic to ammonia.", "A cold."]);
  const [review] = (await later.get("/v1/reviews"))["data"] as Json[];
  assert.equal(review?.["comment"], "It was me.");
});
