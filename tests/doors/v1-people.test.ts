import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "../support/open-house.ts";

test("POST /v1/people/erase forgets a person and says what it was; the list remembers that, and not whom", async () => {
  const house = await openHouse();
  const { ask } = house;
  await ask("POST", "/v1/calls", { to: "+12125550137", name: "Ada Lovelace", in: "2h" });
  const answer = await ask("POST", "/v1/people/erase", { numbers: ["+12125550137"] });
  assert.equal(answer.statusCode, 200, answer.body);
  const erasure = answer.json<{ id: string; status: string; counts: Record<string, number> }>();
  assert.equal(erasure.status, "done");
  assert.deepEqual(erasure.counts, { calls: 1 });
  const calls = (await ask("GET", "/v1/calls")).json<{ data: { status: string; to: string }[] }>().data;
  assert.deepEqual(
    calls.map((call) => [call.status, call.to]),
    [["canceled", ""]],
  );
  const list = await ask("GET", "/v1/people/erasures");
  assert.equal(list.json<{ data: { id: string }[] }>().data[0]?.id, erasure.id);
  assert.doesNotMatch(list.body, /2125550137|Ada/);
  assert.equal((await ask("GET", `/v1/people/erasures/${erasure.id}`)).statusCode, 200);
  assert.equal((await ask("GET", "/v1/people/erasures/era_0")).statusCode, 404);
});

test("an erasure that names nobody, or nobody's number, is refused with the field", async () => {
  const { ask } = await openHouse();
  assert.equal((await ask("POST", "/v1/people/erase", {})).statusCode, 422);
  const wrong = await ask("POST", "/v1/people/erase", { numbers: ["12"] });
  assert.equal(wrong.statusCode, 422);
  assert.equal(wrong.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer, "/numbers/0");
});
