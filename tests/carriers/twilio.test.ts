import assert from "node:assert/strict";
import { test } from "node:test";

import { twilioWith } from "../../src/carriers/twilio/kind.ts";
import { ABSENT_AFTER_MS } from "../../src/carriers/twilio/carrier.ts";
import { foldReports } from "../../src/domain/attempt.ts";
import type { Callback, Carrier, LineFacts, Order, PlaceAnswer, Report } from "../../src/ports/carrier.ts";
import { openFetch } from "../../src/system/fetch.ts";
import { FakeClock } from "../support/fake-clock.ts";
import {
  type Creation,
  type Message,
  type PlayedCall,
  STAND_IN_NUMBER,
  STAND_IN_SID,
  TwilioStandIn,
} from "../support/twilio-stand-in.ts";
import { SILENT, carrierContract, lookupOf, orderOf, portsOf } from "./contract.ts";

const twilio = twilioWith({});

carrierContract("twilio", async () => {
  const bench = await openBench();
  const delivered: { attemptKey: string; report: Report }[] = [];
  return {
    ...bench,
    publicUrl: `${bench.standIn.url}/self`,
    delivered,
    settingsFor: (behaviour) => {
      bench.standIn.next = {
        takes: "takes",
        takes_twice: "takes",
        takes_reversed: "takes",
        refuses: { status: 400, code: 21_211 },
        limits: { status: 429, code: 20_429, retryAfter: "5" },
        loses_answer: "loses_answer",
      }[behaviour] as Creation;
      return Promise.resolve({ ...bench.standIn.settings, machine_detection: "enable" });
    },
    finish: (attemptKey, callbacks) => {
      const call = bench.standIn.calls.at(-1);
      assert.ok(call !== undefined);
      const messages = wholeCall(bench, call);
      const order = {
        prompt: messages,
        twice: messages.flatMap((message) => [message, message]),
        reversed: messages.toReversed(),
      };
      for (const message of order[callbacks])
        for (const report of reportsOf(message)) delivered.push({ attemptKey, report });
      return Promise.resolve();
    },
  };
});

const creations: readonly (readonly [string, Creation, Partial<PlaceAnswer>])[] = [
  ["a connection that closes after the call was taken", "loses_answer", { kind: "unknown" }],
  ["a reset after the call was taken", "resets", { kind: "unknown" }],
  ["a time-out", "hangs", { kind: "unknown" }],
  ["500 after the call was taken", { afterTaking: 500 }, { kind: "unknown" }],
  ["502 after the call was taken", { afterTaking: 502 }, { kind: "unknown" }],
  ["503 after the call was taken", { afterTaking: 503 }, { kind: "unknown" }],
  ["500 with a code", { status: 500, code: 20_500 }, { kind: "unknown" }],
  ["503 with a code", { status: 503, code: 20_503 }, { kind: "unknown" }],
  ["an empty 201", { status: 201 }, { kind: "unknown" }],
  ["408", { status: 408 }, { kind: "unknown" }],
  ["409 from who knows whom", { status: 409 }, { kind: "unknown" }],
  ["a redirect", { status: 307 }, { kind: "unknown" }],
  ["429 without a code", { status: 429, retryAfter: "7" }, { kind: "refused", retryAfterMs: 7_000 }],
  ["20429", { status: 429, code: 20_429 }, { kind: "refused", retryAfterMs: 10_000 }],
  ["too many calls at once", { status: 400, code: 10_004 }, { kind: "refused", retryAfterMs: 10_000 }],
  ["a day of queued calls", { status: 400, code: 22_005 }, { kind: "refused", retryAfterMs: 600_000 }],
  ["401", { status: 401, code: 20_003 }, { kind: "refused", retryAfterMs: 300_000, isOurs: true }],
  ["a closed account", { status: 403, code: 10_001 }, { kind: "refused", retryAfterMs: 300_000 }],
  ["a foreign caller id", { status: 400, code: 21_210 }, { kind: "refused", retryAfterMs: 300_000 }],
  ["a TwiML URL of the line", { status: 400, code: 21_205 }, { kind: "refused", retryAfterMs: 300_000 }],
  ["an invalid number", { status: 400, code: 21_211 }, { kind: "refused", outcome: "invalid_number" }],
  ["a blocked number", { status: 400, code: 21_216 }, { kind: "refused", outcome: "blocked" }],
  ["a country", { status: 400, code: 21_215 }, { kind: "refused", outcome: "blocked", isOurs: true }],
  ["a trial account", { status: 400, code: 21_219 }, { kind: "refused", outcome: "blocked", isOurs: true }],
  ["an unlisted code", { status: 400, code: 21_999 }, { kind: "refused", outcome: "carrier_error" }],
];
for (const [text, creation, wanted] of creations) {
  test(`twilio: ${text} is ${wanted.kind}, after exactly one request`, async () => {
    await withBench(async (bench) => {
      bench.standIn.next = creation;
      const placed = bench.carrier.place(orderOf({ settings: bench.standIn.settings }));
      if (creation === "hangs") await bench.timeOut();
      assertShows(await placed, wanted);
      assert.equal(bench.standIn.posts, 1);
      assert.equal(bench.standIn.calls.length, typeof creation === "object" && "status" in creation ? 0 : 1);
    });
  });
}

test("twilio: the test numbers of Twilio come to what they mean", async () => {
  await withBench(async (bench) => {
    const outcomes = [];
    for (const to of ["+15005550001", "+15005550002", "+15005550003", "+15005550004"]) {
      const answer = await bench.carrier.place(orderOf({ to, settings: bench.standIn.settings }));
      outcomes.push(answer.kind === "refused" ? answer.outcome : answer.kind);
    }
    assert.deepEqual(outcomes, ["invalid_number", "invalid_number", "blocked", "blocked"]);
  });
});

test("twilio: a number is never part of what is said about a refusal", async () => {
  await withBench(async (bench) => {
    bench.standIn.next = { status: 400, code: 21_211 };
    const answer = await bench.carrier.place(orderOf({ settings: bench.standIn.settings }));
    assert.ok(answer.kind === "refused" && answer.detail.includes("21211"));
    assert.doesNotMatch(answer.detail, /2125550199/);
  });
});

test("twilio: nothing leaves when the account is not there, or the line has no caller id", async () => {
  await withBench(async (bench) => {
    const { account_sid: _account, ...settings } = bench.standIn.settings;
    assertShows(await bench.carrier.place(orderOf({ settings })), { kind: "refused", retryAfterMs: 300_000 });
    const unnamed = orderOf({ settings: bench.standIn.settings, from: null });
    assertShows(await bench.carrier.place(unnamed), { kind: "refused", retryAfterMs: 300_000 });
    assert.equal(bench.standIn.posts, 0);
  });
});

const forms: readonly (readonly [
  string,
  object,
  object | null,
  Partial<Order>,
  Record<string, string | null>,
])[] = [
  [
    "reports of every event come to the attempt's own address",
    {},
    null,
    {},
    {
      To: "+12125550199",
      From: "+12125550190",
      Url: "https://carillon.example/callbacks/key-1/twiml",
      Method: "POST",
      StatusCallback: "https://carillon.example/callbacks/key-1",
      StatusCallbackMethod: "POST",
      StatusCallbackEvent: "initiated,ringing,answered,completed",
      Timeout: "30",
      TimeLimit: "3600",
      MachineDetection: null,
      Twiml: null,
    },
  ],
  [
    "the line's own address for reports wins, and names the attempt",
    { status_callback: "https://hooks.example.com/webhook/call-status?tenant=7" },
    null,
    {},
    { StatusCallback: "https://hooks.example.com/webhook/call-status?tenant=7&attempt=key-1" },
  ],
  [
    "what a call does wins over what its line does",
    {},
    { url: "https://voice.example.com/{{call_id}}?n={{metadata.name}}", url_method: "GET" },
    { metadata: { name: "A & B/ö" } },
    { Url: "https://voice.example.com/call_1?n=A%20%26%20B%2F%C3%B6", Method: "GET", Twiml: null },
  ],
  [
    "TwiML of one's own is filled, and stays TwiML",
    { say: undefined, twiml: "<Response><Say>Hi {{metadata.name}}</Say></Response>" },
    null,
    { metadata: { name: "<Hangup/> & Co" } },
    { Twiml: "<Response><Say>Hi &lt;Hangup/&gt; &amp; Co</Say></Response>", Url: null },
  ],
  [
    "an application has its own address for reports",
    {},
    { application_sid: `AP${"a".repeat(32)}` },
    {},
    { ApplicationSid: `AP${"a".repeat(32)}`, StatusCallback: null, Url: null },
  ],
  [
    "machines are listened for while the call runs",
    { machine_detection: "detect_message_end", machine_detection_timeout_seconds: 20 },
    null,
    {},
    {
      MachineDetection: "DetectMessageEnd",
      MachineDetectionTimeout: "20",
      AsyncAmd: "true",
      AsyncAmdStatusCallback: "https://carillon.example/callbacks/key-1?amd=1",
      StatusCallback: "https://carillon.example/callbacks/key-1?amd=1",
    },
  ],
  [
    "or before it begins",
    { machine_detection: "enable", async_amd: false },
    null,
    {},
    { MachineDetection: "Enable", AsyncAmd: null, AsyncAmdStatusCallback: null },
  ],
  [
    "a call's digits lift its line's detection",
    { machine_detection: "enable" },
    { send_digits: "wW1#" },
    {},
    { SendDigits: "wW1#", MachineDetection: null },
  ],
  [
    "a call is recorded on two channels",
    { record: "dual" },
    null,
    {},
    { Record: "true", RecordingChannels: "dual" },
  ],
  [
    "times are kept within what Twilio takes",
    {},
    null,
    { ringTimeoutMs: 900_000, maxDurationMs: 200_000_000 },
    { Timeout: "600", TimeLimit: "86400" },
  ],
  [
    "without a public address nothing is reported, and the words go along",
    { allow_private: undefined, base_url: undefined },
    null,
    { callbackUrl: "http://127.0.0.1:8090/callbacks/key-1" },
    {
      StatusCallback: null,
      Url: null,
      Twiml: '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello</Say></Response>',
    },
  ],
];
for (const [text, line, instructions, over, wanted] of forms) {
  test(`twilio: ${text}`, async () => {
    const { formOf } = await import("../../src/carriers/twilio/form.ts");
    const settings = { ...standInSettings, ...line };
    const order = orderOf({ ...over, settings, instructions: instructions as Order["instructions"] });
    const form = formOf(order, {});
    assert.ok(form.ok);
    const sent = new URLSearchParams(form.params.map(([name, value]) => [name, value]));
    for (const [name, value] of Object.entries(wanted))
      assert.equal(sent.has(name) ? sent.getAll(name).join() : null, value, name);
  });
}

test("twilio: what is sent is what Twilio's own library would send", async () => {
  await withBench(async (bench) => {
    const all = {
      record: "dual",
      machine_detection: "detect_message_end",
      machine_detection_timeout_seconds: 20,
      machine_detection_speech_threshold_ms: 2_000,
      machine_detection_speech_end_threshold_ms: 1_000,
      machine_detection_silence_timeout_ms: 4_000,
      call_reason: "Your appointment",
      byoc: `BY${"b".repeat(32)}`,
    };
    const settings = { ...bench.standIn.settings, ...all };
    assert.deepEqual(twilio.parseSettings(settings).ok, true);
    await bench.carrier.place(orderOf({ settings }));
    await bench.carrier.place(
      orderOf({ settings: bench.standIn.settings, instructions: { send_digits: "1w#" } }),
    );
    await bench.carrier.place(
      orderOf({
        settings,
        instructions: {
          url: "https://voice.example.com/x",
          url_method: "GET",
          fallback_url: "https://voice.example.com/f",
        },
      }),
    );
    await bench.carrier.place(orderOf({ settings, instructions: { twiml: "<Response/>" } }));
    await bench.carrier.place(
      orderOf({ settings, instructions: { application_sid: `AP${"a".repeat(32)}` } }),
    );
    assert.equal(bench.standIn.calls.length, 5);
    assert.deepEqual(bench.standIn.faults, []);
  });
});

test("twilio: an unknown attempt is found by numbers and time, and never taken for another's", async () => {
  await withBench(async (bench) => {
    const { carrier, standIn, clock } = bench;
    standIn.next = "takes";
    // An older call, one to somebody else, and one that came by a later attempt.
    await carrier.place(orderOf({ attemptKey: "old", settings: standIn.settings }));
    await clock.advance(60_000);
    standIn.next = "loses_answer";
    const lost = orderOf({ attemptKey: "lost", settings: standIn.settings });
    const placedAt = clock.now();
    assert.equal((await carrier.place(lost)).kind, "unknown");
    const found = await carrier.lookup({ ...lookupOf(lost), placedAt });
    assert.ok(found.kind === "found" && found.carrierRef === standIn.calls[1]?.sid);

    const other = await carrier.lookup({ ...lookupOf({ ...lost, attemptKey: "other" }), placedAt });
    assert.equal(other.kind, "unavailable", "its call is known to be another attempt's");
    const fresh = twilio.connect(bench.ports);
    const known = { ...lookupOf({ ...lost, attemptKey: "other" }), placedAt };
    const isOthers = (sid: string) => Promise.resolve(sid === standIn.calls[1]?.sid);
    assert.equal((await fresh.lookup({ ...known, isOthers })).kind, "unavailable");
  });
});

test("twilio: two unknown attempts to one number at one time are nobody's, until Twilio shows our address", async () => {
  await withBench(async ({ carrier, standIn, clock }) => {
    standIn.next = "loses_answer";
    const orders = ["one", "two"].map((attemptKey) =>
      orderOf({
        attemptKey,
        settings: standIn.settings,
        callbackUrl: `https://carillon.example/callbacks/${attemptKey}`,
      }),
    );
    const placedAt = clock.now();
    for (const order of orders) await carrier.place(order);
    for (const order of orders)
      assert.equal((await carrier.lookup({ ...lookupOf(order), placedAt })).kind, "unavailable");
    for (const call of standIn.calls) standIn.event(call, "completed");
    await clock.advance(900_000);
    for (const [index, order] of orders.entries()) {
      const found = await carrier.lookup({ ...lookupOf(order), placedAt });
      assert.ok(found.kind === "found");
      assert.equal(found.carrierRef, standIn.calls[index]?.sid);
    }
  });
});

test("twilio: one empty list is no proof; five minutes later it is", async () => {
  await withBench(async ({ carrier, standIn, clock }) => {
    const order = lookupOf(orderOf({ settings: standIn.settings }));
    const ask = async () => (await carrier.lookup({ ...order, placedAt: clock.now() - age })).kind;
    let age = 0;
    assert.equal(await ask(), "unavailable");
    age = ABSENT_AFTER_MS - 1;
    assert.equal(await ask(), "unavailable");
    age = ABSENT_AFTER_MS;
    assert.equal(await ask(), "absent");
    await standIn.close();
    assert.equal(await ask(), "unavailable", "who cannot be asked proves nothing");
  });
});

test("twilio: a call whose id is known is never absent, also while Twilio does not show it yet", async () => {
  await withBench(async ({ carrier, standIn, clock }) => {
    const order = orderOf({ settings: standIn.settings });
    const answer = await carrier.place(order);
    assert.ok(answer.kind === "accepted");
    standIn.isConsistent = false;
    await clock.advance(3_600_000);
    assert.equal((await carrier.lookup(lookupOf(order, answer.carrierRef))).kind, "unavailable");
  });
});

test("twilio: a lookup tells how a call ended, and why it failed", async () => {
  await withBench(async ({ carrier, standIn, clock }) => {
    const order = orderOf({ settings: standIn.settings });
    const answer = await carrier.place(order);
    assert.ok(answer.kind === "accepted");
    const [call] = standIn.calls as [PlayedCall];
    const state = async () => {
      const found = await carrier.lookup(lookupOf(order, answer.carrierRef));
      assert.ok(found.kind === "found");
      const fold = foldReports(found.reports);
      return [fold.status, fold.outcome, fold.durationMs];
    };
    assert.deepEqual(await state(), ["accepted", null, null]);
    standIn.event(call, "ringing");
    assert.deepEqual(await state(), ["ringing", null, null]);
    standIn.event(call, "in-progress");
    assert.deepEqual(await state(), ["in_progress", null, null]);
    await clock.advance(17_000);
    standIn.event(call, "completed");
    assert.deepEqual(await state(), ["ended", "answered_unknown", 17_000]);
    call.answeredBy = "human";
    assert.deepEqual((await state())[1], "answered_human");
    for (const [status, code, outcome] of [
      ["busy", null, "busy"],
      ["no-answer", null, "no_answer"],
      ["failed", null, "unreachable"],
      ["failed", 13_223, "invalid_number"],
      ["failed", 13_227, "blocked"],
      ["failed", 32_203, "blocked"],
    ] as const) {
      standIn.event(call, status);
      call.errorCode = code;
      assert.deepEqual((await state())[1], outcome, `${status} ${code}`);
    }
  });
});

test("twilio: what is queued or rings is canceled, and only what was answered is ended", async () => {
  await withBench(async ({ carrier, standIn }) => {
    const order = orderOf({ settings: standIn.settings });
    const answer = await carrier.place(order);
    assert.ok(answer.kind === "accepted");
    const [call] = standIn.calls as [PlayedCall];
    standIn.event(call, "in-progress");
    const ask = lookupOf(order, answer.carrierRef);
    assert.equal(await carrier.hangUp(ask), true);
    assert.equal(call.status, "in-progress", "nobody who talks is cut off because nothing was known of it");
    assert.equal(await carrier.hangUp({ ...ask, isAnswered: true }), true);
    assert.equal(call.status, "completed");
  });
});

test("twilio: a check says what is wrong, and what to do about it", async () => {
  await withBench(async ({ carrier, standIn }) => {
    const facts: LineFacts = { from: STAND_IN_NUMBER, callsPerSecond: 0.9, publicUrl: null };
    const reached = { ...facts, publicUrl: `${standIn.url}/self` };
    const { settings } = standIn;
    const check = (over: object, line: LineFacts = reached) => carrier.check({ ...settings, ...over }, line);
    const good = await check({});
    assert.ok(good.ok && good.warnings === undefined, JSON.stringify(good));
    assert.match((await check({}, { ...reached, callsPerSecond: 0 })).warnings?.[0] ?? "", /no rate/);
    assert.match(
      (await check({}, { ...reached, callsPerSecond: 5 })).warnings?.[0] ?? "",
      /5 calls per second/,
    );
    assert.match((await check({ say: undefined })).warnings?.[0] ?? "", /does not say/);
    for (const [over, line, pattern] of [
      [{ auth_token: "wrong-token-0123456789" }, reached, /does not accept account_sid and auth_token/],
      [{}, { ...reached, from: null }, /no caller id/],
      [{}, { ...reached, from: "+12125550111" }, /neither a number of this account/],
      [{}, facts, /PUBLIC_URL is not set/],
      [{ allow_private: undefined, base_url: undefined }, reached, /does not accept|reaches|not/],
      [{}, { ...reached, publicUrl: "http://127.0.0.1:9" }, /does not answer from here/],
      [{}, { ...reached, publicUrl: standIn.url }, /does not lead to Carillon/],
    ] as const) {
      const found = await check(over, line);
      assert.equal(found.ok, false);
      assert.match(found.detail, pattern);
    }
    standIn.accountStatus = "suspended";
    assert.match((await check({})).detail, /suspended/);
    assert.equal(standIn.posts, 0);
  });
});

const standInSettings = {
  account_sid: STAND_IN_SID,
  auth_token: "stand-in-auth-token-0123456789ab",
  say: "Hello",
};

type TwilioBench = Awaited<ReturnType<typeof openBench>>;

/** One call from the queue to its end, as messages. */
function wholeCall({ standIn }: Pick<TwilioBench, "standIn">, call: PlayedCall): Message[] {
  return [
    standIn.event(call, "initiated"),
    standIn.event(call, "ringing"),
    standIn.event(call, "in-progress"),
    standIn.detection(call, "human"),
    standIn.event(call, "completed"),
  ].flatMap((message) => message ?? []);
}

function reportsOf(message: Message): readonly Report[] {
  const url = new URL(message.url);
  const callback: Callback = {
    headers: message.headers,
    rawBody: new TextEncoder().encode(message.body),
    contentType: message.headers["content-type"] ?? "",
    url: `${url.pathname}${url.search}`,
    publicUrl: url.origin,
  };
  const settings = { account_sid: STAND_IN_SID, auth_token: "stand-in-auth-token-0123456789ab" };
  const reading = twilio.readCallback?.(callback, settings, Date.parse(new Date(8e12).toISOString()));
  assert.ok(reading?.kind === "reports", JSON.stringify(reading));
  return reading.reports;
}

function assertShows(answer: PlaceAnswer, wanted: Partial<PlaceAnswer>): void {
  const all: Record<string, unknown> = answer;
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]])), wanted);
}

async function openBench() {
  const clock = new FakeClock();
  const standIn = await new TwilioStandIn({ now: () => clock.now() }).listen();
  let wake = (): void => undefined;
  const arm = (_ms: number, then: () => void) => {
    wake = then;
    return { cancel() {} };
  };
  const { ports } = portsOf({ clock, log: SILENT, fetch: openFetch({ clock, arm }) });
  const carrier: Carrier = twilio.connect(ports);
  return {
    carrier,
    clock,
    standIn,
    ports,
    created: () => standIn.posts,
    /** Lets the request under way run into its time-out, once it has arrived. */
    async timeOut(): Promise<void> {
      while (standIn.posts === 0) await new Promise((resolve) => setImmediate(resolve));
      wake();
    },
    async close(): Promise<void> {
      assert.deepEqual(standIn.faults, []);
      await carrier.close();
      await standIn.close();
    },
  };
}

async function withBench(run: (bench: TwilioBench) => Promise<void>): Promise<void> {
  const bench = await openBench();
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}
