import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal } from "../../src/domain/refusal.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Door } from "../../src/ports/door.ts";
import type { DoorSettings } from "../../src/ports/door-settings.ts";
import { defaultDoorSettings } from "../../src/settings-doors.ts";
import { startTestServer } from "../support/test-server.ts";

/** A door with paths that have nothing in common, words of its own for errors and a way of its own to know callers. */
const parlour: Door<Engine> = {
  name: "scheduling",
  prefix: "",
  roots: ["/parlour", "/garden"],
  tag: { name: "Parlour", description: "A door for tests." },
  refusalSchema: { type: "object", properties: { no: { type: "string" } } },
  register: (app) => {
    app.get("/parlour", { config: { access: "calls:read" } }, (request) => ({
      keyId: request.caller?.keyId ?? null,
      owner: request.caller?.owner ?? null,
    }));
    app.post("/garden/gate", { config: { access: "calls:write" } }, () => ({}));
  },
  sendRefusal: (refusal, _request, reply) => reply.send({ no: refusal.code }),
  identify: async ({ headers }) => {
    const card = headers["x-card"];
    if (card === undefined) return null;
    if (card === "forged") throw new Refusal("unauthenticated", "The card is not genuine.");
    const actor = { workspaceId: 1, name: `card ${String(card)}` };
    return { actor, scopes: ["calls:read"], keyId: null, owner: String(card) };
  },
};

function settingsWith(patch: Partial<DoorSettings["scheduling"]>): DoorSettings {
  return { ...defaultDoorSettings, scheduling: { ...defaultDoorSettings.scheduling, ...patch } };
}

function start(patch: Partial<DoorSettings["scheduling"]> = {}, config: object = {}) {
  return startTestServer({ rateLimit: 0, ...config }, {}, settingsWith(patch), [
    { ...parlour, name: "scheduling" },
  ]);
}

test("a door that is switched off is not there, and its paths are unknown as any others", async () => {
  const { ask } = await start({ isOn: false });
  for (const url of ["/parlour", "/garden/gate"]) {
    const answer = await ask("GET", url);
    assert.equal(answer.statusCode, 404);
    assert.equal(answer.json().code, "unknown_path");
  }
});

test("whatever goes wrong below a door's roots is said in the door's words, and nothing beside them is", async () => {
  const { ask } = await start();
  const said = async (...question: Parameters<typeof ask>) => (await ask(...question)).json().no;
  assert.equal(await said("GET", "/garden/unknown"), "unknown_path");
  assert.equal(await said("POST", "/parlour/", {}), "unknown_path");
  assert.equal(await said("POST", "/parlour?x=1", {}), "method_not_allowed");
  assert.equal(await said("POST", "/garden/gate", "{"), "malformed_json");
  assert.equal(
    await said("POST", "/garden/gate", "x", { "content-type": "text/csv" }),
    "unsupported_media_type",
  );
  assert.equal(await said("GET", "/parlour/%zz"), "invalid_parameter");
  assert.equal(await said("GET", "/parlours"), undefined);
  assert.equal((await ask("GET", "/parlours")).json().code, "unknown_path");
  assert.equal((await ask("GET", "/v1/unknown")).json().code, "unknown_path");
});

test("a door's own way of knowing callers comes before keys, also while the server is open", async () => {
  const { ask, engine } = await start();
  assert.deepEqual((await ask("GET", "/parlour")).json(), { keyId: null, owner: null });
  assert.equal((await ask("GET", "/parlour", undefined, { "x-card": "ann" })).json().owner, "ann");
  assert.equal((await ask("GET", "/parlour", undefined, { "x-card": "forged" })).statusCode, 401);
  assert.equal((await ask("POST", "/garden/gate", {}, { "x-card": "ann" })).statusCode, 403);
  engine.keys.set("car_k", { actor: { workspaceId: 1, name: "k" }, scopes: ["*"], keyId: "k" });
  const keyed = await start();
  keyed.engine.keys.set("car_k", {
    actor: { workspaceId: 1, name: "k" },
    scopes: ["*"],
    keyId: "k",
  });
  assert.equal((await keyed.ask("GET", "/parlour")).statusCode, 401);
  assert.equal((await keyed.ask("GET", "/parlour", undefined, { "x-card": "ann" })).json().owner, "ann");
  const byKey = await keyed.ask("GET", "/parlour", undefined, { authorization: "Bearer car_k" });
  assert.deepEqual(byKey.json(), { keyId: "k", owner: null });
});

test("a door opened by setting lets in who sends no key, warns, and lets no foreign page in", async () => {
  const { ask, engine, logged } = await start({ isOpen: true }, { host: "0.0.0.0" });
  engine.keys.set("car_k", { actor: { workspaceId: 1, name: "k" }, scopes: ["*"], keyId: "k" });
  const headers = { host: "calls.example.com" };
  assert.equal((await ask("GET", "/parlour", undefined, headers)).statusCode, 200);
  assert.equal((await ask("GET", "/v1/calls", undefined, headers)).statusCode, 401);
  const foreign = await ask("GET", "/parlour", undefined, { ...headers, origin: "https://evil.example" });
  assert.equal(foreign.json().no, "origin_forbidden");
  const own = await ask("GET", "/parlour", undefined, { ...headers, origin: "https://calls.example.com" });
  assert.equal(own.statusCode, 200);
  const sentence = "The door scheduling is open to whoever reaches this address (DOOR_SCHEDULING_AUTH=none).";
  assert.ok(logged.some(({ level, sentence: said }) => level === "warn" && said === sentence));
  assert.deepEqual((await ask("GET", "/health", undefined, headers)).json().problems, [sentence]);
});

test("a door is described under its own tag, with its own shape of errors", async () => {
  const { ask } = await start();
  const document = (await ask("GET", "/openapi.json")).json();
  assert.ok(document.tags.some(({ name }: { name: string }) => name === "Parlour"));
  const { tags, responses, security } = document.paths["/parlour"].get;
  assert.deepEqual(tags, ["Parlour"]);
  assert.deepEqual(security, [{ key: ["calls:read"] }]);
  assert.deepEqual(responses.default.content["application/json"].schema, parlour.refusalSchema);
});

test("a door's route outside its roots is a fault of the door, found at the start", async () => {
  const wrong: Door<Engine> = { ...parlour, roots: ["/parlour"] };
  await assert.rejects(startTestServer({}, {}, defaultDoorSettings, [wrong]), /below none of its roots/);
});
