import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Json, type Salon, openForBusiness, openSalon } from "./salon.ts";

async function send(salon: Salon, noun: string, csv: string, query = "") {
  const answer = await salon.ask("POST", `/v1/${noun}/import${query}`, csv, { "content-type": "text/csv" });
  await salon.drain();
  return answer;
}

describe("a CSV file", () => {
  test("of each noun is taken row by row; bad rows are named with their line, and sent again it changes what is there", async () => {
    const salon = await openSalon();
    const businesses = await send(
      salon,
      "businesses",
      'external_id,name,timezone,reminders,channel\naurora,Aurora,America/New_York,"1d, 2h",sms\nx,X,Mars/Olympus,,\n',
    );
    assert.deepEqual(businesses.json(), {
      preview: false,
      rows: 2,
      created: 1,
      updated: 0,
      rejected: 1,
      errors: [{ line: 3, code: "timezone_unknown", detail: '"Mars/Olympus" is no IANA time zone.' }],
      unused_columns: [],
    });
    const clients = (
      await send(
        salon,
        "clients",
        "\uFEFFexternal_id;full name;Phone;firebase_uid;shoe size\nann;Ann;+12125550100;uid-ann;38\nben;Ben;0171;;\nann;Ann twice;;;\n",
      )
    ).json();
    assert.deepEqual(
      [
        clients.created,
        clients.rejected,
        clients.unused_columns,
        clients.errors.map(({ line, code }: Json) => [line, code]),
      ],
      [
        1,
        2,
        ["shoe size"],
        [
          [3, "phone_invalid"],
          [4, "name_taken"],
        ],
      ],
    );
    await send(salon, "services", "business,external_id,name,duration,price\naurora,cut,Haircut,45m,48.00\n");
    const appointments =
      "external_id,business,client,service,starts_at,staff\n1,aurora,ann,cut,2026-12-03T10:00:00,Maya\n2,aurora,ann,cut,2026-12-03T10:30:00,Maya\n3,aurora,zoe,cut,2026-12-04T10:00:00,\n";
    const preview = (await send(salon, "appointments", appointments, "?preview=true")).json();
    assert.deepEqual([preview.preview, preview.created, preview.rejected], [true, 2, 1]);
    assert.deepEqual((await salon.get("/v1/appointments"))["data"], []);
    const booked = (await send(salon, "appointments", appointments)).json();
    assert.deepEqual(
      [booked.created, booked.errors.map(({ line, code }: Json) => [line, code])],
      [
        1,
        [
          [3, "slot_taken"],
          [4, "reference_unknown"],
        ],
      ],
    );
    // Those who booked elsewhere know it; they are only reminded.
    assert.equal(salon.letters.sms.letters.length, 0);
    assert.deepEqual(await salon.told("1"), ["1d planned", "2h planned"]);
    const moved = (await send(salon, "appointments", appointments.replace("03T10:00", "03T12:00"))).json();
    assert.deepEqual([moved.created, moved.updated, moved.rejected], [1, 1, 1]);
    assert.equal((await salon.get("/v1/appointments/1"))["starts_at"], "2026-12-03T17:00:00Z");
    assert.equal(salon.letters.sms.letters.length, 0);
    // Moved by hand, it is another matter: the client knows the old time.
    await salon.post("/v1/appointments/1/move", { starts_at: "2026-12-03T13:00:00" });
    assert.deepEqual(
      salon.letters.sms.letters.map(({ event }) => event),
      ["appointment_confirmation"],
    );

    const reviews = (await send(salon, "reviews", "appointment_id,rating\n1,5\n1,4\n2,six\n")).json();
    assert.deepEqual([reviews.created, reviews.rejected], [1, 2]);
    const rooms = (await send(salon, "chat-rooms", "business_id,client_id\naurora,ann\naurora,ann\n")).json();
    assert.deepEqual([rooms.created, rooms.updated], [1, 1]);
  });

  test("can have the clients told that they were booked", async () => {
    const salon = await openSalon();
    const { businessId, clientId } = await openForBusiness(salon);
    const csv = `business_id,client_id,starts_at,duration\n${businessId},${clientId},2026-12-03T10:00:00Z,30m\n`;
    await send(salon, "appointments", csv, "?send_confirmations=true");
    assert.equal(salon.letters.sms.letters.length, 1);
  });

  test("without the columns it needs, or that is no CSV, changes nothing", async () => {
    const salon = await openSalon();
    const refused = async (csv: string, type = "text/csv") => {
      const answer = await salon.ask("POST", "/v1/clients/import", csv, { "content-type": type });
      return [answer.statusCode, answer.json().code];
    };
    assert.deepEqual(await refused("phone\n+12125550100\n"), [400, "csv_invalid"]);
    assert.deepEqual(await refused("name,full_name\nAnn,Ann\n"), [400, "csv_invalid"]);
    assert.deepEqual(await refused(""), [400, "csv_empty"]);
    assert.deepEqual(await refused("{}", "application/json"), [415, "unsupported_media_type"]);
    assert.deepEqual((await salon.get("/v1/clients"))["data"], []);
  });
});
