import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatUtc } from "../../../src/domain/zone.ts";

import { type Json, type Salon, allLetters, openForBusiness, openSalon } from "./salon.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

describe("how a client is told", () => {
  test("by the way that the client chose, else by the business's, else by one that there is", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon, { channel: "push" });
    const channels = async (client: Json) => {
      const { id } = await salon.post("/v1/clients", { name: "Ben", ...client });
      const booked = await book(salon, { ...parties, clientId: String(id) }, 5);
      return (await salon.messages(booked["id"])).map(({ kind, channel, reason }) =>
        [kind, channel ?? reason].join(" "),
      );
    };
    const all = { phone: "+12125550111", email: "ben@example.com", recipient_id: "uid-ben" };
    const late = "24h too_late";
    const sorted = (words: readonly string[]) => words.toSorted();
    assert.deepEqual(sorted(await channels(all)), [late, "2h push", "confirmation push"]);
    assert.deepEqual(sorted(await channels({ ...all, channel: "email" })), [
      late,
      "2h email",
      "confirmation email",
    ]);
    assert.deepEqual(sorted(await channels({ phone: "+12125550111" })), [late, "2h sms", "confirmation sms"]);
    // A call recalls; that something was booked is no reason to ring.
    assert.deepEqual(sorted(await channels({ ...all, channel: "call" })), [
      late,
      "2h call",
      "confirmation push",
    ]);
    assert.deepEqual(sorted(await channels({ email: "ben@example.com", channel: "call" })), [
      late,
      "2h email",
      "confirmation email",
    ]);
    assert.deepEqual(sorted(await channels({})), [late, "2h no_address", "confirmation no_address"]);
  });

  test("in words with the business's local time, and with what an app needs", async () => {
    const salon = await openSalon({ startAt: Date.UTC(2026, 10, 30, 15) });
    const parties = await openForBusiness(salon);
    const booked = await salon.post("/v1/appointments", {
      ...fields(parties),
      starts_at: "2026-12-01T10:00:00",
    });
    const [letter] = salon.letters.sms.letters;
    assert.equal(
      letter?.body,
      `Ann, Haircut at Aurora is confirmed for Tuesday 1 December, 10:00. Code ${String(booked["confirmation_code"])}.`,
    );
    assert.deepEqual(letter?.data, {
      appointment_id: booked["id"],
      business_id: parties.businessId,
      kind: "confirmation",
      starts_at: "2026-12-01T15:00:00Z",
    });
    await salon.post(`/v1/appointments/${String(booked["id"])}/move`, { starts_at: "2026-12-02T11:30:00" });
    assert.match(
      salon.letters.sms.letters[1]?.body ?? "",
      /Haircut at Aurora is now on Wednesday 2 December, 11:30\./,
    );
  });

  test("a call recalls, and what the client says in it is noted", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(
      salon,
      { reminders: ["2h"] },
      { channel: "call", recipient_id: null },
    );
    // The sandbox's number ending in 00 answers and confirms.
    const confirmed = await book(salon, parties, 3);
    const { data } = await salon.get("/v1/calls?purpose=appointment_reminder");
    const [call] = data as Json[];
    assert.deepEqual(
      [call?.["to"], call?.["due_at"], (call?.["metadata"] as Json | undefined)?.["appointment_id"]],
      ["+12125550100", formatUtc(salon.clock.now() + HOUR_MS), confirmed["id"]],
    );
    await salon.advance(HOUR_MS + 5 * MINUTE_MS);
    const after = await salon.get(`/v1/appointments/${String(confirmed["id"])}`);
    assert.deepEqual([after["status"], typeof after["client_confirmed_at"]], ["confirmed", "string"]);
    assert.deepEqual(await salon.told(confirmed["id"]), ["confirmation sent", "2h sent"]);
    const answered = (await salon.engine.listEvents(salon.actor, null, 200, ["appointment.answered"])).data;
    assert.equal(answered.length, 1);
  });

  test("a call for an appointment that moved is canceled, and another one made", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon, { reminders: ["2h"] }, { channel: "call" });
    const { id } = await book(salon, parties, 5);
    const startsAt = salon.clock.now() + 6 * HOUR_MS;
    await salon.post(`/v1/appointments/${String(id)}/move`, { starts_at: formatUtc(startsAt) });
    const { data } = await salon.get("/v1/calls?purpose=appointment_reminder");
    assert.deepEqual(
      (data as Json[]).map(({ status, due_at: due }) => `${String(status)} ${String(due)}`).toSorted(),
      [`canceled ${formatUtc(startsAt - 3 * HOUR_MS)}`, `scheduled ${formatUtc(startsAt - 2 * HOUR_MS)}`],
    );
    await salon.post(`/v1/appointments/${String(id)}/cancel`, {});
    await salon.advance(5 * HOUR_MS);
    const calls = (await salon.get("/v1/calls?purpose=appointment_reminder"))["data"] as Json[];
    assert.deepEqual(
      calls.map(({ status, attempts }) => [status, attempts]),
      [
        ["canceled", 0],
        ["canceled", 0],
      ],
    );
  });

  test("after a pause what is late is still told while it is of use, and what is not expires where it can be seen", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon, { reminders: ["4h", "1h"] });
    const useful = await book(salon, parties, 6);
    const useless = await book(salon, parties, 4.5);
    // Suspended from before the first reminders until three and a half hours later.
    salon.clock.jump(3.6 * HOUR_MS);
    await salon.advance(2 * MINUTE_MS);
    assert.deepEqual(await salon.told(useful["id"]), ["confirmation sent", "4h sent", "1h planned"]);
    assert.deepEqual(await salon.told(useless["id"]), ["confirmation sent", "4h expired", "1h sent"]);
  });

  test("a change of the business or the client replaces what waits, and repeats nothing", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon, { reminders: ["2h"] });
    const { id } = await book(salon, parties, 5);
    await salon.patch(`/v1/clients/${parties.clientId}`, { channel: "email" });
    await salon.patch(`/v1/businesses/${parties.businessId}`, { reminders: ["3h"] });
    assert.deepEqual(await salon.told(id), ["confirmation sent", "3h planned", "2h withdrawn"]);
    await salon.patch(`/v1/businesses/${parties.businessId}`, { reminders: ["2h"], name: "Borealis" });
    assert.deepEqual(await salon.told(id), ["confirmation sent", "3h withdrawn", "2h planned"]);
    await salon.advance(4 * HOUR_MS);
    assert.deepEqual(
      allLetters(salon.letters).map(({ channel, event }) => `${channel} ${event}`),
      ["email appointment_reminder_2h", "sms appointment_confirmation"],
    );
    assert.match(salon.letters.email.letters[0]?.body ?? "", /at Borealis/);
  });

  test("back at its first time, it is told anew: the client believes the second one", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon);
    const { id, starts_at: first } = await book(salon, parties, 5);
    await salon.post(`/v1/appointments/${String(id)}/move`, {
      starts_at: formatUtc(salon.clock.now() + 6 * HOUR_MS),
    });
    await salon.post(`/v1/appointments/${String(id)}/move`, { starts_at: first });
    assert.equal(salon.letters.sms.letters.length, 3);
    await salon.advance(5 * HOUR_MS);
    const events = salon.letters.sms.letters.map(({ event }) => event);
    assert.deepEqual(events.slice(3), ["appointment_reminder_2h"]);
  });

  test("a message that nobody takes keeps nobody from booking, and says why", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon, { reminders: ["2h"] }, { channel: "call" });
    salon.letters.sms.answer = () => ({ kind: "failed", code: "blocked", detail: "The number is blocked." });
    const { id } = await book(salon, { ...parties, clientId: await smsClient(salon) }, 5);
    assert.deepEqual(await salon.told(id), ["confirmation failed", "2h planned"]);
  });
});

async function smsClient(salon: Salon): Promise<string> {
  const { id } = await salon.post("/v1/clients", { name: "Cleo", phone: "+12125550122" });
  return String(id);
}

function fields({ businessId, clientId, serviceId }: Readonly<Record<string, string>>): Json {
  return { business_id: businessId, client_id: clientId, service_id: serviceId };
}

async function book(salon: Salon, parties: Readonly<Record<string, string>>, inHours: number): Promise<Json> {
  const starts_at = formatUtc(salon.clock.now() + inHours * HOUR_MS);
  return salon.post("/v1/appointments", { ...fields(parties), starts_at });
}
