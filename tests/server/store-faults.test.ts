import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "../support/open-house.ts";

test("a full disk answers 503 and says so; what could not be stored is not there, and later goes well", async () => {
  const house = await openHouse();
  house.store.failing = (name, moment) => (name === "schedule" && moment === "before" ? "full" : null);
  const refused = await house.ask("POST", "/v1/calls", { to: "+12125550100", in: "1h" });
  assert.equal(refused.statusCode, 503, refused.body);
  assert.equal(refused.json<{ code: string }>().code, "store_full");
  assert.equal(refused.headers["retry-after"], "30");
  house.store.failing = () => null;
  assert.equal((await house.ask("POST", "/v1/calls", { to: "+12125550100", in: "1h" })).statusCode, 201);
  assert.equal((await house.ask("GET", "/v1/calls")).json<{ data: unknown[] }>().data.length, 1);
});

test("a database that cannot be reached answers 503 with when to ask again", async () => {
  const house = await openHouse();
  house.store.failing = () => "unavailable";
  const answer = await house.ask("GET", "/v1/suppressions");
  assert.equal(answer.statusCode, 503, answer.body);
  assert.equal(answer.json<{ code: string; retryable: boolean }>().code, "store_unavailable");
  assert.equal(answer.json<{ retryable: boolean }>().retryable, true);
  assert.equal(answer.headers["retry-after"], "5");
  house.store.failing = () => null;
});

test("a fault of our own in the store stays a fault of our own", async () => {
  const house = await openHouse();
  house.store.failing = (name) => (name === "list suppressions" ? "broken" : null);
  assert.equal((await house.ask("GET", "/v1/suppressions")).statusCode, 500);
});
