import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "../support/open-house.ts";

test("an agent is registered by one's own id, listed, changed with its ETag, and removed", async () => {
  const { ask } = await openHouse();
  const created = await ask("POST", "/v1/agents", {
    id: "agent123",
    name: "Sales",
    metadata: { voice: "warm" },
  });
  assert.equal(created.statusCode, 201, created.body);
  assert.equal(created.headers["location"], "/v1/agents/agent123");
  const { created_at: _created, updated_at: _updated, ...agent } = created.json();
  assert.deepEqual(agent, {
    id: "agent123",
    external_id: "agent123",
    name: "Sales",
    metadata: { voice: "warm" },
    version: 1,
  });
  const made = (await ask("POST", "/v1/agents", { name: "Nameless" })).json();
  assert.match(made.id, /^agt_/);
  assert.equal(made.external_id, null);
  const short = (await ask("POST", "/v1/agents", { external_id: "agent 7/ü" })).json();
  assert.deepEqual([short.id, short.name], ["agent 7/ü", "agent 7/ü"]);
  assert.equal((await ask("GET", `/v1/agents/${encodeURIComponent("agent 7/ü")}`)).json().id, "agent 7/ü");

  const patch = { name: "Sales team" };
  const changed = await ask("PATCH", "/v1/agents/agent123", patch, { "if-match": '"1"' });
  assert.deepEqual([changed.json().name, changed.json().version], ["Sales team", 2]);
  assert.equal((await ask("PATCH", "/v1/agents/agent123", patch, { "if-match": '"1"' })).statusCode, 412);
  const page = (await ask("GET", "/v1/agents?limit=2")).json();
  assert.deepEqual([page.data.length, page.has_more], [2, true]);
  const next = (await ask("GET", `/v1/agents?limit=2&cursor=${page.next_cursor}`)).json();
  assert.deepEqual(
    next.data.map(({ name }: { name: string }) => name),
    ["Sales team"],
  );

  assert.equal((await ask("DELETE", "/v1/agents/agent123")).statusCode, 204);
  assert.equal((await ask("GET", "/v1/agents/agent123")).statusCode, 404);
});

test("an id is taken once, and a body that names nobody is refused", async () => {
  const { ask, engine, actor } = await openHouse();
  await ask("POST", "/v1/agents", { id: "agent123" });
  const taken = await ask("POST", "/v1/agents", { id: "agent123" });
  assert.deepEqual([taken.statusCode, taken.json().code], [409, "name_taken"]);
  for (const body of [{}, { id: "a", external_id: "b" }, { id: "" }, { id: "x", voice: 1 }])
    assert.equal((await ask("POST", "/v1/agents", body)).statusCode, 422, JSON.stringify(body));
  const types = (await engine.listEvents(actor, null, 100)).data.map(({ type }) => type);
  assert.deepEqual(
    types.filter((type) => type.startsWith("agent.")),
    ["agent.created"],
  );
});

test("the name of a registered agent stands in the lists of the scheduling service", async () => {
  const { ask } = await openHouse();
  await ask("POST", "/v1/agents", { id: "agent123", name: "Sales" });
  await ask("POST", "/v1/calls", { to: "+12125550100", in: "1h", owner: "user123", agent: "agent123" });
  const { data } = (await ask("GET", "/api/v1/scheduling/scheduled-calls?userId=user123")).json();
  assert.deepEqual(data.scheduledCalls[0].agentId, { _id: "agent123", name: "Sales" });
});
