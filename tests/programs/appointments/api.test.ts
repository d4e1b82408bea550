import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatUtc } from "../../../src/domain/zone.ts";
import { openEmpty } from "../../support/stores.ts";

import { type Json, type Salon, openForBusiness, openSalon } from "./salon.ts";

const HOUR_MS = 3_600_000;

for (const name of ["sqlite in memory", "postgres"] as const) {
  test(`the resources are made, listed, changed with their ETags and removed (${name})`, async () => {
    const { store, close } = await openEmpty(name);
    const salon = await openSalon({ store });
    const { ask } = salon;
    const { businessId, serviceId, clientId } = await openForBusiness(
      salon,
      { external_id: "aurora", reminders: ["1d", "90m"], quiet_hours: { from: "21:00", to: "08:00" } },
      { external_id: "ann" },
    );
    const business = await salon.get("/v1/businesses/aurora");
    assert.equal(business["id"], businessId);
    assert.deepEqual(
      [business["reminders"], business["quiet_hours"], business["average_rating"], business["send_missed"]],
      [["1d", "90m"], { from: "21:00", to: "08:00" }, null, true],
    );
    assert.equal((await salon.get("/v1/clients?phone=%2B12125550100"))["data"] !== undefined, true);
    for (const query of ["phone=%2B12125550100", "email=ANN@example.com", "recipient_id=uid-ann"]) {
      const { data } = await salon.get(`/v1/clients?${query}`);
      assert.deepEqual(
        (data as Json[]).map(({ id, email }) => [id, email]),
        [[clientId, "ann@example.com"]],
        query,
      );
    }
    assert.deepEqual((await salon.get("/v1/clients?phone=%2B12125550199"))["data"], []);

    const patched = await ask(
      "PATCH",
      "/v1/clients/ann",
      { name: "Ann Lee", channel: "email" },
      { "if-match": '"1"' },
    );
    assert.deepEqual(
      [patched.statusCode, patched.json().name, patched.json().version, patched.headers["etag"]],
      [200, "Ann Lee", 2, '"2"'],
    );
    const stale = await ask("PATCH", "/v1/clients/ann", { name: "Ann" }, { "if-match": '"1"' });
    assert.equal(stale.statusCode, 412);
    assert.equal((await salon.get(`/v1/services/${serviceId}`))["duration"], "45m");

    const appointment = await book(salon, { businessId: "aurora", clientId: "ann", serviceId }, 72);
    assert.match(String(appointment["confirmation_code"]), /^[A-HJ-KM-NP-Z2-9]{6}$/);
    const id = String(appointment["id"]);
    const found = await salon.get(`/v1/appointments?code=${String(appointment["confirmation_code"])}`);
    assert.deepEqual(
      (found["data"] as Json[]).map((one) => one["id"]),
      [id],
    );

    const review = await salon.post("/v1/reviews", { appointment_id: id, rating: 4, comment: "Good." });
    assert.equal((await ask("POST", "/v1/reviews", { appointment_id: id, rating: 5 })).statusCode, 409);
    await salon.patch(`/v1/reviews/${String(review["id"])}`, { rating: 5 });
    await salon.post("/v1/reviews", { business_id: businessId, client_id: clientId, rating: 2 });
    const rated = await salon.get(`/v1/businesses/${businessId}`);
    assert.deepEqual(
      [rated["review_count"], rated["average_rating"], rated["rating_distribution"]],
      [2, 3.5, { 1: 0, 2: 1, 3: 0, 4: 0, 5: 1 }],
    );
    assert.equal((await ask("DELETE", `/v1/reviews/${String(review["id"])}`)).statusCode, 204);
    assert.equal((await salon.get(`/v1/businesses/${businessId}`))["average_rating"], 2);

    const opened = await ask("POST", "/v1/chat-rooms", { business_id: businessId, client_id: clientId });
    assert.equal(opened.statusCode, 201);
    const again = await ask("POST", "/v1/chat-rooms", { business_id: businessId, client_id: clientId });
    assert.deepEqual([again.statusCode, again.json().id], [200, opened.json().id]);

    for (const path of [`businesses/${businessId}`, `clients/${clientId}`, `services/${serviceId}`])
      assert.equal((await ask("DELETE", `/v1/${path}`)).json().code, "in_use", path);
    const spare = await salon.post("/v1/clients", { name: "Nobody" });
    assert.equal((await ask("DELETE", `/v1/clients/${String(spare["id"])}`)).statusCode, 204);
    assert.equal((await ask("GET", `/v1/clients/${String(spare["id"])}`)).statusCode, 404);
    await salon.engine.stop(1000);
    await close();
  });
}

describe("an appointment", () => {
  test("is listed by its start, with filters and pages", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon);
    const ids: unknown[] = [];
    for (const hours of [80, 50, 65]) ids.push((await book(salon, parties, hours))["id"]);
    const list = async (query: string) =>
      (await salon.get(`/v1/appointments?${query}`)) as { data: Json[] } & Json;
    const all = await list("");
    assert.deepEqual(
      all.data.map(({ id }) => id),
      [ids[1], ids[2], ids[0]],
    );
    const first = await list("limit=2&status=confirmed");
    assert.deepEqual([first.data.length, first["has_more"]], [2, true]);
    const next = await list(`limit=2&status=confirmed&cursor=${String(first["next_cursor"])}`);
    assert.deepEqual(
      next.data.map(({ id }) => id),
      [ids[0]],
    );
    const other = await salon.ask("GET", `/v1/appointments?cursor=${String(first["next_cursor"])}`);
    assert.equal(other.json().code, "invalid_cursor");
    const until = formatUtc(salon.clock.now() + 60 * HOUR_MS);
    assert.deepEqual(
      (await list(`starts_before=${until}`)).data.map(({ id }) => id),
      [ids[1]],
    );
    assert.deepEqual((await list(`business_id=${parties.businessId}&staff=Leo`)).data, []);
    assert.deepEqual((await list("client_id=nobody")).data, []);
  });

  test("does what its status allows, and says what that is", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon);
    const { id } = await book(salon, parties, 30, { status: "pending" });
    const verb = async (name: string) => {
      const answer = await salon.ask("POST", `/v1/appointments/${String(id)}/${name}`, {});
      return answer.statusCode === 200 ? answer.json().status : answer.json().code;
    };
    assert.equal(await verb("start"), "appointment_state");
    assert.equal(await verb("confirm"), "confirmed");
    assert.equal(await verb("no-show"), "appointment_state", "it has not begun");
    assert.equal(await verb("start"), "in_progress");
    assert.equal(await verb("confirm"), "appointment_state");
    assert.equal(await verb("complete"), "completed");
    assert.equal(await verb("cancel"), "appointment_state");
    const shown = await salon.get(`/v1/appointments/${String(id)}`);
    assert.deepEqual([shown["booking_status"], typeof shown["completed_at"]], ["COMPLETED", "string"]);
    const types = (await salon.engine.listEvents(salon.actor, null, 200)).data.map(({ type }) => type);
    assert.deepEqual(
      types.filter((type) => type.startsWith("appointment.")),
      ["appointment.booked", "appointment.confirmed", "appointment.started", "appointment.completed"],
    );
  });

  for (const name of ["sqlite in memory", "postgres"] as const)
    test(`takes the time of whoever serves once, also when two ask at the same moment (${name})`, async () => {
      const { store, close } = await openEmpty(name);
      const salon = await openSalon({ store });
      const parties = await openForBusiness(salon);
      const startsAt = salon.clock.now() + 30 * HOUR_MS;
      const body = (minutes: number, staff: string) => ({
        ...fields(parties),
        starts_at: formatUtc(startsAt + minutes * 60_000),
        staff,
      });
      const both = await Promise.all([
        salon.ask("POST", "/v1/appointments", body(0, "Maya")),
        salon.ask("POST", "/v1/appointments", body(30, "Maya")),
      ]);
      assert.deepEqual(
        both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b),
        [201, 409],
      );
      const taken = both.find(({ statusCode }) => statusCode === 409)?.json();
      const made = both.find(({ statusCode }) => statusCode === 201)?.json();
      assert.deepEqual([taken.code, taken.appointment_id], ["slot_taken", made.id]);
      assert.equal((await salon.ask("POST", "/v1/appointments", body(15, "Leo"))).statusCode, 201);
      const after = await salon.post("/v1/appointments", body(90, "Maya"));
      const move = { starts_at: formatUtc(startsAt + 20 * 60_000) };
      const moved = await salon.ask("POST", `/v1/appointments/${String(after["id"])}/move`, move);
      assert.equal(moved.json().code, "slot_taken");
      await salon.post(`/v1/appointments/${String(made.id)}/cancel`, { by: "client" });
      assert.equal(
        (await salon.post(`/v1/appointments/${String(after["id"])}/move`, move))["status"],
        "confirmed",
      );
      await salon.engine.stop(1000);
      await close();
    });

  test("is read in the business's local time; one that the clocks skip is refused", async () => {
    const salon = await openSalon({ startAt: Date.UTC(2027, 2, 10, 15) });
    const parties = await openForBusiness(salon);
    const at = async (starts_at: string) =>
      salon.ask("POST", "/v1/appointments", { ...fields(parties), starts_at });
    const before = (await at("2027-03-13T10:00:00")).json();
    const after = (await at("2027-03-14T10:00:00")).json();
    assert.deepEqual(
      [before.starts_at, before.starts_at_local, after.starts_at, after.starts_at_local],
      [
        "2027-03-13T15:00:00Z",
        "2027-03-13T10:00:00-05:00",
        "2027-03-14T14:00:00Z",
        "2027-03-14T10:00:00-04:00",
      ],
    );
    assert.equal((await at("2027-03-14T02:30:00")).json().code, "local_time_skipped");
    assert.equal((await at("2027-03-09T10:00:00")).json().code, "time_in_past");
    assert.equal((await at("2030-03-09T10:00:00")).json().code, "time_too_far");
    assert.equal((await at("tomorrow")).json().code, "time_invalid");
  });

  test("names parties that exist, in this workspace, and has a length", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon);
    const { id: elsewhere } = await salon.post("/v1/businesses", {
      name: "Other",
      timezone: "Europe/Berlin",
    });
    const starts_at = formatUtc(salon.clock.now() + 30 * HOUR_MS);
    const refused = async (change: Json) => {
      const answer = await salon.ask("POST", "/v1/appointments", {
        ...fields(parties),
        starts_at,
        ...change,
      });
      const { code, errors } = answer.json();
      return [answer.statusCode, code, errors?.[0]?.pointer];
    };
    assert.deepEqual(await refused({ business_id: "biz_0" }), [422, "reference_unknown", "/business_id"]);
    assert.deepEqual(await refused({ client_id: "zoe" }), [422, "reference_unknown", "/client_id"]);
    assert.deepEqual(await refused({ business_id: elsewhere }), [422, "reference_unknown", "/service_id"]);
    assert.deepEqual(await refused({ duration: "25h" }), [422, "invalid_body", "/duration"]);
    const { service_id: _none, ...bare } = fields(parties);
    const endless = await salon.ask("POST", "/v1/appointments", { ...bare, starts_at });
    assert.deepEqual(endless.json().errors[0].pointer, "/duration");
    for (const [path, body] of [
      ["businesses", { name: "A", timezone: "Mars/Olympus" }],
      ["businesses", { name: "A", timezone: "UTC", reminders: ["4m"] }],
      ["businesses", { name: "A", timezone: "UTC", quiet_hours: { from: "21:00", to: "21:00" } }],
      ["clients", { name: "A", phone: "0171 123" }],
      ["clients", { name: "A", email: "nobody" }],
      ["clients", { name: "A", age: 7 }],
      ["services", { business_id: parties.businessId, name: "A", duration: "1h", price: "4,50" }],
    ] as const)
      assert.equal((await salon.ask("POST", `/v1/${path}`, body)).statusCode, 422, JSON.stringify(body));
  });

  test("its own id is taken once, and found by it", async () => {
    const salon = await openSalon();
    const parties = await openForBusiness(salon);
    const { id } = await book(salon, parties, 30, { external_id: "order 7" });
    const twin = await salon.ask("POST", "/v1/appointments", {
      ...fields(parties),
      starts_at: formatUtc(salon.clock.now() + 40 * HOUR_MS),
      external_id: "order 7",
    });
    assert.deepEqual([twin.json().code, twin.json().appointment_id], ["name_taken", id]);
    assert.equal((await salon.get("/v1/appointments/order%207"))["id"], id);
  });
});

function fields({ businessId, clientId, serviceId }: Readonly<Record<string, string>>): Json {
  return { business_id: businessId, client_id: clientId, service_id: serviceId };
}

async function book(
  salon: Salon,
  parties: Readonly<Record<string, string>>,
  inHours: number,
  more: Json = {},
): Promise<Json> {
  const starts_at = formatUtc(salon.clock.now() + inHours * HOUR_MS);
  return salon.post("/v1/appointments", { ...fields(parties), starts_at, ...more });
}
