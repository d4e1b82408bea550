import assert from "node:assert/strict";
import { test } from "node:test";

import type { Letter, SmsAccount, Told } from "../../src/ports/messenger.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { type Taking, json } from "../support/loopback.ts";
import { SmsStandIn, twilioFault } from "../support/sms-stand-in.ts";
import {
  type House,
  type Wanted,
  assertShows,
  letterTo,
  messengerContract,
  openMessenger,
} from "./messenger-contract.ts";

const NUMBER = "+12125550142";

messengerContract("sms", NUMBER, "2125550142", async () => {
  const bench = await openBench();
  const { standIn } = bench;
  return {
    ...bench,
    taken: () => standIn.taken.length,
    loseAnswer: () => (standIn.next = "loses_answer"),
    goAway: () => standIn.close(),
    disown: () => void (standIn.authToken = "another"),
  };
});

const busy = { "retry-after": "7" };
const failed = (code: number): Wanted => ({ kind: "failed", code: String(code), isGone: undefined });
const ours = (code: number): Wanted => ({ kind: "not_sent", code: String(code), afterMs: undefined });

/** https://www.twilio.com/docs/api/errors */
const answers: readonly (readonly [string, Taking, Wanted])[] = [
  ["an invalid number", refused(400, 21_211), failed(21_211)],
  ["a number that takes no texts", refused(400, 21_614), failed(21_614)],
  ["a number that nobody routes to", refused(400, 21_612), failed(21_612)],
  ["somebody who said STOP", refused(400, 21_610), { kind: "failed", code: "21610", isGone: true }],
  ["a country that is not allowed", refused(400, 21_408), failed(21_408)],
  ["a trial account and an unverified number", refused(400, 21_608), failed(21_608)],
  ["a text that is too long", refused(400, 21_617), failed(21_617)],
  ["an unlisted code", refused(400, 29_999), failed(29_999)],
  ["a wrong token", refused(401, 20_003), ours(20_003)],
  ["a closed account", refused(403, 10_001), ours(10_001)],
  ["a suspended account", refused(403, 20_005), ours(20_005)],
  ["a sender that sends no texts", refused(400, 21_606), ours(21_606)],
  ["a sender of somebody else", refused(400, 21_660), ours(21_660)],
  ["a service without senders", refused(400, 21_703), ours(21_703)],
  ["too many at once", refused(429, 20_429), { kind: "not_sent", code: "20429", afterMs: 60_000 }],
  ["too many, and Retry-After", refused(429, 20_429, busy), { kind: "not_sent", afterMs: 7_000 }],
  ["a full queue", refused(400, 21_611), { kind: "not_sent", afterMs: undefined }],
  ["429 without a code", { answer: { status: 429, body: "" } }, { kind: "not_sent", afterMs: 60_000 }],
  ["403 without a code", { answer: { status: 403, body: "" } }, { kind: "not_sent", afterMs: undefined }],
  ["500 with a code", { answer: twilioFault(500, 20_500, "x"), afterTaking: true }, { kind: "unknown" }],
  ["503 with a code", { answer: twilioFault(503, 20_503, "x"), afterTaking: true }, { kind: "unknown" }],
  [
    "the page of a proxy, 502",
    { answer: { status: 502, body: "<html>" }, afterTaking: true },
    { kind: "unknown" },
  ],
  ["408", { answer: { status: 408, body: "" }, afterTaking: true }, { kind: "unknown" }],
  ["a redirect", { answer: { status: 307, headers: { location: "/x" }, body: "" } }, { kind: "unknown" }],
  [
    "a yes without a message",
    { answer: json(201, { status: "queued" }), afterTaking: true },
    { kind: "unknown" },
  ],
  ["a closed connection", "loses_answer", { kind: "unknown" }],
  ["a reset", "resets", { kind: "unknown" }],
  ["a time-out", "hangs", { kind: "unknown" }],
];
for (const [text, next, wanted] of answers) {
  test(`sms: ${text} is ${wanted.kind}, after exactly one request`, async () => {
    await withBench(async (bench) => {
      bench.standIn.next = next;
      if (next === "hangs") bench.standIn.onArrival = bench.timeOut;
      const told = await bench.send();
      assertShows(told, wanted);
      assert.equal(bench.standIn.posts, 1);
      assert.doesNotMatch(JSON.stringify(told), /5550142/);
    });
  });
}

test("sms: a message says what Twilio's own library would say, and waits there no longer than it is of use", async () => {
  await withBench(async ({ standIn, send }) => {
    assert.deepEqual(await send(), { kind: "sent", reference: `SM${"1".padStart(32, "0")}` });
    await send({ expiresAt: FAKE_START + 100 * 3_600_000 });
    await send({ expiresAt: FAKE_START + 500 });
    assert.deepEqual(
      standIn.taken.map((params) => [...params]),
      ["3600", "36000", "1"].map((seconds) => [
        ["To", NUMBER],
        ["From", "+12125550190"],
        ["Body", "See you at ten, Zoë."],
        ["ValidityPeriod", seconds],
      ]),
    );
  });
});

test("sms: a messaging service may choose whom messages come from", async () => {
  const service = `MG${"0123456789abcdef".repeat(2)}`;
  await withBench(
    async ({ standIn, send }) => {
      await send();
      assert.equal(standIn.taken[0]?.get("MessagingServiceSid"), service);
      assert.equal(standIn.taken[0]?.get("From"), null);
    },
    { from: service },
  );
});

test("sms: an account that is suspended is found before anybody is told", async () => {
  await withBench(async ({ standIn, messenger }) => {
    standIn.accountStatus = "suspended";
    assert.match((await messenger.check()) ?? "", /suspended/);
    assert.equal(standIn.posts, 0);
  });
});

function refused(status: number, code: number, headers: Readonly<Record<string, string>> = {}): Taking {
  return { answer: twilioFault(status, code, `The number ${NUMBER} is refused`, headers) };
}

type SmsBench = House & {
  readonly standIn: SmsStandIn;
  readonly send: (over?: Partial<Letter>) => Promise<Told>;
  close(): Promise<void>;
};

async function openBench(over: Partial<SmsAccount> = {}): Promise<SmsBench> {
  const standIn = await new SmsStandIn().listen();
  const opened = await openMessenger("sms", { sms: { ...standIn.account, ...over } });
  return {
    ...opened,
    standIn,
    send: (more = {}) => opened.messenger.send(letterTo("sms", NUMBER, more)),
    async close() {
      assert.deepEqual(standIn.faults, []);
      await standIn.close();
    },
  };
}

async function withBench(
  run: (bench: SmsBench) => Promise<void>,
  over: Partial<SmsAccount> = {},
): Promise<void> {
  const bench = await openBench(over);
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}
