import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { programs } from "../../src/programs/index.ts";
import { openStore } from "../../src/store/open.ts";
import { KeptMessenger } from "../support/kept-messenger.ts";
import { openHouse } from "../support/open-house.ts";
import { silentLog } from "../support/silent.ts";

type Json = Readonly<Record<string, unknown>>;

const phone = "+12125550137";
const planted = [
  "2125550137",
  "Quuxworth",
  "zebedee@quux.example",
  "uid-zebedee",
  "tok-zebedee-device",
  "allergic to quuxine",
];

function found(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.db($|-wal)/.test(name))
    .flatMap((name) => {
      const bytes = readFileSync(join(folder, name)).toString("latin1").toLowerCase();
      return planted.filter((one) => bytes.includes(one.toLowerCase())).map((one) => `${one} in ${name}`);
    });
}

test("a person whom every program knows is gone from the database file, by their number alone", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "carillon-erasure-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const store = await openStore(
    { kind: "sqlite", path: join(folder, "carillon.db") },
    { clock: { now: () => 0 } as never, log: silentLog },
  );
  t.after(() => store.close());
  const house = await openHouse({
    store,
    programs: await Promise.all(programs.map((load) => load())),
    messengers: {
      push: new KeptMessenger("push"),
      sms: new KeptMessenger("sms"),
      email: new KeptMessenger("email"),
    },
  });
  const post = async (url: string, body: Json): Promise<Json> => {
    const answer = await house.ask("POST", url, body);
    assert.ok(answer.statusCode < 300, `${url}: ${answer.body}`);
    return answer.json<Json>();
  };
  const name = "Zebedee Quuxworth";
  const email = "zebedee@quux.example";

  // A customer whose policy is renewed by phone …
  const customer = await post("/api/customers", { name, phone, email, city: "Quuxworth Falls" });
  const policy = await post("/api/policies", {
    policy_number: "P-1",
    policy_name: "Health Plus",
    base_premium: 100,
    base_sum_assured: 1000,
    duration_months: 12,
  });
  const today = new Date(house.clock.now()).toISOString().slice(0, 10);
  await post(`/api/customers/${String(customer["id"])}/policies`, {
    policy_id: policy["id"],
    start_date: "2026-01-01",
    end_date: today,
  });
  await post(`/api/calls/initiate/${String(customer["id"])}`, {});
  // … who is a client of a salon, told by app and by text message …
  const business = await post("/v1/businesses", { name: "Aurora", timezone: "UTC" });
  const service = await post("/v1/services", {
    business_id: business["id"],
    name: "Haircut",
    duration: "1h",
  });
  const client = await post("/v1/clients", { name, phone, email, recipient_id: "uid-zebedee" });
  await post("/v1/devices", {
    recipient_id: "uid-zebedee",
    token: "tok-zebedee-device",
    platform: "android",
  });
  await post("/v1/appointments", {
    business_id: business["id"],
    client_id: client["id"],
    service_id: service["id"],
    starts_at: new Date(house.clock.now() + 30 * 3_600_000).toISOString(),
    status: "confirmed",
    notes: "allergic to quuxine",
  });
  // … and whom somebody tells something else.
  await post("/v1/notifications", { channel: "email", event: "offer", address: email, body: `Dear ${name}` });
  await house.advance(10 * 60_000);
  assert.ok(found(folder).length >= 5, `the person was there: ${found(folder).join(", ")}`);

  const erasure = await post("/v1/people/erase", { numbers: [phone] });
  assert.equal(erasure["status"], "done");
  assert.deepEqual(found(folder), []);

  const notifications = await house.ask("GET", "/v1/notifications?status=pending");
  assert.deepEqual(notifications.json<{ data: unknown[] }>().data, [], "nothing is told to them any more");
  const appointments = (await house.ask("GET", "/v1/appointments")).json<{ data: Json[] }>().data;
  assert.equal(appointments.length, 1, "the appointment still counts");
  const again = await post("/v1/calls", { to: phone });
  await house.advance(60_000);
  const call = (await house.ask("GET", `/v1/calls/${String(again["id"])}`)).json<Json>();
  assert.equal(call["status"], "skipped", "and nobody calls them again");
});
