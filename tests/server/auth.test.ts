import assert from "node:assert/strict";
import { test } from "node:test";

import { covers, scopes } from "../../src/domain/scope.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

type Operation = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly scope: string;
};

/** Every operation that the API's own description lists, with the scope that it names. */
async function operationsOf({ ask }: TestServer): Promise<Operation[]> {
  const document = (await ask("GET", "/openapi.json")).json();
  return Object.entries<Record<string, { security?: { key: string[] }[] }>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase() as Operation["method"],
        url: path.replaceAll(/\{\w+\}/g, "unknown"),
        scope: operation.security?.[0]?.key[0] ?? "",
      })),
  );
}

function give({ engine }: TestServer, secret: string, granted: readonly string[], workspaceId = 1): void {
  engine.keys.set(secret, { actor: { workspaceId, name: secret }, scopes: granted, keyId: secret });
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

test("every operation names a scope, and refuses who has no key, a bad key, or every scope but that one", async () => {
  const started = await startTestServer({ rateLimit: 0 });
  const { ask, engine } = started;
  give(started, "car_full", ["*"]);
  const operations = await operationsOf(started);
  assert.ok(operations.length >= 45);
  for (const { method, url, scope } of operations) {
    assert.ok((scopes as readonly string[]).includes(scope), `${method} ${url}`);
    const others = scopes.filter((one) => one !== "*" && !covers([one], scope as (typeof scopes)[number]));
    give(started, "car_others", others);
    const body = method === "POST" || method === "PATCH" ? {} : undefined;
    const without = await ask(method, url, body);
    const wrong = await ask(method, url, body, bearer("car_unknown"));
    const basic = await ask(method, url, body, { authorization: "Basic car_full" });
    for (const answer of [without, wrong, basic]) {
      assert.equal(answer.statusCode, 401, `${method} ${url}`);
      if (!url.startsWith("/v1/")) assert.equal(answer.body, without.body, "in the door's own words");
      else assert.equal(answer.json().code, "unauthenticated");
      assert.equal(answer.json().detail, without.json().detail);
    }
    assert.equal(without.headers["www-authenticate"], 'Bearer realm="carillon"');
    const lacking = await ask(method, url, body, bearer("car_others"));
    assert.equal(lacking.statusCode, 403, `${method} ${url}`);
    if (url.startsWith("/v1/")) assert.equal(lacking.json().scope, scope);
  }
  assert.deepEqual(engine.writes, []);
});

test("a key with exactly the scope gets past the gate", async () => {
  const started = await startTestServer({ rateLimit: 0 });
  give(started, "car_full", ["*"]);
  for (const { method, url, scope } of await operationsOf(started)) {
    if (url.endsWith("/stream")) continue;
    give(started, "car_exact", [scope]);
    const body = method === "POST" || method === "PATCH" ? {} : undefined;
    const answer = await started.ask(method, url, body, bearer("car_exact"));
    assert.ok(![401, 403].includes(answer.statusCode), `${method} ${url} ${answer.statusCode}`);
  }
});

test("ids of another workspace are not found", async () => {
  const started = await startTestServer();
  give(started, "car_one", ["*"], 1);
  give(started, "car_two", ["*"], 2);
  const { id } = (await started.ask("POST", "/v1/calls", { to: "+12125550100" }, bearer("car_one"))).json();
  assert.equal((await started.ask("GET", `/v1/calls/${id}`, undefined, bearer("car_one"))).statusCode, 200);
  assert.equal((await started.ask("GET", `/v1/calls/${id}`, undefined, bearer("car_two"))).statusCode, 404);
  assert.equal((await started.ask("POST", `/v1/calls/${id}/cancel`, {}, bearer("car_two"))).statusCode, 404);
  assert.deepEqual((await started.ask("GET", "/v1/calls", undefined, bearer("car_two"))).json().data, []);
});

test("the first key closes the open server at once, and revoking works at once", async () => {
  const { ask } = await startTestServer();
  const { secret, id } = (await ask("POST", "/v1/keys", { name: "first" })).json();
  assert.equal((await ask("GET", "/v1/calls")).statusCode, 401);
  assert.equal((await ask("GET", "/v1/calls", undefined, bearer(secret))).statusCode, 200);
  const second = (await ask("POST", "/v1/keys", { name: "second" }, bearer(secret))).json();
  assert.equal((await ask("DELETE", `/v1/keys/${id}`, undefined, bearer(secret))).statusCode, 200);
  assert.equal((await ask("GET", "/v1/calls", undefined, bearer(secret))).statusCode, 401);
  assert.equal((await ask("GET", "/v1/calls", undefined, bearer(second.secret))).statusCode, 200);
});

test("a key that another process made closes the open server within a second", async () => {
  const started = await startTestServer();
  assert.equal((await started.ask("GET", "/v1/calls")).statusCode, 200);
  give(started, "car_elsewhere", ["*"]);
  await started.clock.advance(1000);
  assert.equal((await started.ask("GET", "/v1/calls")).statusCode, 401);
});

test("nobody can give a scope or a workspace that they do not have", async () => {
  const started = await startTestServer();
  give(started, "car_keys", ["keys:write", "calls:read"]);
  give(started, "car_other", ["*"], 2);
  const asked = async (secret: string, body: object) => {
    const answer = await started.ask("POST", "/v1/keys", { name: "new", ...body }, bearer(secret));
    return [answer.statusCode, answer.json().scopes];
  };
  assert.equal((await asked("car_keys", { scopes: ["*"] }))[0], 403);
  assert.equal((await asked("car_keys", { scopes: ["calls:write"] }))[0], 403);
  assert.equal((await asked("car_other", { workspace: "default" }))[0], 403);
  assert.deepEqual(started.engine.writes, []);
  assert.deepEqual(await asked("car_keys", {}), [201, ["keys:write", "calls:read"]]);
});

test("an open server answers only to loopback names", async () => {
  const { ask, engine } = await startTestServer();
  for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1:8090", "[::1]:5000"])
    assert.equal((await ask("GET", "/v1/calls", undefined, { host })).statusCode, 200, host);
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "localhost.",
    "192.168.1.5:8090",
    "127.0.0.1.nip.io",
  ]) {
    const answer = await ask("POST", "/v1/calls", { to: "+12125550100" }, { host });
    assert.equal(answer.json().code, "origin_forbidden", host);
  }
  assert.deepEqual(engine.writes, []);
});

test("an open server refuses pages of foreign origins, and lets loopback ones read", async () => {
  const { ask, engine } = await startTestServer();
  const foreign = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://localhost.evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ];
  for (const headers of foreign) {
    const answer = await ask("POST", "/v1/calls", { to: "+12125550100" }, headers);
    assert.equal(answer.statusCode, 403, JSON.stringify(headers));
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  }
  assert.deepEqual(engine.writes, []);
  const origin = "http://localhost:3000";
  const near = await ask("GET", "/v1/calls", undefined, { origin });
  assert.equal(near.headers["access-control-allow-origin"], origin);
  const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  assert.equal((await ask("GET", "/docs", undefined, followed)).statusCode, 200);
});

test("preflights are answered for allowed origins only; with keys these are CORS_ORIGINS", async () => {
  const started = await startTestServer({ corsOrigins: ["https://app.example"] });
  const preflight = (origin: string) =>
    started.ask("OPTIONS", "/v1/calls", undefined, { origin, "access-control-request-method": "POST" });
  assert.equal((await preflight("http://127.0.0.1:5173")).statusCode, 204);
  assert.equal((await preflight("https://app.example")).headers["access-control-allow-origin"], undefined);
  give(started, "car_full", ["*"]);
  await started.clock.advance(1000);
  assert.equal((await preflight("https://app.example")).statusCode, 204);
  assert.equal((await preflight("http://127.0.0.1:5173")).headers["access-control-allow-origin"], undefined);
  const answer = await started.ask("GET", "/v1/calls", undefined, {
    ...bearer("car_full"),
    origin: "https://app.example",
    host: "calls.example",
  });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers["access-control-allow-origin"], "https://app.example");
});

test("with keys, requests beyond the limit are 429 with Retry-After, also those without a valid key", async () => {
  const started = await startTestServer({ rateLimit: 2 });
  give(started, "car_full", ["*"]);
  const statuses = async (headers: Record<string, string>) => {
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await started.ask("GET", "/v1/calls", undefined, headers));
    assert.ok(Number(answers[2]?.headers["retry-after"]) > 0);
    return answers.map((answer) => answer.statusCode);
  };
  assert.deepEqual(await statuses(bearer("car_full")), [200, 200, 429]);
  assert.deepEqual(await statuses(bearer("car_bad")), [401, 401, 429]);
});

test("while open nothing is limited", async () => {
  const { ask } = await startTestServer({ rateLimit: 1 });
  for (let i = 0; i < 5; i += 1) assert.equal((await ask("GET", "/v1/calls")).statusCode, 200);
});
