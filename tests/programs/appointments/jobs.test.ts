import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { CompiledQuery } from "kysely";

import { formatUtc } from "../../../src/domain/zone.ts";
import { openEmpty } from "../../support/stores.ts";

import { type Json, type Salon, openForBusiness, openSalon } from "./salon.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Runs a job now, and gives what it came to. */
async function run(salon: Salon, job: string): Promise<Json> {
  await salon.post(`/v1/timetable/${job}/run-now`);
  await salon.drain();
  const [latest] = (await salon.get(`/v1/timetable/${job}/runs`))["data"] as Json[];
  assert.equal(latest?.["status"], "succeeded", JSON.stringify(latest));
  return latest?.["result"] as Json;
}

test("the timetable is the one that salons know", async () => {
  const salon = await openSalon();
  const { data } = await salon.get("/v1/timetable");
  const jobs = (data as Json[]).map(({ name, rule, queue, timezone }) =>
    [name, rule, queue, timezone].join(" | "),
  );
  assert.deepEqual(jobs.toSorted(), [
    "aggregate-business-review-stats |  | reviews | UTC",
    "check-appointment-reminders | */5 * * * * | appointments | UTC",
    "check-database-health |  | maintenance | UTC",
    "cleanup-expired-appointments | 0 3 * * * | maintenance | UTC",
    "cleanup-old-notifications | 0 2 * * 1 | maintenance | UTC",
    "cleanup-stale-chatrooms | 0 4 1 * * | maintenance | UTC",
    "generate-daily-statistics | 0 1 * * * | maintenance | UTC",
    "mark-missed-appointments |  | appointments | UTC",
    "process-completed-appointments | 0 10 * * * | reviews | UTC",
    "retry-failed-notifications | 0 * * * * | notifications | UTC",
    "send-review-reminder |  | reviews | UTC",
    "update-business-statistics |  | maintenance | UTC",
  ]);
});

describe("what the five-minute job heals", () => {
  for (const name of ["sqlite in memory", "postgres"] as const) {
    test(`what somebody wrote into the tables themselves (${name})`, async () => {
      const { store, close } = await openEmpty(name);
      const salon = await openSalon({ store });
      const parties = await openForBusiness(salon);
      const moved = await book(salon, parties, 30);
      const cancelled = await book(salon, parties, 31);
      const deleted = await book(salon, parties, 32);
      const copied = await book(salon, parties, 33);
      const write = (text: string) => writeByHand(salon, text);
      const own = (one: Json) => `code = '${String(one["confirmation_code"])}'`;
      await write(
        `update appointments set starts_at = starts_at + ${HOUR_MS}, ends_at = ends_at + ${HOUR_MS} where ${own(moved)}`,
      );
      await write(`update appointments set status = 'cancelled' where ${own(cancelled)}`);
      await write(`delete from appointments where ${own(deleted)}`);
      await write(
        `insert into appointments (id, workspace_id, business_id, client_id, status, code, starts_at, ends_at, created_at, updated_at) select 987654321, workspace_id, business_id, client_id, 'confirmed', 'BYHAND', starts_at, ends_at, ${salon.clock.now()}, updated_at from appointments where ${own(copied)}`,
      );
      const result = await run(salon, "check-appointment-reminders");
      assert.deepEqual(result, { planned: 3, failed: 0, withdrawn: 0 });
      const startsAt = salon.clock.now() + 31 * HOUR_MS;
      const planned = (await salon.messages(moved["id"])).filter(({ status }) => status === "planned");
      assert.deepEqual(
        planned.map(({ kind, at }) => [kind, at]),
        [
          ["24h", formatUtc(startsAt - DAY_MS)],
          ["2h", formatUtc(startsAt - 2 * HOUR_MS)],
        ],
      );
      assert.deepEqual(await salon.told(cancelled["id"]), [
        "confirmation sent",
        "24h withdrawn",
        "2h withdrawn",
      ]);
      const { data } = await salon.get("/v1/appointments?code=BYHAND");
      const byHand = (data as Json[])[0]?.["id"];
      assert.deepEqual(await salon.told(byHand), ["confirmation sent", "24h planned", "2h planned"]);
      assert.deepEqual(await run(salon, "check-appointment-reminders"), {
        planned: 0,
        failed: 0,
        withdrawn: 0,
      });
      // What was deleted is found when its reminder is near.
      salon.clock.jump(7.6 * HOUR_MS);
      await salon.advance(60_000);
      await run(salon, "check-appointment-reminders");
      const { data: canceled } = await salon.get(
        "/v1/notifications?event=appointment_reminder_24h&status=canceled",
      );
      assert.deepEqual(
        (canceled as Json[])
          .map(({ data }) => (data as Json)["starts_at"])
          .filter((at) => at === deleted["starts_at"]),
        [deleted["starts_at"]],
      );
      // A day and more of a networked store's timers would take minutes.
      if (name !== "postgres") await sendAndCheck(salon, moved, copied, deleted);
      await salon.engine.stop(1000);
      await close();
    });
  }
});

describe("who did not come", () => {
  test("is marked an hour after the start, and told once; a system that knows no missed ones reads cancelled", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon, { reminders: [] });
    const missed = await book(salon, parties, 1);
    const came = await book(salon, parties, 1.2);
    await salon.advance(1.5 * HOUR_MS);
    await salon.post(`/v1/appointments/${String(came["id"])}/start`, {});
    assert.equal((await run(salon, "mark-missed-appointments"))["marked"], 0);
    await salon.advance(0.6 * HOUR_MS);
    assert.deepEqual(await run(salon, "mark-missed-appointments"), {
      marked: 1,
      status: "no_show",
      booking_status: "CANCELLED",
    });
    assert.equal((await run(salon, "mark-missed-appointments"))["marked"], 0);
    const shown = await salon.get(`/v1/appointments/${String(missed["id"])}`);
    assert.deepEqual([shown["status"], shown["booking_status"]], ["no_show", "CANCELLED"]);
    assert.deepEqual(await salon.told(missed["id"]), ["confirmation sent", "missed sent"]);
  });
});

describe("reviews", () => {
  test("are asked for once, of the day's completed appointments, and again after seven days of those who left none", async () => {
    const salon = await openSalon({ startAt: Date.UTC(2026, 11, 1, 8) });
    const parties = await openForBusiness(salon, {
      reminders: [],
      quiet_hours: { from: "02:00", to: "02:30" },
    });
    const silent = await completed(salon, parties);
    const other = await salon.post("/v1/clients", { name: "Ben", phone: "+12125550133" });
    const answered = await completed(salon, { ...parties, clientId: String(other["id"]) });
    // At ten the day's run comes by itself.
    await salon.advance(2.1 * HOUR_MS);
    const asked = () => salon.letters.sms.letters.filter(({ event }) => event === "review_request").length;
    assert.equal(asked(), 2);
    assert.equal((await run(salon, "process-completed-appointments"))["asked"], 0);
    await salon.post("/v1/reviews", { appointment_id: answered["id"], rating: 5 });
    // One who has reviewed the business is not asked again.
    await completed(salon, { ...parties, clientId: String(other["id"]) });
    assert.equal((await run(salon, "process-completed-appointments"))["asked"], 0);

    assert.equal((await run(salon, "send-review-reminder"))["reminded"], 0);
    salon.clock.jump(7 * DAY_MS);
    await salon.advance(60_000);
    assert.equal((await run(salon, "send-review-reminder"))["reminded"], 1);
    assert.equal((await run(salon, "send-review-reminder"))["reminded"], 0);
    assert.deepEqual((await salon.told(silent["id"])).slice(-2), [
      "review_request sent",
      "review_reminder sent",
    ]);
    assert.equal(asked(), 2);
  });

  test("are added up anew from the reviews themselves", async () => {
    const salon = await openSalon();
    const { businessId, clientId } = await openForBusiness(salon);
    await salon.post("/v1/reviews", { business_id: businessId, client_id: clientId, rating: 4 });
    await writeByHand(salon, "update review_aggregates set reviews = 7, rating_sum = 7");
    assert.deepEqual(await run(salon, "aggregate-business-review-stats"), { businesses: 1 });
    const business = await salon.get(`/v1/businesses/${businessId}`);
    assert.deepEqual([business["review_count"], business["average_rating"]], [1, 4]);
  });
});

for (const name of ["sqlite in memory", "postgres"] as const) {
  test(`a day and a business are counted, and what was counted is kept (${name})`, async () => {
    const { store, close } = await openEmpty(name);
    const salon = await openSalon({ store, startAt: Date.UTC(2026, 11, 1, 8) });
    const parties = await openForBusiness(salon, { reminders: [] });
    await completed(salon, parties);
    const { id } = await book(salon, parties, 3);
    await salon.post(`/v1/appointments/${String(id)}/cancel`, {});
    await salon.post("/v1/reviews", {
      business_id: parties.businessId,
      client_id: parties.clientId,
      rating: 3,
    });
    // The run at one in the morning counts the day before.
    salon.clock.jump(17 * HOUR_MS);
    await salon.advance(60_000);
    const { data } = await salon.get("/v1/appointments/statistics");
    const [{ counted_at: _at, ...day } = {}] = data as Json[];
    assert.deepEqual(day, {
      day: "2026-12-01",
      timezone: "UTC",
      appointments: 2,
      by_status: { cancelled: 1, completed: 1 },
      new_clients: 1,
      new_businesses: 1,
      active_businesses: 1,
      reviews: 1,
      average_rating: 3,
    });
    assert.equal((await salon.ask("GET", `/v1/businesses/${parties.businessId}/statistics`)).statusCode, 404);
    await run(salon, "update-business-statistics");
    const { counted_at: _when, ...business } = await salon.get(
      `/v1/businesses/${parties.businessId}/statistics`,
    );
    assert.deepEqual(business, {
      business_id: parties.businessId,
      appointments: 2,
      by_status: { cancelled: 1, completed: 1 },
      completion_rate: 0.5,
      review_count: 1,
      average_rating: 3,
    });
    const health = await run(salon, "check-database-health");
    assert.equal(health["database"], name === "postgres" ? "postgres" : "sqlite");
    assert.ok(Number(health["bytes"]) > 0);
    assert.ok(Object.keys(health["tables"] as Json).length > 10);
    assert.deepEqual(health["hints"], []);

    salon.clock.jump(370 * DAY_MS);
    await salon.advance(60_000);
    assert.equal((await run(salon, "cleanup-expired-appointments"))["archived"], 2);
    await salon.post("/v1/chat-rooms", { business_id: parties.businessId, client_id: parties.clientId });
    assert.equal((await run(salon, "cleanup-stale-chatrooms"))["archived"], 0);
    salon.clock.jump(190 * DAY_MS);
    await salon.advance(60_000);
    assert.equal((await run(salon, "cleanup-stale-chatrooms"))["archived"], 1);
    const archived = (await salon.get("/v1/appointments?is_active=false"))["data"] as Json[];
    assert.equal(archived.length, 2);
    await salon.engine.stop(1000);
    await close();
  });
}

test("notifications that were told are removed after ninety days, failed ones after thirty", async () => {
  const salon = await openSalon();
  const parties = await openForBusiness(salon, { reminders: [] });
  await book(salon, parties, 2);
  salon.letters.sms.answer = () => ({ kind: "failed", code: "blocked", detail: "Blocked." });
  await book(salon, parties, 3);
  salon.clock.jump(31 * DAY_MS);
  await salon.advance(60_000);
  assert.equal((await run(salon, "cleanup-old-notifications"))["removed"], 1);
  salon.clock.jump(60 * DAY_MS);
  await salon.advance(60_000);
  assert.equal((await run(salon, "cleanup-old-notifications"))["removed"], 1);
});

async function sendAndCheck(salon: Salon, moved: Json, copied: Json, deleted: Json): Promise<void> {
  await salon.advance(25.4 * HOUR_MS);
  const events = salon.letters.sms.letters.map(({ data: { starts_at: at }, event }) => `${event} ${at}`);
  const of = (one: Json, hours = 0) => formatUtc(Date.parse(String(one["starts_at"])) + hours * HOUR_MS);
  assert.deepEqual(
    events.filter((event) => event.startsWith("appointment_reminder_2h")),
    [moved, copied, copied].map((one, index) => `appointment_reminder_2h ${of(one, index === 0 ? 1 : 0)}`),
  );
  assert.equal(events.filter((event) => event.endsWith(of(deleted))).length, 1, "its confirmation alone");
}

/** What somebody does who has a prompt of the database. */
async function writeByHand(salon: Salon, text: string): Promise<void> {
  const statement = salon.store.sql<object>().query<object, never>(() => ({
    compile: () => CompiledQuery.raw(text),
  }));
  await salon.store.run("write by hand", () => statement({}));
}

async function completed(salon: Salon, parties: Readonly<Record<string, string>>): Promise<Json> {
  const booked = await book(salon, parties, 0.1);
  salon.clock.jump(0.2 * HOUR_MS);
  await salon.advance(60_000);
  return salon.post(`/v1/appointments/${String(booked["id"])}/complete`, {});
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
