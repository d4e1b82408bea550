import assert from "node:assert/strict";
import { test } from "node:test";

import type { Letter, Told } from "../../src/ports/messenger.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { FcmStandIn, fcmFault, googleFault } from "../support/fcm-stand-in.ts";
import { type Taking, json } from "../support/loopback.ts";
import {
  type House,
  type Wanted,
  assertShows,
  letterTo,
  messengerContract,
  openMessenger,
} from "./messenger-contract.ts";

const TOKEN = `cXk9:APA91b${"Fq_-z".repeat(28)}`;
const BEARER = "Bearer ya29.1";

messengerContract("push", TOKEN, "two words", async () => {
  const bench = await openBench();
  return {
    ...bench,
    taken: () => bench.standIn.taken.length,
    loseAnswer: () => (bench.standIn.next = "loses_answer"),
    goAway: () => bench.standIn.close(),
    disown: async () => {
      bench.standIn.revoke();
      bench.standIn.nextToken = json(400, {
        error: "invalid_grant",
        error_description: "Invalid JWT Signature.",
      });
      await bench.clock.advanceTo(FAKE_START + 3_590_000);
    },
  };
});

const page = { status: 0, body: "<html>Bad gateway</html>" };
const asked = { "retry-after": "120" };

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and what stands before FCM. */
const answers: readonly (readonly [string, Taking, Wanted])[] = [
  [
    "UNREGISTERED",
    { answer: fcmFault(404, "UNREGISTERED") },
    { kind: "failed", code: "UNREGISTERED", isGone: true },
  ],
  [
    "INVALID_ARGUMENT that names the token",
    {
      answer: fcmFault(
        400,
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
      ),
    },
    { kind: "failed", code: "INVALID_ARGUMENT", isGone: true },
  ],
  [
    "INVALID_ARGUMENT in the token's field",
    { answer: badRequest("message.token") },
    { kind: "failed", code: "INVALID_ARGUMENT", isGone: true },
  ],
  [
    "INVALID_ARGUMENT in another field",
    { answer: badRequest("message.data[0].value") },
    { kind: "failed", code: "INVALID_ARGUMENT", isGone: undefined },
  ],
  [
    "INVALID_ARGUMENT of a message that is too big",
    { answer: fcmFault(400, "INVALID_ARGUMENT", "Android message is too big") },
    { kind: "failed", isGone: undefined },
  ],
  [
    "SENDER_ID_MISMATCH",
    { answer: fcmFault(403, "SENDER_ID_MISMATCH") },
    { kind: "failed", isGone: undefined },
  ],
  [
    "THIRD_PARTY_AUTH_ERROR",
    { answer: fcmFault(401, "THIRD_PARTY_AUTH_ERROR") },
    { kind: "failed", isGone: undefined },
  ],
  [
    "QUOTA_EXCEEDED",
    { answer: fcmFault(429, "QUOTA_EXCEEDED") },
    { kind: "not_sent", code: "QUOTA_EXCEEDED" },
  ],
  [
    "UNAVAILABLE",
    { answer: fcmFault(503, "UNAVAILABLE") },
    { kind: "not_sent", code: "UNAVAILABLE", afterMs: undefined },
  ],
  [
    "INTERNAL",
    { answer: fcmFault(500, "INTERNAL") },
    { kind: "not_sent", code: "INTERNAL", afterMs: undefined },
  ],
  ["UNSPECIFIED_ERROR", { answer: fcmFault(500, "UNSPECIFIED_ERROR") }, { kind: "not_sent" }],
  [
    "UNAVAILABLE of Google's front",
    { answer: googleFault(503, "UNAVAILABLE", "Try later") },
    { kind: "not_sent" },
  ],
  [
    "a project that is not found",
    { answer: googleFault(404, "NOT_FOUND", "Requested entity was not found.") },
    { kind: "not_sent", code: "NOT_FOUND", isGone: undefined },
  ],
  [
    "a right that the account lacks",
    { answer: googleFault(403, "PERMISSION_DENIED", "Permission denied on resource project") },
    { kind: "not_sent", afterMs: undefined },
  ],
  ["the page of a proxy, 502", { answer: { ...page, status: 502 }, afterTaking: true }, { kind: "unknown" }],
  ["the page of a proxy, 503", { answer: { ...page, status: 503 }, afterTaking: true }, { kind: "unknown" }],
  ["the page of a proxy, 408", { answer: { ...page, status: 408 }, afterTaking: true }, { kind: "unknown" }],
  ["the page of a proxy, 403", { answer: { ...page, status: 403 } }, { kind: "not_sent" }],
  ["a time-out further in", { answer: googleFault(504, "DEADLINE_EXCEEDED", "Late") }, { kind: "unknown" }],
  ["a redirect", { answer: { status: 307, headers: { location: "/x" }, body: "" } }, { kind: "unknown" }],
  ["a yes that names no message", { answer: json(200, {}), afterTaking: true }, { kind: "unknown" }],
  ["a closed connection", "loses_answer", { kind: "unknown" }],
  ["a reset", "resets", { kind: "unknown" }],
  ["a time-out", "hangs", { kind: "unknown" }],
];
for (const [text, next, wanted] of answers) {
  test(`push: ${text} is ${wanted.kind}, after exactly one message`, async () => {
    await withBench(async (bench) => {
      bench.standIn.next = next;
      if (next === "hangs") bench.standIn.onArrival = bench.timeOut;
      assertShows(await bench.send(), wanted);
      assert.equal(bench.standIn.posts, 1);
    });
  });
}

test("push: a wait is as long as FCM asks for, at least, and not the same for all", async () => {
  await withBench(async ({ standIn, send }) => {
    for (const [answer, least] of [
      [fcmFault(429, "QUOTA_EXCEEDED"), 60_000],
      [fcmFault(429, "QUOTA_EXCEEDED", "", asked), 120_000],
      [fcmFault(503, "UNAVAILABLE", "", asked), 120_000],
      [fcmFault(500, "INTERNAL", "", asked), 120_000],
    ] as const) {
      standIn.next = { answer };
      const waits = [];
      for (let count = 0; count < 5; count += 1) {
        const told = await send();
        assert.ok(told.kind === "not_sent" && told.afterMs !== undefined);
        waits.push(told.afterMs);
      }
      assert.ok(Math.min(...waits) >= least && Math.max(...waits) <= 1.5 * least, String(waits));
      assert.ok(new Set(waits).size > 1);
    }
  });
});

test("push: a message says all that a phone needs, and is the same to it at each try", async () => {
  await withBench(async ({ standIn, send, clock }) => {
    const told = await send({ data: { appointment_id: "apt_1", event: "its own" } });
    assert.deepEqual(told, { kind: "sent", reference: "projects/carillon-test/messages/0:1" });
    await clock.advanceTo(FAKE_START + 600_000);
    await send({ subject: null });
    const expiresAt = String(FAKE_START / 1000 + 3600);
    assert.deepEqual(standIn.taken[0], {
      token: TOKEN,
      notification: { title: "Your appointment", body: "See you at ten, Zoë." },
      data: { event: "its own", notification_id: "ntf_1", appointment_id: "apt_1" },
      android: { priority: "HIGH", ttl: "3600s", notification: { tag: "ntf_1" } },
      apns: {
        headers: { "apns-priority": "10", "apns-expiration": expiresAt, "apns-collapse-id": "ntf_1" },
        payload: { aps: { sound: "default" } },
      },
      webpush: { headers: { TTL: "3600", Urgency: "high" }, notification: { tag: "ntf_1" } },
    });
    const again = standIn.taken[1];
    assert.deepEqual(again?.notification, { body: "See you at ten, Zoë." });
    assert.deepEqual(again["android"], { priority: "HIGH", ttl: "3000s", notification: { tag: "ntf_1" } });
  });
});

test("push: each device of a person has a tag of its own, and all of them one notification_id", async () => {
  await withBench(async ({ standIn, send }) => {
    await send({ id: "ntf_1.dev_2" });
    const [message] = standIn.taken;
    assert.equal(message?.data["notification_id"], "ntf_1");
    assert.match(JSON.stringify(message?.["android"]), /"tag":"ntf_1\.dev_2"/);
  });
});

test("push: what is of use for longer than FCM keeps anything is kept as long as it does", async () => {
  await withBench(async ({ standIn, send }) => {
    await send({ expiresAt: 8_640_000_000_000_000 });
    assert.match(JSON.stringify(standIn.taken[0]?.["android"]), /"ttl":"2419200s"/);
  });
});

test("push: what FCM forbids in data is refused for good, and costs nobody a device", async () => {
  await withBench(async ({ send }) => {
    for (const data of [{ from: "x" }, { "google.x": "1" }, { long: "x".repeat(4096) }]) {
      const told = await send({ data });
      assert.ok(told.kind === "failed" && told.isGone === undefined, JSON.stringify(told));
    }
  });
});

test("push: one token serves until shortly before its end, and its account is told to Google alone", async () => {
  await withBench(async ({ standIn, send, clock, requests }) => {
    await send();
    await clock.advanceTo(FAKE_START + 3_400_000);
    await send({ expiresAt: FAKE_START + 9_000_000 });
    assert.equal(standIn.tokensAsked, 1);
    await clock.advanceTo(FAKE_START + 3_500_000);
    await send({ expiresAt: FAKE_START + 9_000_000 });
    assert.equal(standIn.tokensAsked, 2);
    assert.equal(requests.filter(({ headers }) => headers["authorization"] === BEARER).length, 2);
  });
});

test("push: however many senders need a token at once, one is asked for", async () => {
  await withBench(async ({ standIn, send }) => {
    const gate = Promise.withResolvers<void>();
    standIn.tokenGate = gate.promise;
    const sending = Array.from({ length: 50 }, (_, index) => send({ id: `ntf_${index}` }));
    gate.resolve();
    const told = await Promise.all(sending);
    assert.ok(told.every(({ kind }) => kind === "sent"));
    assert.equal(standIn.tokensAsked, 1);
    standIn.revoke();
    await Promise.all(Array.from({ length: 50 }, (_, index) => send({ id: `ntf_${index}` })));
    assert.ok(standIn.tokensAsked <= 3, `${standIn.tokensAsked} tokens`);
    assert.equal(standIn.taken.length, 100);
  });
});

test("push: a token that is withdrawn is replaced, and its message leaves once more; not a third time", async () => {
  await withBench(async ({ standIn, send, requests }) => {
    await send();
    standIn.revoke();
    assert.equal((await send({ id: "ntf_2" })).kind, "sent");
    assert.equal(standIn.taken.length, 2);
    standIn.next = { answer: googleFault(401, "UNAUTHENTICATED", "No.") };
    const before = requests.length;
    const told = await send({ id: "ntf_3" });
    assert.ok(told.kind === "not_sent" && told.code === "UNAUTHENTICATED");
    assert.equal(requests.slice(before).filter(({ url }) => url.endsWith(":send")).length, 2);
  });
});

test("push: whoever hears late that a token was withdrawn uses the one that another sender has got meanwhile", async () => {
  await withBench(async ({ standIn, send }) => {
    await send();
    standIn.revoke();
    const late = Promise.withResolvers<void>();
    standIn.refusalGates.push(Promise.resolve(), late.promise);
    const sending = [send({ id: "ntf_2" }), send({ id: "ntf_3" })];
    await Promise.race(sending);
    late.resolve();
    for (const { kind } of await Promise.all(sending)) assert.equal(kind, "sent");
    assert.equal(standIn.tokensAsked, 2);
  });
});

test("push: a message whose time ends while a token is asked for does not leave", async () => {
  await withBench(async ({ standIn, send, clock }) => {
    const gate = Promise.withResolvers<void>();
    standIn.tokenGate = gate.promise;
    const sending = send({ expiresAt: FAKE_START + 5000 });
    await clock.advanceTo(FAKE_START + 5000);
    gate.resolve();
    assert.equal((await sending).kind, "not_sent");
    assert.equal(standIn.posts, 0);
  });
});

test("push: a trouble that was over and comes again is told to the operator again", async () => {
  await withBench(async ({ standIn, send, logged }) => {
    for (const next of ["takes", "fails", "fails", "takes", "fails"] as const) {
      standIn.next = next === "takes" ? next : { answer: fcmFault(401, "THIRD_PARTY_AUTH_ERROR") };
      await send();
    }
    assert.equal(logged.filter(({ level }) => level === "error").length, 2);
  });
});

/** What the token's address may answer (RFC 6749 5.2), and how long nobody asks again. */
const refusals: readonly (readonly [string, FcmStandIn["nextToken"], number | undefined, boolean])[] = [
  [
    "a wrong signature",
    json(400, { error: "invalid_grant", error_description: "Invalid JWT Signature." }),
    undefined,
    true,
  ],
  [
    "an account that was deleted",
    json(400, { error: "invalid_grant", error_description: "account not found" }),
    undefined,
    true,
  ],
  ["an account that is switched off", json(401, { error: "disabled_client" }), undefined, true],
  ["too many questions", json(429, { error: "rate_limit" }, asked), 120_000, false],
  ["an outage", json(503, { error: "backend_error" }), undefined, false],
  ["the page of a proxy", { status: 502, body: "<html></html>" }, undefined, false],
  ["a yes without a token", json(200, { token_type: "Bearer" }), undefined, false],
  ["a closed connection", "close", undefined, false],
];
for (const [text, reply, afterMs, isOurs] of refusals) {
  test(`push: ${text} instead of a token: nothing was sent, and nothing is remembered`, async () => {
    await withBench(async ({ standIn, send, messenger, logged }) => {
      standIn.nextToken = reply;
      assertShows(await send(), { kind: "not_sent", code: "no_access_token", afterMs });
      assert.equal(standIn.posts, 0);
      assert.equal(
        logged.some(({ level }) => level === "error"),
        isOurs,
      );
      assert.match((await messenger.check()) ?? "", /no access token/);
      standIn.nextToken = null;
      assert.equal((await send()).kind, "sent");
    });
  });
}

test("push: a key of APNs that Google cannot use is told to the operator", async () => {
  await withBench(async ({ standIn, send, logged }) => {
    standIn.next = { answer: fcmFault(401, "THIRD_PARTY_AUTH_ERROR") };
    await send();
    assert.equal(standIn.tokensAsked, 1, "no fresh token: this one was honoured");
    assert.equal(logged.filter(({ level }) => level === "error").length, 1);
  });
});

function badRequest(field: string) {
  const violation = { field, description: "Invalid value" };
  const details = [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [violation] }];
  return googleFault(400, "INVALID_ARGUMENT", `Invalid value at '${field}'`, details);
}

type PushBench = House & {
  readonly standIn: FcmStandIn;
  readonly send: (over?: Partial<Letter>) => Promise<Told>;
  close(): Promise<void>;
};

async function openBench(): Promise<PushBench> {
  let now = (): number => FAKE_START;
  const standIn = await new FcmStandIn({ now: () => now() }).listen();
  const opened = await openMessenger("push", { firebase: standIn.account });
  now = () => opened.clock.now();
  return {
    ...opened,
    standIn,
    send: (over = {}) => opened.messenger.send(letterTo("push", TOKEN, over)),
    async close() {
      assert.deepEqual(standIn.faults, []);
      await standIn.close();
    },
  };
}

async function withBench(run: (bench: PushBench) => Promise<void>): Promise<void> {
  const bench = await openBench();
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}
