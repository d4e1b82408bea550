import assert from "node:assert/strict";
import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";

import type { DoorSettings } from "../../../src/ports/door-settings.ts";
import { readConfig } from "../../../src/config.ts";
import { type Json, DAY_BEFORE, good, openScheduleHouse } from "./house.ts";

const SECRET = "a secret of 32 characters or more!";
const now = DAY_BEFORE / 1000;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pemOf = (key: { export(options: { type: "spki"; format: "pem" }): string | Buffer }): string =>
  key.export({ type: "spki", format: "pem" }).toString();
const rsaPem = pemOf(rsa.publicKey);
const ecPem = pemOf(ec.publicKey);

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

type Signing = "HS256" | "HS512" | "RS256" | "RS512" | "ES256";

/** A token made by hand, so that it can be wrong in every way. */
function token(
  claims: Json = {},
  header: Json = {},
  by: Signing = "HS256",
  secret: string | Buffer = SECRET,
): string {
  const head = encode({ alg: by, typ: "JWT", ...header });
  const signed = `${head}.${encode({ sub: "user_456", exp: now + 600, ...claims })}`;
  return `${signed}.${signatureOf(signed, by, secret)}`;
}

function signatureOf(signed: string, by: Signing, secret: string | Buffer): string {
  const hash = by.endsWith("512") ? "sha512" : "sha256";
  if (by.startsWith("HS")) return createHmac(hash, secret).update(signed).digest("base64url");
  const sign = createSign(hash).update(signed);
  return by.startsWith("RS")
    ? sign.sign(rsa.privateKey, "base64url")
    : sign.sign({ key: ec.privateKey, dsaEncoding: "ieee-p1363" }, "base64url");
}

const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });

/** The settings as the environment gives them. */
function doorsWith(env: Record<string, string>): DoorSettings {
  return readConfig(env).doors;
}

function openWith(env: Record<string, string> = { JWT_SECRET: SECRET }) {
  return openScheduleHouse({ doorSettings: doorsWith(env) });
}

describe("a token lets in the user that it names", () => {
  const genuine: readonly [string, Record<string, string>, string][] = [
    ["HS256 by JWT_SECRET", { JWT_SECRET: SECRET }, token()],
    ["RS256 by a PEM", { JWT_PUBLIC_KEYS: rsaPem }, token({}, {}, "RS256")],
    ["ES256 by a PEM", { JWT_PUBLIC_KEYS: ecPem }, token({}, {}, "ES256")],
    ["one of several PEMs", { JWT_PUBLIC_KEYS: `${rsaPem}${ecPem}` }, token({}, {}, "ES256")],
    ["a PEM in one line", { JWT_PUBLIC_KEYS: rsaPem.replaceAll("\n", "\\n") }, token({}, {}, "RS256")],
    ["a JSON Web Key Set, by kid", { JWT_PUBLIC_KEYS: keySet() }, token({}, { kid: "rsa-1" }, "RS256")],
    ["a JSON Web Key Set, without kid", { JWT_PUBLIC_KEYS: keySet() }, token({}, {}, "ES256")],
    ["JWT_SECRET beside public keys", { JWT_SECRET: SECRET, JWT_PUBLIC_KEYS: rsaPem }, token()],
    [
      "the issuer and the audience",
      { JWT_SECRET: SECRET, JWT_ISSUER: "me", JWT_AUDIENCE: "calls" },
      token({ iss: "me", aud: ["x", "calls"] }),
    ],
    ["an expiry within the tolerance", { JWT_SECRET: SECRET }, token({ exp: now - 20 })],
    ["a start within the tolerance", { JWT_SECRET: SECRET }, token({ nbf: now + 20, iat: now + 20 })],
  ];
  for (const [what, env, text] of genuine) {
    test(what, async () => {
      const { schedule, get } = await openWith(env);
      const id = await schedule({}, bearer(text));
      const found = await get(`/schedule/${id}`, 200, bearer(text));
      assert.equal(found["schedule"].created_by, "user_456");
    });
  }
});

function keySet(): string {
  return JSON.stringify({
    keys: [
      { ...rsa.publicKey.export({ format: "jwk" }), kid: "rsa-1", alg: "RS256", use: "sig" },
      { ...ec.publicKey.export({ format: "jwk" }), kid: "ec-1" },
    ],
  });
}

describe("what is not genuine is refused: 401, SCHEDULE_009, in one text, and nothing is made", () => {
  const [, payload] = token().split(".");
  const unsigned = (alg: unknown) => `${encode({ alg, typ: "JWT" })}.${payload}.`;
  const both = { JWT_SECRET: SECRET, JWT_PUBLIC_KEYS: rsaPem };
  const wrong: readonly [string, Record<string, string>, string | null][] = [
    ["no token", { JWT_SECRET: SECRET }, null],
    ["no text", { JWT_SECRET: SECRET }, ""],
    ["something else", { JWT_SECRET: SECRET }, "abc"],
    ["alg none", { JWT_SECRET: SECRET }, unsigned("none")],
    ["alg NONE, with a signature", { JWT_SECRET: SECRET }, `${unsigned("NONE")}abc`],
    ["no alg", { JWT_SECRET: SECRET }, token({}, { alg: undefined })],
    ["another secret", { JWT_SECRET: SECRET }, token({}, {}, "HS256", "another secret of 32 characters !")],
    ["HS512, which is nobody's algorithm", { JWT_SECRET: SECRET }, token({}, {}, "HS512")],
    ["HS256 with the public key for a secret", { JWT_PUBLIC_KEYS: rsaPem }, token({}, {}, "HS256", rsaPem)],
    ["the same where there is a secret, too", both, token({}, {}, "HS256", rsaPem)],
    [
      "the same with the key's DER",
      both,
      token({}, {}, "HS256", rsa.publicKey.export({ type: "spki", format: "der" })),
    ],
    ["the same with blanks before it", both, token({}, {}, "HS256", ` \n${rsaPem}`)],
    ["RS256 where only a secret is configured", { JWT_SECRET: SECRET }, token({}, {}, "RS256")],
    ["RS512 by the RSA key", { JWT_PUBLIC_KEYS: rsaPem }, token({}, {}, "RS512")],
    [
      "a key in its own header",
      { JWT_PUBLIC_KEYS: ecPem },
      token({}, { jwk: rsa.publicKey.export({ format: "jwk" }) }, "RS256"),
    ],
    ["a kid that is not configured", { JWT_PUBLIC_KEYS: keySet() }, token({}, { kid: "rsa-2" }, "RS256")],
    ["the kid of another key", { JWT_PUBLIC_KEYS: keySet() }, token({}, { kid: "ec-1" }, "RS256")],
    ["a demand in its header that nobody knows", { JWT_SECRET: SECRET }, token({}, { crit: ["x"], x: 1 })],
    ["another kind of token", { JWT_SECRET: SECRET }, token({}, { typ: "refresh+jwt" })],
    ["padding", { JWT_SECRET: SECRET }, `${token()}=`],
    [
      "a changed claim",
      { JWT_SECRET: SECRET },
      token().replace(/\.[\w-]+\./, `.${encode({ sub: "user_1", exp: now + 600 })}.`),
    ],
    ["no exp", { JWT_SECRET: SECRET }, token({ exp: undefined })],
    ["an exp that is a text", { JWT_SECRET: SECRET }, token({ exp: String(now + 600) })],
    ["expired", { JWT_SECRET: SECRET }, token({ exp: now - 31 })],
    ["not yet valid", { JWT_SECRET: SECRET }, token({ nbf: now + 31 })],
    ["from the future", { JWT_SECRET: SECRET }, token({ iat: now + 3600 })],
    ["no sub", { JWT_SECRET: SECRET }, token({ sub: undefined })],
    ["an empty sub", { JWT_SECRET: SECRET }, token({ sub: "" })],
    ["a sub that is a list", { JWT_SECRET: SECRET }, token({ sub: ["user_456"] })],
    ["an agent that is a number", { JWT_SECRET: SECRET }, token({ agent_instance_id: 7 })],
    ["another issuer", { JWT_SECRET: SECRET, JWT_ISSUER: "me" }, token({ iss: "you" })],
    ["no audience", { JWT_SECRET: SECRET, JWT_AUDIENCE: "calls" }, token()],
    ["claims that are a list", { JWT_SECRET: SECRET }, rawToken("[]")],
    ["claims that are no JSON", { JWT_SECRET: SECRET }, rawToken("{")],
    ["a bogus API key", { JWT_SECRET: SECRET }, "car_bogus"],
    ["a very long one", { JWT_SECRET: SECRET }, token({ x: "y".repeat(9000) })],
  ];
  const texts = new Set<string>();
  for (const [what, env, text] of wrong) {
    test(what, async () => {
      const { ask, engine, actor } = await openWith(env);
      const answer = await ask("POST", "/schedule/", good, text === null ? {} : bearer(text));
      const { error_code, message } = answer.json();
      assert.deepEqual([answer.statusCode, error_code], [401, "SCHEDULE_009"], answer.body);
      assert.equal(
        (await ask("GET", "/schedule/", undefined, text === null ? {} : bearer(text))).statusCode,
        401,
      );
      assert.equal((await engine.listCalls(actor, {}, { limit: 1 })).data.length, 0);
      texts.add(message);
      assert.equal(texts.size, 1);
    });
  }

  function rawToken(claims: string): string {
    const signed = `${encode({ alg: "HS256" })}.${encode(claims)}`;
    return `${signed}.${signatureOf(signed, "HS256", SECRET)}`;
  }
});

describe("isolation", () => {
  const mine = bearer(token());
  const others = bearer(token({ sub: "user_999" }));

  test("a user sees and changes only what is his; another's id is not found", async () => {
    const house = await openWith();
    const { schedule, get, post, put, remove } = house;
    const daily = { repeat_config: { enabled: true, frequency: "daily" } };
    for (const id of [await schedule({}, mine), await schedule(daily, mine)]) {
      for (const url of [`/schedule/${id}`]) {
        const answer = await get(url, 404, others);
        assert.equal(answer["error_code"], "SCHEDULE_004");
        // It says the same of what is nobody's.
        assert.equal(
          (await get(`/schedule/${id.slice(0, -1)}x`, 404, others))["message"].replace(/: .*/, ""),
          answer["message"].replace(/: .*/, ""),
        );
      }
      await put(`/schedule/${id}`, { notes: "x" }, 404, others);
      await remove(`/schedule/${id}`, 404, others);
      for (const verb of ["pause", "resume", "cancel"])
        await post(`/schedule/${id}/${verb}`, undefined, 404, others);
      assert.equal((await get(`/schedule/${id}`, 200, mine))["schedule"].status, "scheduled");
    }
    for (const url of ["/schedule/", "/schedule/active", "/schedule/?created_by=user_456"]) {
      assert.equal((await get(url, 200, others))["total"], 0, url);
      assert.equal((await get(url, 200, mine))["total"], 2, url);
    }
    assert.equal((await get("/schedule/tracking/stats", 200, others))["total_calls"], 0);
    assert.equal((await get("/schedule/tracking/stats", 200, mine))["total_calls"], 2);
  });

  test("logs are one's own, too, and what nobody owns is nobody's", async () => {
    const house = await openWith();
    await house.schedule({}, mine);
    await house.engine.schedule(house.actor, { to: "+12125550100", at: "2024-01-15T10:00:00Z" });
    await house.advance(86_400_000 + 120_000);
    // The token has expired by now.
    await house.get("/schedule/tracking/logs", 401, mine);
    const fresh = (sub: string) => bearer(token({ sub, exp: now + 200_000 }));
    assert.equal((await house.get("/schedule/tracking/logs", 200, fresh("user_456")))["total"], 1);
    assert.equal((await house.get("/schedule/tracking/logs", 200, fresh("user_999")))["total"], 0);
  });

  test("a user cannot make a schedule of somebody else", async () => {
    const { schedule, get } = await openWith();
    const id = await schedule({ created_by: "user_999" }, mine);
    assert.equal((await get(`/schedule/${id}`, 200, mine))["schedule"].created_by, "user_456");
  });

  test("agent_instance_id isolates likewise", async () => {
    const { schedule, get, post, put } = await openWith();
    const one = bearer(token({ agent_instance_id: "agent_1" }));
    const two = bearer(token({ agent_instance_id: "agent_2" }));
    const id = await schedule({}, one);
    assert.equal((await get(`/schedule/${id}`, 200, one))["schedule"].agent_instance_id, "agent_1");
    await get(`/schedule/${id}`, 404, two);
    assert.equal((await get("/schedule/", 200, two))["total"], 0);
    assert.equal((await get("/schedule/", 200, mine))["total"], 1);
    const foreign = { ...good, agent_instance_id: "agent_2" };
    assert.equal((await post("/schedule/", foreign, 403, one))["error_code"], "SCHEDULE_009");
    assert.equal(
      (await put(`/schedule/${id}`, { agent_instance_id: "agent_2" }, 403, one))["error_code"],
      "SCHEDULE_009",
    );
    const bulk = await post("/schedule/bulk", { schedules: [foreign, good] }, 200, one);
    assert.deepEqual(
      bulk["results"].map((result: Json) => result["status"]),
      ["error", "success"],
    );
    assert.equal((await schedule(foreign, two)).startsWith("call_"), true);
  });

  test("a token is for this door alone", async () => {
    const { ask, engine, actor } = await openWith();
    await engine.createKey(actor, { name: "first" });
    assert.equal((await ask("GET", "/v1/calls", undefined, mine)).statusCode, 401);
    assert.equal((await ask("GET", "/schedule/", undefined, mine)).statusCode, 200);
  });

  test("the ledger names the user", async () => {
    const { schedule, engine, actor } = await openWith();
    const id = await schedule({}, mine);
    const [created] = await engine.listCallEvents(actor, id);
    assert.equal(created?.actor, "user user_456");
  });
});

describe("API keys", () => {
  test("open the door beside tokens, for everybody's schedules, by their scopes", async () => {
    const { schedule, get, ask, engine, actor, clock } = await openWith();
    const id = await schedule({}, bearer(token()));
    const { secret } = await engine.createKey(actor, { name: "all" });
    await clock.advance(2000);
    assert.equal((await get("/schedule/", 200, bearer(secret)))["total"], 1);
    const own = await schedule({ created_by: "user_999" }, bearer(secret));
    assert.equal((await get(`/schedule/${own}`, 200, bearer(secret)))["schedule"].created_by, "user_999");
    const reading = await engine.createKey(actor, { name: "reads", scopes: ["calls:read"] });
    assert.equal((await get(`/schedule/${id}`, 200, bearer(reading.secret)))["schedule"].id, id);
    const refused = await ask("POST", "/schedule/", good, bearer(reading.secret));
    assert.deepEqual([refused.statusCode, refused.json().error_code], [403, "SCHEDULE_009"]);
  });

  test("without tokens the door is open on loopback, until there is a key", async () => {
    const { schedule, ask, engine, actor, clock } = await openScheduleHouse();
    await schedule();
    await engine.createKey(actor, { name: "first" });
    await clock.advance(2000);
    const refused = await ask("GET", "/schedule/");
    assert.deepEqual([refused.statusCode, refused.json().error_code], [401, "SCHEDULE_009"]);
  });
});

describe("the settings of tokens", () => {
  const wrong: readonly [string, Record<string, string>][] = [
    ["a public key for a secret", { JWT_SECRET: rsaPem }],
    ["a key set for a secret", { JWT_SECRET: keySet() }],
    [
      "a private key among the public ones",
      { JWT_PUBLIC_KEYS: rsa.privateKey.export({ type: "pkcs8", format: "pem" }) },
    ],
    ["a private JSON Web Key", { JWT_PUBLIC_KEYS: JSON.stringify(rsa.privateKey.export({ format: "jwk" })) }],
    ["a shared secret among the public keys", { JWT_PUBLIC_KEYS: '{"kty":"oct","k":"c2VjcmV0"}' }],
    [
      "a kid twice",
      {
        JWT_PUBLIC_KEYS: JSON.stringify({
          keys: [0, 1].map(() => ({ ...ec.publicKey.export({ format: "jwk" }), kid: "a" })),
        }),
      },
    ],
    [
      "an algorithm that does not fit the key",
      { JWT_PUBLIC_KEYS: JSON.stringify({ ...ec.publicKey.export({ format: "jwk" }), alg: "RS256" }) },
    ],
    [
      "a weak RSA key",
      { JWT_PUBLIC_KEYS: pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey) },
    ],
    [
      "another curve",
      { JWT_PUBLIC_KEYS: pemOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey) },
    ],
    ["a key that is none", { JWT_PUBLIC_KEYS: "hello" }],
    ["words between keys", { JWT_PUBLIC_KEYS: `${rsaPem}\nand\n${ecPem}` }],
  ];
  for (const [what, env] of wrong) {
    test(`${what} ends the start`, () => {
      assert.throws(() => readConfig(env), /JWT_(?:SECRET|PUBLIC_KEYS) is /);
      const [value = ""] = Object.values(env);
      if ("JWT_SECRET" in env)
        assert.throws(
          () => readConfig(env),
          (error: Error) => !error.message.includes(value),
        );
    });
  }

  test("a weak secret is taken, for it is what the other system used, and told at the start without its text", () => {
    const { doors, warnings } = readConfig({ JWT_SECRET: "hunter2" });
    assert.equal(doors.schedule.tokens?.keys.length, 1);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^JWT_SECRET is shorter than 32 characters/);
    assert.doesNotMatch(warnings.join(), /hunter2/);
    assert.deepEqual(readConfig({ JWT_SECRET: SECRET }).warnings, []);
  });

  test("nothing set means no tokens", () => {
    assert.equal(doorsWith({}).schedule.tokens, null);
  });
});
