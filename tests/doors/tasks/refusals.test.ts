import assert from "node:assert/strict";
import { test } from "node:test";

import { briefStart, direct, openTaskHouse } from "./house.ts";

const without = (body: Record<string, unknown>, name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));

test("a missing or wrongly typed member of the body is a 422 with where, what and which kind", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const detailOf = async (body: unknown) => {
    const answer = await house.ask("POST", "/tasks", body);
    assert.equal(answer.statusCode, 422, answer.body);
    return answer.json().detail;
  };
  for (const name of ["runAtUtc", "agentType", "conversationId", "mode", "payload"]) {
    const missing = [{ type: "missing", loc: ["body", name], msg: "Field required" }];
    assert.deepEqual(await detailOf(without(direct(), name)), missing);
  }
  const text = { type: "string_type", msg: "Input should be a valid string" };
  for (const name of [
    "runAtUtc",
    "backendBaseUrl",
    "agentType",
    "conversationId",
    "timezone",
    "notifyTarget",
  ])
    assert.deepEqual(await detailOf(direct({ [name]: 5 })), [{ ...text, loc: ["body", name] }]);
  assert.deepEqual(await detailOf(direct({ mode: "LATER" })), [
    { type: "enum", loc: ["body", "mode"], msg: "Input should be 'DIRECT' or 'BRIEF_START'" },
  ]);
  assert.deepEqual(await detailOf(direct({ payload: [] })), [
    { type: "dict_type", loc: ["body", "payload"], msg: "Input should be a valid dictionary" },
  ]);
  assert.equal((await detailOf({})).length, 5, "everything at once");
  assert.deepEqual((await detailOf("[]"))[0].loc, ["body"]);
  assert.equal((await detailOf("{"))[0].type, "json_invalid");
  assert.equal((await house.ask("GET", "/v1/calls")).json().data.length, 0);
});

test("a payload that lacks what its mode needs is a 400 that names it", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const detailOf = async (body: unknown) => {
    const answer = await house.ask("POST", "/tasks", body);
    assert.equal(answer.statusCode, 400, answer.body);
    return answer.json().detail;
  };
  for (const name of ["scriptPreview", "placeId", "phoneE164"]) {
    const sentence = `DIRECT mode requires '${name}' in payload`;
    for (const missing of [undefined, null, ""])
      assert.equal(await detailOf(direct({}, { [name]: missing })), sentence);
  }
  assert.equal(
    await detailOf(briefStart({}, { place: undefined })),
    "BRIEF_START mode requires 'place' in payload",
  );
  const place = { placeId: "ChIJ...", businessName: "Red Rooster", phoneE164: "+61731824583" };
  for (const name of ["placeId", "businessName", "phoneE164"])
    assert.equal(
      await detailOf(briefStart({}, { place: without(place, name) })),
      `BRIEF_START mode requires 'place.${name}' in payload`,
    );
  assert.match(await detailOf(direct({}, { slots: "none" })), /'slots' in payload must be an object/);
  assert.match(await detailOf(direct({}, { phoneE164: "0731824583" })), /./);
  assert.match(await detailOf(direct({ timezone: "Mars/Base" })), /Mars\/Base is no IANA time zone/);
});

test("placeId and phoneE164 of the payload go before those of the place", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const taskId = await house.make(briefStart({}, { placeId: "other", phoneE164: "+61731824599" }));
  const { placeId, phoneE164 } = await house.show(taskId);
  assert.deepEqual({ placeId, phoneE164 }, { placeId: "other", phoneE164: "+61731824599" });
  await house.passTo("2026-02-01T22:00:00Z");
  const body = house.backend.askedFor("/call/start")[0]?.body;
  assert.deepEqual([body?.["placeId"], body?.["phoneE164"]], ["other", "+61731824599"]);
});

test("without an offset a time is UTC, with one it is that instant, and what is no time is a 400", async (t) => {
  const house = await openTaskHouse({ startAt: "2026-02-01T09:55:00Z" });
  t.after(house.close);
  const runAtOf = async (runAtUtc: string) =>
    (await house.show(await house.make(direct({ runAtUtc })))).runAtUtc;
  assert.equal(await runAtOf("2026-02-01T22:00:00"), "2026-02-01T22:00:00Z");
  assert.equal(await runAtOf("2026-02-01T22:00:00+10:00"), "2026-02-01T12:00:00Z");
  assert.equal(await runAtOf("2026-02-01T22:00:00.000000+00:00"), "2026-02-01T22:00:00Z");
  assert.equal(await runAtOf("2026-02-01 22:00:00"), "2026-02-01T22:00:00Z");
  for (const runAtUtc of ["tomorrow", "", "2026-02-30T22:00:00Z", "1769983200"]) {
    const answer = await house.ask("POST", "/tasks", direct({ runAtUtc }));
    assert.equal(answer.statusCode, 400, runAtUtc);
    assert.match(answer.json().detail, /runAtUtc/);
  }
});

test("a time up to sixty seconds past is meant as now; a later one is refused", async (t) => {
  const house = await openTaskHouse({ startAt: "2026-02-01T22:00:00Z" });
  t.after(house.close);
  const past = await house.ask("POST", "/tasks", direct({ runAtUtc: "2026-02-01T21:58:59Z" }));
  assert.equal(past.statusCode, 400);
  assert.match(past.json().detail, /runAtUtc must be in the future/);
  const taskId = await house.make(direct({ runAtUtc: "2026-02-01T21:59:00Z" }));
  await house.quiet();
  assert.equal((await house.show(taskId)).status, "COMPLETED");
});

test("what a task does not know is ignored, as the service did", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const answer = await house.ask("POST", "/tasks", direct({ extra: 1, nested: { a: [] } }, { more: true }));
  assert.equal(answer.statusCode, 200);
});

test("a list's query that cannot be read is a 422 with where, what and which kind", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  for (const [query, name, type] of [
    ["?limit=ten", "limit", "int_parsing"],
    ["?limit=0", "limit", "greater_than_equal"],
    ["?status=DONE", "status", "enum"],
  ] as const) {
    const answer = await house.ask("GET", `/tasks${query}`);
    assert.equal(answer.statusCode, 422);
    const [fault] = answer.json().detail;
    assert.deepEqual([fault.loc, fault.type], [["query", name], type]);
  }
});

test("once there are keys the door asks for one, in its own words", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const { secret } = await house.engine.createKey(house.actor, { name: "reader", scopes: ["calls:read"] });
  await house.advance(2000);
  const none = await house.ask("GET", "/tasks");
  assert.equal(none.statusCode, 401);
  assert.equal(typeof none.json().detail, "string");
  const authorization = `Bearer ${secret}`;
  assert.equal((await house.ask("GET", "/tasks", undefined, { authorization })).statusCode, 200);
  assert.equal((await house.ask("POST", "/tasks", direct(), { authorization })).statusCode, 403);
});

test("an Idempotency-Key makes one task of two requests", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const key = { "idempotency-key": "once" };
  const first = await house.make(direct(), key);
  assert.equal(await house.make(direct(), key), first);
  assert.equal((await house.ask("GET", "/tasks")).json().length, 1);
});
