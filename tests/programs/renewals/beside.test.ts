import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { House, Plugged, ProgramActor } from "../../../src/ports/program.ts";
import { rotateEncryption } from "../../../src/engine/rotate-encryption.ts";
import { program as appointments } from "../../../src/programs/appointments/program.ts";
import { program } from "../../../src/programs/renewals/program.ts";
import { defaultDoorSettings } from "../../../src/settings-doors.ts";
import { createSecrets } from "../../../src/system/secrets.ts";
import { openHouse } from "../../support/open-house.ts";

import { type Call, type Json, openRenewals, phoneOf } from "./house.ts";

describe("a renewal is a call like every other", () => {
  test("canceled at another door, it is canceled here, and its customer may be called again", async () => {
    const house = await openRenewals();
    await house.put("/api/scheduler/config", { enabled: false });
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    const row = await house.post<Call>("/api/scheduler/scheduled-calls", {
      customer_id: customer,
      scheduled_date: "2026-12-01",
      scheduled_time: "12:00",
    });
    const pending = async (): Promise<unknown> =>
      (await house.get("/api/scheduler/pending-customers"))["count"];
    assert.equal(await pending(), 0);
    assert.equal((await house.ask("POST", `/v1/calls/${row.call_id}/cancel`, {})).statusCode, 200);
    const [shown] = await house.get<Call[]>("/api/scheduler/scheduled-calls");
    assert.equal(shown?.status, "cancelled");
    await house.advance(61_000);
    assert.equal(await pending(), 1);
    assert.equal((await house.get("/api/scheduler/stats"))["pending_today"], 0);
  });

  test("one that could not be made in time has failed, with the reason", async () => {
    const house = await openRenewals();
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    const call = await house.post<Call>("/api/scheduler/scheduled-calls", {
      customer_id: customer,
      scheduled_date: "2026-12-01",
      scheduled_time: "09:45",
    });
    await house.ask("POST", "/v1/dialing/stop", { reason: "a test" });
    await house.sleepTo("2026-12-02T03:00:00Z");
    await house.advance(120_000);
    const shown = await house.get(`/api/scheduler/scheduled-calls/${call.id}`);
    assert.equal(shown["status"], "failed");
    assert.match(String(shown["error_message"]), /^EXPIRED: /);
    const [listed] = await house.get<Json[]>("/api/scheduler/scheduled-calls?status=failed");
    assert.equal(listed?.["id"], call.id);
  });

  test("a number on the do-not-call list is skipped, and shown so", async () => {
    const house = await openRenewals();
    await house.insure(phoneOf(1), "2026-12-20");
    await house.ask("POST", "/v1/suppressions", { to: phoneOf(1), reason: "asked" });
    await house.post("/api/scheduler/trigger-now");
    await house.advance(120_000);
    const [shown] = await house.get<Json[]>("/api/scheduler/scheduled-calls");
    assert.equal(shown?.["status"], "skipped");
    assert.match(String(shown["error_message"]), /^SKIPPED: /);
  });

  test("calls of this purpose that others make are none of its own", async () => {
    const house = await openRenewals();
    const call = await house.call({ to: phoneOf(1), purpose: "renewal" });
    await house.advance(120_000);
    assert.equal((await house.look(call)).status, "completed");
    assert.deepEqual(await house.get("/api/calls"), []);
    assert.equal((await house.ask("GET", `/api/calls/${call.id}`)).statusCode, 404);
  });

  test("the line of the program carries its limits, beside the default one", async () => {
    const house = await openRenewals();
    await house.insure(phoneOf(1), "2026-12-20");
    await house.post("/api/scheduler/trigger-now");
    await house.put("/api/scheduler/config", { max_calls_per_day: 33, max_concurrent_calls: 4 });
    const { data } = await house.get<{ data: Json[] }>("/v1/lines");
    const line = data.find((one) => one["name"] === "renewals");
    assert.equal(line?.["slots_max"], 4);
    assert.equal(line["daily_max"], 33);
    assert.equal(line["timezone"], "Asia/Kolkata");
    assert.equal(line["carrier"], "sandbox");
  });
});

/** The program as the house has plugged it, to be asked what the house asks it. */
async function openPlugged(): Promise<{
  house: Awaited<ReturnType<typeof openHouse>>;
  plugged: Plugged;
  inside: House;
  actor: ProgramActor;
}> {
  const held: { plugged?: Plugged; inside?: House } = {};
  const house = await openHouse({
    startAt: Date.parse("2026-12-01T04:00:00Z"),
    programs: [
      {
        ...program,
        plug: (inside) => {
          held.inside = inside;
          return (held.plugged = program.plug(inside));
        },
      },
    ],
  });
  const { plugged, inside } = held;
  if (plugged === undefined || inside === undefined) throw new Error("The program was not plugged in");
  return { house, plugged, inside, actor: inside.defaultActor() };
}

async function fill(house: Awaited<ReturnType<typeof openHouse>>): Promise<void> {
  const rows = [1, 2].map((index) => `P${index},${phoneOf(index)},p${index}@Example.com,HP,12,2026-12-10`);
  const text = ["name,phone,email,policy_number,duration_months,end_date", ...rows].join("\n");
  await house.ask("POST", "/api/customers/import", text, { "content-type": "text/csv" });
  await house.ask("POST", "/api/scheduler/trigger-now");
  await house.advance(120_000);
}

describe("what is kept", () => {
  for (const [by, person] of [
    ["number", { numberHashes: (inside: House, id: number) => [inside.secrets.numberHash(id, phoneOf(1))] }],
    ["e-mail address", { emails: () => ["p1@example.com"] }],
  ] as const) {
    test(`a person is removed by ${by}, with policies and calls, and nobody else`, async () => {
      const { house, plugged, inside, actor } = await openPlugged();
      await fill(house);
      const { workspaceId } = actor;
      const asked = {
        workspaceId,
        numbers: [],
        numberHashes: "numberHashes" in person ? person.numberHashes(inside, workspaceId) : [],
        emails: "emails" in person ? person.emails() : [],
        recipientIds: [],
      };
      const removed = await inside.transact("erase", actor, {}, (tx) => {
        if (plugged.erase === undefined) throw new Error("It removes nobody");
        return plugged.erase(tx, asked);
      });
      assert.deepEqual(removed, { renewal_rows: 2 });
      const left = (await house.ask("GET", "/api/customers")).json<Json[]>();
      assert.deepEqual(
        left.map((one) => one["name"]),
        ["P2"],
      );
      assert.equal((await house.ask("GET", "/api/calls")).json<Json[]>().length, 1);
    });
  }

  test("by one thing that is known of a person, the others are found", async () => {
    const { house, plugged, inside, actor } = await openPlugged();
    await fill(house);
    const nobody = {
      workspaceId: actor.workspaceId,
      numbers: [],
      numberHashes: [],
      emails: [],
      recipientIds: [],
    };
    const found = await plugged.identify?.({ ...nobody, emails: ["p1@example.com"] });
    assert.deepEqual(found?.numbers, [phoneOf(1)]);
    const again = await plugged.identify?.({ ...nobody, recipientIds: found.recipientIds ?? [] });
    assert.deepEqual(again, { ...found, emails: ["p1@example.com"] });
    assert.deepEqual(await plugged.identify?.(nobody), { numbers: [], emails: [], recipientIds: [] });
    assert.equal(inside.secrets.readId("customer", found.recipientIds?.[0] ?? "") === null, false);
  });

  test("calls that ended are removed when they are old, and those that wait are not", async () => {
    const { house, plugged, inside, actor } = await openPlugged();
    await fill(house);
    const [customer] = (await house.ask("GET", "/api/customers")).json<Json[]>();
    await house.ask("POST", "/api/scheduler/scheduled-calls", {
      customer_id: customer?.["id"],
      scheduled_date: "2027-01-01",
    });
    const prune = (before: number) =>
      inside.transact("prune", actor, {}, (tx) => {
        if (plugged.prune === undefined) throw new Error("It removes nothing");
        return plugged.prune(tx, before);
      });
    assert.equal(await prune(Date.parse("2026-11-01T00:00:00Z")), 0);
    assert.equal(await prune(Date.parse("2026-12-02T00:00:00Z")), 2);
    const left = (await house.ask("GET", "/api/scheduler/scheduled-calls")).json<Json[]>();
    assert.deepEqual(
      left.map((one) => one["status"]),
      ["pending"],
    );
  });

  test("names, numbers and notes are sealed where encryption is on", async () => {
    const key = { id: "k", key: new Uint8Array(32).fill(7) };
    const house = await openHouse({ programs: [program], encryptionKeys: [key] });
    const made = await house.ask("POST", "/api/customers", {
      name: "Asha Rao",
      phone: phoneOf(1),
      email: "a@b.in",
    });
    assert.equal(made.json<Json>()["name"], "Asha Rao");
    const rows = await house.store.inner.read("look", () =>
      house.store.inner
        .sql<{ renewal_customers: { id: number; phone: string; details: string } }>()
        .query<object, { phone: string; details: string }>((db) =>
          db.selectFrom("renewal_customers").select(["phone", "details"]),
        )({}),
    );
    assert.match(rows[0]?.phone ?? "", /^enc:k:/);
    assert.match(rows[0]?.details ?? "", /^enc:k:/);
  });
});

test("new encryption keys reach what the programs have sealed, and the old ones are needed no more", async () => {
  const [older, newer] = [3, 9].map((byte) => ({ id: `k${byte}`, key: new Uint8Array(32).fill(byte) }));
  assert.ok(older && newer);
  const all = [program, appointments];
  const house = await openHouse({ programs: all, encryptionKeys: [older] });
  const made = await house.ask("POST", "/api/customers", { name: "Asha Rao", phone: phoneOf(1) });
  const url = `/api/customers/${String(made.json<Json>()["id"])}`;
  const call = await house.ask("POST", `/api/calls/initiate/${url.split("/")[3] ?? ""}`, {
    notes: "ask for her sister",
  });
  assert.equal(call.statusCode, 200);
  await house.engine.stop(0);
  const secret = "a secret for tests alone";
  const sealed = all.flatMap((one) => one.sealed ?? []);
  const rewritten = await rotateEncryption(
    house.store,
    createSecrets(secret, [newer, older]),
    () => {},
    sealed,
  );
  assert.ok(rewritten >= 2);
  const later = await openHouse({ programs: all, encryptionKeys: [newer], store: house.store });
  assert.equal((await later.ask("GET", url)).json<Json>()["name"], "Asha Rao");
  const [row] = (await later.ask("GET", "/api/scheduler/scheduled-calls")).json<Json[]>();
  assert.equal(row?.["notes"], "ask for her sister");
});

describe("the door", () => {
  test("its description has every path under /api once, with an id of its own", async () => {
    const house = await openRenewals();
    const { paths } = await house.get<{ paths: Record<string, Record<string, { operationId: string }>> }>(
      "/openapi.json",
    );
    const own = Object.keys(paths).filter((path) =>
      /^\/(api\/)?(scheduler|calls|customers|policies|analytics)/.test(path),
    );
    assert.ok(own.length > 20);
    assert.ok(own.every((path) => path.startsWith("/api/")));
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  test("switched off, its paths are not there, and the program goes on", async () => {
    const renewals = { ...defaultDoorSettings.renewals, isOn: false };
    const house = await openHouse({
      programs: [program],
      doorSettings: { ...defaultDoorSettings, renewals },
    });
    assert.equal((await house.ask("GET", "/api/scheduler/config")).statusCode, 404);
    assert.equal((await house.engine.getJob(house.actor, "call-expiring-policies-daily")).enabled, true);
  });

  test("with keys in force it asks for one, with its own scopes", async () => {
    const house = await openRenewals();
    const make = async (scopes: readonly string[]): Promise<Record<string, string>> => {
      const made = await house.engine.createKey(house.actor, { name: scopes.join(), scopes: [...scopes] });
      return { authorization: `Bearer ${made.secret}` };
    };
    const [reader, writer] = [await make(["renewals:read"]), await make(["renewals:write"])];
    const status = async (method: "GET" | "POST", url: string, headers = {}): Promise<number> =>
      (await house.ask(method, url, undefined, headers)).statusCode;
    assert.equal(await status("GET", "/api/scheduler/stats"), 401);
    assert.equal(await status("GET", "/api/scheduler/stats", reader), 200);
    assert.equal(await status("POST", "/api/scheduler/trigger-now", reader), 403);
    assert.equal(await status("POST", "/api/scheduler/trigger-now", writer), 200);
  });

  test("opened by its setting, it lets in whoever sends none", async () => {
    const renewals = { ...defaultDoorSettings.renewals, isOpen: true };
    const house = await openHouse({
      programs: [program],
      doorSettings: { ...defaultDoorSettings, renewals },
    });
    await house.engine.createKey(house.actor, { name: "any", scopes: ["*"] });
    assert.equal((await house.ask("GET", "/api/scheduler/stats")).statusCode, 200);
    assert.equal((await house.ask("GET", "/v1/calls")).statusCode, 401);
  });
});
