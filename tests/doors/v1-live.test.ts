import assert from "node:assert/strict";
import { test } from "node:test";

import { type OpenHouse, openHouse } from "../support/open-house.ts";

const mine = "+12125550100";
const other = "+14155552671";

/** A server whose default line can ring people. */
async function houseWithRealLine(): Promise<OpenHouse> {
  const house = await openHouse({ realStub: true });
  const line = { name: "real", carrier: "stub", caller_id: "+12125550199", hours: "always" };
  assert.equal((await house.ask("POST", "/v1/lines", line)).statusCode, 201);
  await house.ask("PATCH", "/v1/settings", { default_line: "real" });
  return house;
}

test("in canary a call is refused with the field, the code and the cure, alone and in bulk; nothing is stored", async () => {
  const { ask } = await houseWithRealLine();
  const live = (await ask("GET", "/v1/live")).json();
  assert.deepEqual([live.workspace, live.mode, live.numbers, live.opened_at], ["default", "canary", 0, null]);
  assert.deepEqual(live.countries, [{ country: "US", status: "home", changed_at: null, changed_by: null }]);
  assert.match(live.warnings[0], /live budget real/);
  const refused = await ask("POST", "/v1/calls", { to: other });
  assert.equal(refused.statusCode, 422);
  const problem = refused.json();
  assert.equal(problem.code, "not_live");
  assert.equal(problem.errors[0].pointer, "/to");
  assert.match(problem.hint, /carillon live open --confirm/);
  const bulk = (await ask("POST", "/v1/calls/bulk", { calls: [{ to: other }] })).json();
  assert.deepEqual([bulk.data[0].status, bulk.data[0].error.code], [422, "not_live"]);
  assert.deepEqual((await ask("GET", "/v1/calls")).json().data, []);
});

test("numbers are allowed once, listed, and taken off by id or number", async () => {
  const { ask, stub, advance } = await houseWithRealLine();
  const made = await ask("POST", "/v1/live/numbers", { to: mine, note: "my own" });
  assert.equal(made.statusCode, 201);
  assert.match(made.json().id, /^num_/);
  assert.equal((await ask("POST", "/v1/live/numbers", { to: mine })).statusCode, 200);
  assert.equal((await ask("POST", "/v1/live/numbers", { to: "555" })).json().code, "phone_invalid");
  const { data } = (await ask("GET", "/v1/live/numbers")).json();
  assert.deepEqual(
    data.map(({ to, note, created_by }: { to: string; note: string; created_by: string }) => [
      to,
      note,
      created_by,
    ]),
    [[mine, "my own", "open"]],
  );
  assert.equal((await ask("POST", "/v1/calls", { to: mine })).statusCode, 201);
  await advance(1000);
  assert.equal(stub.orders.length, 1);
  assert.equal((await ask("DELETE", `/v1/live/numbers/${encodeURIComponent(mine)}`)).statusCode, 204);
  assert.equal((await ask("DELETE", `/v1/live/numbers/${made.json().id}`)).statusCode, 404);
});

test("opening needs the name of the workspace; closing refuses again at once", async () => {
  const { ask } = await houseWithRealLine();
  for (const body of [{}, { confirm: "production" }, { confirm: true }, null]) {
    const answer = await ask("POST", "/v1/live/open", body);
    assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, JSON.stringify(body));
  }
  assert.equal((await ask("GET", "/v1/live")).json().mode, "canary");
  const wrong = (await ask("POST", "/v1/live/open", { confirm: "production" })).json();
  assert.deepEqual([wrong.code, wrong.errors[0].pointer], ["confirm_needed", "/confirm"]);
  const open = (await ask("POST", "/v1/live/open", { confirm: "default" })).json();
  assert.deepEqual([open.mode, open.opened_by], ["open", "open"]);
  assert.equal((await ask("POST", "/v1/calls", { to: other, in: "1h" })).statusCode, 201);
  assert.equal((await ask("POST", "/v1/live/close", {})).json().mode, "canary");
  assert.equal((await ask("POST", "/v1/calls", { to: other })).json().code, "not_live");
});

test("countries are decided, and forgotten; kinds of numbers are chosen from those there are", async () => {
  const { ask } = await houseWithRealLine();
  await ask("POST", "/v1/live/open", { confirm: "default" });
  const call = (await ask("POST", "/v1/calls", { to: "+442079460958" })).json();
  assert.match(call.warnings.join(), /carillon live country GB allow/);
  const allowed = (await ask("PATCH", "/v1/live/countries/gb", { status: "allowed" })).json();
  assert.deepEqual([allowed.country, allowed.status, allowed.changed_by], ["GB", "allowed", "open"]);
  assert.equal(
    (await ask("PATCH", "/v1/live/countries/Britain", { status: "allowed" })).json().code,
    "country_unknown",
  );
  assert.equal((await ask("PATCH", "/v1/live/countries/GB", { status: "maybe" })).statusCode, 422);
  assert.equal((await ask("DELETE", "/v1/live/countries/GB")).statusCode, 204);
  assert.equal((await ask("DELETE", "/v1/live/countries/GB")).statusCode, 404);
  assert.equal((await ask("PATCH", "/v1/live", { number_types: ["premium"] })).statusCode, 422);
  const rules = (await ask("PATCH", "/v1/live", { number_types: ["toll_free"], block_hour_max: 0 })).json();
  assert.deepEqual([rules.number_types, rules.block_hour_max], [["toll_free"], 0]);
  assert.equal((await ask("POST", "/v1/calls", { to: other })).json().code, "destination_refused");
});

test("a budget is set in part, shown with what is reserved, and refuses what it cannot read", async () => {
  const { ask, advance } = await houseWithRealLine();
  await ask("POST", "/v1/live/numbers", { to: mine });
  const empty = (await ask("GET", "/v1/live/budgets/real")).json();
  assert.deepEqual([empty.price_per_minute, empty.per_day_max], ["0.00", null]);
  const set = await ask("PATCH", "/v1/live/budgets/real", {
    currency: "EUR",
    price_per_minute: "0.0145",
    prices: [{ prefix: "+44", per_minute: "0.02" }],
    per_day_max: "20",
  });
  assert.equal(set.statusCode, 200);
  await ask("POST", "/v1/calls", { to: mine });
  await advance(1000);
  const budget = (await ask("GET", "/v1/live/budgets/real")).json();
  assert.deepEqual(
    [budget.line, budget.currency, budget.price_per_minute, budget.per_day_max, budget.per_call_max],
    ["real", "EUR", "0.0145", "20.00", null],
  );
  assert.deepEqual(budget.today, { reserved: "0.87", spent: "0.00", overspent: "0.00" });
  assert.deepEqual(budget.prices, [{ prefix: "+44", per_minute: "0.02" }]);
  assert.equal(
    (await ask("PATCH", "/v1/live/budgets/real", { per_hour_max: "much" })).json().code,
    "amount_invalid",
  );
  assert.equal((await ask("PATCH", "/v1/live/budgets/real", { per_hour_max: 5 })).statusCode, 422);
  assert.equal((await ask("PATCH", "/v1/live/budgets/real", { limit: "5" })).json().code, "unknown_field");
  assert.equal((await ask("GET", "/v1/live/budgets/none")).statusCode, 404);
  const again = (await ask("PATCH", "/v1/live/budgets/real", { per_day_max: null })).json();
  assert.deepEqual([again.price_per_minute, again.per_day_max], ["0.0145", null]);
});
