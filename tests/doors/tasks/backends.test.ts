import assert from "node:assert/strict";
import { test } from "node:test";

import { type TaskHouse, direct, openTaskHouse } from "./house.ts";

const AT = "2026-02-01T22:00:00Z";

/** Makes a task, lets its time come, and gives the token of the one request that `backend` got. */
async function tokenSent(house: TaskHouse, task: object, headers: Record<string, string> = {}) {
  await house.make(task, headers);
  await house.passTo(AT);
  const all = [...house.backend.asked, ...house.other.asked];
  assert.equal(all.length, 1);
  return all[0]?.token;
}

test("the operator's token goes to the operator's own backend", async (t) => {
  const house = await openTaskHouse({
    settings: ({ url }) => ({ backendUrl: url, backendToken: "operators-token" }),
  });
  t.after(house.close);
  assert.equal(await tokenSent(house, direct()), "operators-token");
});

test("the operator's token goes to the listed origins, whatever the path of the backend there", async (t) => {
  const house = await openTaskHouse({
    settings: ({ url }, other) => ({
      backendUrl: url,
      backendToken: "operators-token",
      backendOrigins: [other.url],
    }),
  });
  t.after(house.close);
  assert.equal(
    await tokenSent(house, direct({ backendBaseUrl: `${house.other.url}/v2/` })),
    "operators-token",
  );
  assert.deepEqual(
    house.other.asked.map(({ path }) => path),
    ["/v2/call/start"],
  );
});

test("a backend on this machine may be named while the server is open, and is not sent the operator's token", async (t) => {
  const house = await openTaskHouse({
    settings: ({ url }) => ({ backendUrl: url, backendToken: "operators-token" }),
  });
  t.after(house.close);
  assert.equal(await tokenSent(house, direct({ backendBaseUrl: house.other.url })), undefined);
});

test("a token of a request goes to that request's backend, in place of the operator's", async (t) => {
  const house = await openTaskHouse({
    settings: ({ url }) => ({ backendUrl: url, backendToken: "operators-token" }),
  });
  t.after(house.close);
  const task = direct({ backendBaseUrl: house.other.url, backendAuthToken: "requests-token" });
  assert.equal(await tokenSent(house, task), "requests-token");
});

test("an origin that nobody named is a 400, and nothing is stored", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  for (const backendBaseUrl of [
    "https://evil.example",
    "https://api.callerooapp.com",
    "https://api.callerooapp.com.evil.example",
    "http://169.254.169.254",
    "http://10.0.0.1:8080",
    "http://localhost.evil.example",
    "http://user:pass@127.0.0.1",
    "http://[::ffff:127.0.0.1]",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "not a url",
    `${house.backend.url}/?to=x`,
    `${house.backend.url}/#x`,
  ]) {
    const answer = await house.ask("POST", "/tasks", direct({ backendBaseUrl }));
    assert.equal(answer.statusCode, 400, backendBaseUrl);
    assert.match(answer.json().detail, /backendBaseUrl/);
  }
  assert.deepEqual((await house.ask("GET", "/tasks")).json(), []);
});

test("once there are keys, a backend on this machine may not be named any more, nor asked for what was named before", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const task = direct({ backendBaseUrl: house.other.url });
  const taskId = await house.make(task);
  const { secret } = await house.engine.createKey(house.actor, { name: "all", scopes: ["*"] });
  await house.advance(2000);
  const headers = { authorization: `Bearer ${secret}` };
  assert.equal((await house.ask("POST", "/tasks", task, headers)).statusCode, 400);
  assert.equal((await house.ask("POST", "/tasks", direct(), headers)).statusCode, 200);
  await house.passTo(AT);
  const shown = await house.show(taskId, headers);
  assert.equal(shown.status, "FAILED");
  assert.match(shown.lastError, /BACKEND_ALLOWED_ORIGINS/);
  assert.deepEqual(house.other.asked, []);
  assert.equal(house.backend.asked.length, 1);
});

test("a backend of one's own does not send the next task without one out of the sandbox", async (t) => {
  const house = await openTaskHouse({ settings: () => ({ backendUrl: null }) });
  t.after(house.close);
  await house.make(direct({ backendBaseUrl: house.other.url }));
  const taskId = await house.make(direct());
  await house.passTo(AT);
  assert.match((await house.show(taskId)).callId, /^sbx_/);
  assert.equal(house.other.askedFor("/call/start").length, 1);
});

test("once another line can ring people, a task without a backend is sent to the usual one and not played", async (t) => {
  const house = await openTaskHouse({ settings: () => ({ backendUrl: null }), realStub: true });
  t.after(house.close);
  await house.engine.createLine(house.actor, { name: "real", carrier: "stub" });
  const taskId = await house.make(direct());
  assert.equal((await house.ask("GET", `/v1/calls/${taskId}`)).json().line.name, "tasks");
});

test("the line of task backends takes no call without a task, and is not meant where a call names no line", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  await house.make(direct());
  const other = await house.ask("POST", "/v1/calls", { to: "+12125550100" });
  assert.equal(other.json().line.name, "sandbox");
  const wrong = await house.ask("POST", "/v1/calls", { to: "+12125550100", line: "tasks" });
  assert.equal(wrong.json().code, "instructions_invalid");
  assert.equal((await house.ask("GET", "/v1/lines")).json().data.length, 2);
});

test("many first tasks at once make one line", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      house.server.app.inject({
        method: "POST",
        url: "/tasks/",
        headers: { host: "localhost:8090" },
        payload: direct(),
      }),
    ),
  );
  assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]));
  const lines = (await house.ask("GET", "/v1/lines")).json().data;
  assert.deepEqual(
    lines.map(({ name }: { name: string }) => name),
    ["sandbox", "tasks"],
  );
  await house.passTo(AT);
  assert.equal(house.backend.askedFor("/call/start").length, 20);
});

test("a line that already has the name is left alone", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  await house.engine.createLine(house.actor, { name: "tasks", carrier: "sandbox" });
  const [first, second] = [await house.make(direct()), await house.make(direct())];
  for (const taskId of [first, second])
    assert.equal((await house.ask("GET", `/v1/calls/${taskId}`)).json().line.name, "task-backend");
});

test("no token is ever shown: not by a door, not in the ledger, not in a log", async (t) => {
  const house = await openTaskHouse({
    settings: ({ url }) => ({ backendUrl: url, backendToken: "operators-token" }),
  });
  t.after(house.close);
  house.backend.will("/call/start", { status: 500, body: { detail: "no" } });
  const taskId = await house.make(direct({ backendAuthToken: "requests-token" }));
  await house.passTo(AT);
  const said = [
    JSON.stringify(house.logged),
    ...(await Promise.all(
      [
        `/tasks/${taskId}`,
        "/tasks",
        `/v1/calls/${taskId}`,
        `/v1/calls/${taskId}/events`,
        `/v1/calls/${taskId}/attempts`,
        `/v1/calls/${taskId}/explain`,
        "/v1/lines",
        "/v1/events",
      ].map(async (url) => (await house.ask("GET", url)).body),
    )),
  ].join("\n");
  assert.match(said, new RegExp(taskId));
  assert.doesNotMatch(said, /operators-token|requests-token/);
  assert.equal(house.backend.asked[0]?.token, "requests-token");
});
