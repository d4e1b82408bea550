import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Imported, type Json, openRenewals, phoneOf } from "./house.ts";

const header =
  "customer_code,name,phone,email,city,policy_number,policy_name,duration_months,base_premium,start_date,end_date";

function row(index: number, change: Partial<Record<string, string>> = {}): string {
  const cells: Record<string, string> = {
    customer_code: `C${index}`,
    name: `Customer ${index}`,
    phone: phoneOf(index),
    email: `c${index}@example.com`,
    city: "Pune",
    policy_number: "HP-12",
    policy_name: "Health Plus",
    duration_months: "12",
    base_premium: "12000.50",
    start_date: "2025-12-15",
    end_date: "2026-12-15",
    ...change,
  };
  return header
    .split(",")
    .map((name) => cells[name] ?? "")
    .join(",");
}

const counts = [
  "customers_created",
  "customers_updated",
  "policies_created",
  "customer_policies_created",
  "customer_policies_updated",
  "unchanged",
  "rejected",
] as const;

function countsOf(imported: Imported): readonly unknown[] {
  return counts.map((name) => imported[name]);
}

describe("an import", () => {
  test("makes customers, policies and what they hold; the same file again changes nothing", async () => {
    const house = await openRenewals();
    const rows = [1, 2, 3].map((index) => row(index));
    assert.deepEqual(countsOf(await house.importCsv(header, rows)), [3, 0, 1, 3, 0, 0, 0]);
    assert.deepEqual(countsOf(await house.importCsv(header, rows)), [0, 0, 0, 0, 0, 3, 0]);
    const [customer] = await house.get<Json[]>(`/api/customers?phone=${encodeURIComponent(phoneOf(2))}`);
    assert.deepEqual(
      [customer?.["name"], customer?.["customer_code"], customer?.["email"], customer?.["city"]],
      ["Customer 2", "C2", "c2@example.com", "Pune"],
    );
    const [held] = await house.get<Json[]>(`/api/customers/${String(customer?.["id"])}/policies`);
    assert.deepEqual(
      [held?.["policy_number"], held?.["start_date"], held?.["end_date"], held?.["premium_amount"]],
      ["HP-12", "2025-12-15", "2026-12-15", 12_000.5],
    );
  });

  test("changes what a row says anew, found by its code or its number, and leaves empty cells as they are", async () => {
    const house = await openRenewals();
    await house.importCsv(header, [row(1), row(2)]);
    const again = await house.importCsv(header, [
      row(1, { phone: phoneOf(91), name: "", city: "" }),
      row(2, { customer_code: "", end_date: "2027-01-31", email: "new@example.com" }),
    ]);
    assert.deepEqual(countsOf(again), [0, 2, 0, 0, 1, 0, 0]);
    const [first] = await house.get<Json[]>("/api/customers?customer_code=C1");
    assert.deepEqual(
      [first?.["phone"], first?.["name"], first?.["city"]],
      [phoneOf(91), "Customer 1", "Pune"],
    );
    const [second] = await house.get<Json[]>("/api/customers?customer_code=C2");
    assert.equal(second?.["email"], "new@example.com");
    const [held] = await house.get<Json[]>(`/api/customers/${String(second?.["id"])}/policies`);
    assert.equal(held?.["end_date"], "2027-01-31");
  });

  test("rejects rows that cannot be, each with its line and reason, and takes the others", async () => {
    const house = await openRenewals();
    await house.importCsv(header, [row(1)]);
    const imported = await house.importCsv(header, [
      row(2),
      row(3, { phone: "9.19877E+11" }),
      row(4, { name: "" }),
      row(5, { end_date: "15/12/2026" }),
      row(6, { start_date: "2027-01-01" }),
      row(7, { email: "nobody" }),
      row(8, { policy_number: "", policy_name: "" }),
      row(9, { policy_number: "NEW", duration_months: "" }),
      row(10, { customer_code: "C1" }),
      row(11, { phone: phoneOf(1) }),
      row(12, { duration_months: "0" }),
      `${row(13)},one more`,
    ]);
    assert.deepEqual(
      imported.rejected_rows.map(({ line }) => line),
      [3, 4, 5, 6, 7, 8, 9, 11, 12, 13],
    );
    const why = Object.fromEntries(imported.rejected_rows.map(({ line, reason }) => [line, reason]));
    assert.match(why[3] ?? "", /scientific notation/);
    assert.match(why[4] ?? "", /^name is empty/);
    assert.match(why[5] ?? "", /^end_date is no date such as 2027-01-15/);
    assert.equal(why[6], "end_date is before start_date");
    assert.match(why[7] ?? "", /^email/);
    assert.match(why[8] ?? "", /^policy_number is empty/);
    assert.match(why[9] ?? "", /^policy_number NEW is not known: create the policy first/);
    // Line 10 names C1 with another number, so that its own becomes free, for which line 11 asks.
    assert.match(why[11] ?? "", /passes from one customer to another/);
    assert.match(why[12] ?? "", /^duration_months/);
    assert.match(why[13] ?? "", /more cells/);
    assert.equal(imported["customers_created"], 1);
    assert.equal(imported["customers_updated"], 1);
  });

  test("a preview says the same, and writes nothing", async () => {
    const house = await openRenewals();
    const rows = Array.from({ length: 600 }, (_, index) => row(index));
    rows.push(row(599), row(600, { phone: "12" }));
    const preview = await house.importCsv(header, rows, true);
    assert.equal(preview["preview"], true);
    assert.deepEqual(await house.get("/api/customers"), []);
    assert.deepEqual(await house.get("/api/policies"), []);
    const imported = await house.importCsv(header, rows);
    assert.deepEqual({ ...preview, preview: false }, imported);
    assert.equal(imported["customers_created"], 600);
    assert.equal(imported.rejected, 1);
  });

  test("reads what spreadsheets write, and says which columns it has no use for", async () => {
    const house = await openRenewals();
    const text = "\uFEFFCustomer Name;Mobile Number;Policy No;Duration Months;Expiry Date;Agent\r\n";
    const body = `${text}"Rao; Asha";'+919123459999;HP;12;2026-12-20;Ravi\r\n`;
    const answer = await house.ask("POST", "/customers/import", body, { "content-type": "text/csv" });
    assert.equal(answer.statusCode, 200, answer.body);
    const imported = answer.json<Imported>();
    assert.deepEqual(countsOf(imported), [1, 0, 1, 1, 0, 0, 0]);
    assert.deepEqual(imported["unused_columns"], ["Agent"]);
    const { customers } = await house.get<{ customers: Json[] }>("/api/scheduler/pending-customers");
    assert.deepEqual(
      [customers[0]?.["customer_name"], customers[0]?.["customer_phone"]],
      ["Rao; Asha", "+919123459999"],
    );
  });

  test("a file that cannot be used as a whole is refused, and nothing is written", async () => {
    const house = await openRenewals();
    const send = (body: string, type = "text/csv") =>
      house.ask("POST", "/api/customers/import", body, { "content-type": type });
    const noPhone = await send("name,city\nAsha,Pune\n");
    assert.equal(noPhone.statusCode, 400);
    assert.match(
      noPhone.json<{ detail: string }>().detail,
      /no column "phone"; its columns are "name", "city"/,
    );
    assert.equal((await send("")).statusCode, 400);
    assert.equal((await send(`${header},phone\n${row(1)},x`)).statusCode, 400);
    assert.equal((await send('{"name":"Asha"}', "application/json")).statusCode, 415);
    assert.deepEqual(await house.get("/api/customers"), []);
  });
});

describe("customers and policies", () => {
  test("are created, read, listed, changed and removed", async () => {
    const house = await openRenewals();
    const policy = await house.post("/api/policies", {
      policy_number: "M-6",
      policy_name: "Motor",
      base_premium: 4000,
      base_sum_assured: 300_000,
      duration_months: 6,
    });
    const changed = await house.put(`/api/policies/${String(policy["id"])}`, { base_premium: 4200 });
    assert.equal(changed["base_premium"], 4200);
    assert.equal(changed["duration_months"], 6);
    const customer = await house.post("/api/customers", {
      name: "Asha Rao",
      phone: phoneOf(1),
      email: "asha@example.com",
      customer_code: "A-1",
      age: 41,
      city: "Pune",
      address: "1 MG Road",
    });
    const url = `/api/customers/${String(customer["id"])}`;
    assert.deepEqual(await house.get(url), customer);
    const cleared = await house.put(url, { email: null, city: "Mumbai" });
    assert.deepEqual([cleared["email"], cleared["city"], cleared["age"]], [null, "Mumbai", 41]);
    const held = await house.post(`${url}/policies`, { policy_id: policy["id"], start_date: "2026-08-31" });
    assert.equal(held["end_date"], "2027-02-28");
    assert.equal(held["premium_amount"], 4200);
    const heldUrl = `${url}/policies/${String(held["id"])}`;
    assert.equal((await house.put(heldUrl, { status: "cancelled" }))["status"], "cancelled");
    assert.equal((await house.get<Json[]>(`${url}/policies`)).length, 1);
    const inUse = await house.ask("DELETE", `/api/policies/${String(policy["id"])}`);
    assert.deepEqual([inUse.statusCode, inUse.json()], [400, { detail: "Policy is held by customers" }]);
    await house.remove(heldUrl);
    assert.equal((await house.ask("GET", heldUrl)).statusCode, 404);
    await house.remove(`/api/policies/${String(policy["id"])}`);
    await house.remove(url);
    assert.deepEqual((await house.ask("GET", url)).json(), { detail: "Customer not found" });
  });

  test("a number or a code is that of one customer", async () => {
    const house = await openRenewals();
    const first = await house.post("/api/customers", { name: "A", phone: phoneOf(1), customer_code: "A" });
    const second = await house.post("/api/customers", { name: "B", phone: phoneOf(2), customer_code: "B" });
    const refused = { detail: "A customer with this phone or customer_code exists already" };
    for (const body of [
      { name: "C", phone: phoneOf(1) },
      { name: "C", phone: phoneOf(3), customer_code: "A" },
    ]) {
      const answer = await house.ask("POST", "/api/customers", body);
      assert.deepEqual([answer.statusCode, answer.json()], [400, refused]);
    }
    const moved = await house.ask("PUT", `/api/customers/${String(second["id"])}`, { phone: phoneOf(1) });
    assert.deepEqual([moved.statusCode, moved.json()], [400, refused]);
    assert.equal(
      (await house.put(`/api/customers/${String(first["id"])}`, { phone: phoneOf(1) }))["phone"],
      phoneOf(1),
    );
    const wrong = await house.ask("POST", "/api/customers", { name: "", phone: "0171 1234567" });
    assert.equal(wrong.statusCode, 422);
    const { detail } = wrong.json<{ detail: { loc: string[] }[] }>();
    assert.deepEqual(
      detail.map(({ loc }) => loc.at(-1)),
      ["name", "phone"],
    );
  });

  test("lists go on where they ended", async () => {
    const house = await openRenewals();
    await house.importCsv(
      header,
      Array.from({ length: 5 }, (_, index) => row(index)),
    );
    const names: unknown[] = [];
    let url: string | undefined = "/api/customers?limit=2";
    for (let pages = 0; url !== undefined && pages < 5; pages += 1) {
      const answer = await house.ask("GET", url);
      names.push(...answer.json<Json[]>().map((one) => one["name"]));
      url = /<([^>]+)>; rel="next"/.exec(String(answer.headers["link"] ?? ""))?.[1];
    }
    assert.deepEqual(
      names,
      [0, 1, 2, 3, 4].map((index) => `Customer ${index}`),
    );
  });

  test("whoever is removed is called no more", async () => {
    const house = await openRenewals();
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    const call = await house.post<{ call_id: string }>("/api/scheduler/scheduled-calls", {
      customer_id: customer,
      scheduled_date: "2026-12-02",
    });
    await house.remove(`/api/customers/${customer}`);
    assert.equal((await house.get(`/v1/calls/${call.call_id}`))["status"], "canceled");
    assert.deepEqual(await house.get("/api/scheduler/scheduled-calls"), []);
  });
});
