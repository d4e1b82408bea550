import assert from "node:assert/strict";
import { test } from "node:test";

import { DisconnectReason } from "@livekit/protocol";
import { RoomServiceClient, SipClient } from "livekit-server-sdk";

import { GONE_MS, QUIET_MS, UNTOUCHED_MS } from "../../src/carriers/livekit/carrier.ts";
import { livekitWith } from "../../src/carriers/livekit/kind.ts";
import { foldReports } from "../../src/domain/attempt.ts";
import type { Callback, Carrier, LineFacts, PlaceAnswer, Report } from "../../src/ports/carrier.ts";
import { openFetch } from "../../src/system/fetch.ts";
import { FAKE_START, FakeClock } from "../support/fake-clock.ts";
import {
  type Creation,
  LiveKitStandIn,
  type Message,
  type PlayedCall,
  STAND_IN_NUMBER,
} from "../support/livekit-stand-in.ts";
import { SILENT, carrierContract, lookupOf, orderOf, place, portsOf } from "./contract.ts";

const livekit = livekitWith({});

carrierContract("livekit", async () => {
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
        refuses: { status: 400, code: "invalid_argument" },
        limits: { status: 429, code: "resource_exhausted", retryAfter: "5" },
        loses_answer: "loses_answer",
      }[behaviour] as Creation;
      return Promise.resolve(bench.standIn.settings);
    },
    finish: async (attemptKey, callbacks) => {
      const messages = await wholeCall(bench);
      const order = {
        prompt: messages,
        twice: messages.flatMap((message) => [message, message]),
        reversed: messages.toReversed(),
      };
      for (const message of order[callbacks])
        for (const report of reportsOf(message)) delivered.push({ attemptKey, report });
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
  ["500 in LiveKit's words", { status: 500, code: "internal" }, { kind: "unknown" }],
  ["503 in LiveKit's words", { status: 503, code: "unavailable" }, { kind: "unknown" }],
  ["408", { status: 408, code: "deadline_exceeded" }, { kind: "unknown" }],
  ["409", { status: 409, code: "aborted" }, { kind: "unknown" }],
  [
    "412, which LiveKit also says after dialing",
    { status: 412, code: "failed_precondition" },
    { kind: "unknown" },
  ],
  ["a redirect", { status: 307 }, { kind: "unknown" }],
  ["an empty 200", { status: 200 }, { kind: "unknown" }],
  ["429 without a SIP status", { status: 429, retryAfter: "7" }, { kind: "refused", retryAfterMs: 7_000 }],
  ["429 without a word", { status: 429 }, { kind: "refused", retryAfterMs: 10_000 }],
  ["401", { status: 401, code: "unauthenticated" }, { kind: "refused", retryAfterMs: 300_000, isOurs: true }],
  [
    "403",
    { status: 403, code: "permission_denied" },
    { kind: "refused", retryAfterMs: 300_000, isOurs: true },
  ],
  [
    "a trunk that is not there",
    { status: 404, code: "not_found" },
    { kind: "refused", retryAfterMs: 300_000, isOurs: true },
  ],
  ["400", { status: 400, code: "invalid_argument" }, { kind: "refused", outcome: "carrier_error" }],
];
for (const isWaiting of [false, true]) {
  for (const [text, creation, wanted] of creations) {
    const how = isWaiting ? "when the answer is waited for" : "at once";
    test(`livekit: ${text} is ${wanted.kind}, after exactly one request, ${how}`, async () => {
      await withBench(async (bench) => {
        bench.standIn.next = creation;
        const settings = { ...bench.standIn.settings, wait_until_answered: isWaiting };
        const placed = place(bench, orderOf({ settings }));
        if (creation === "hangs") await bench.timeOut();
        assertShows(await placed, wanted);
        assert.equal(bench.standIn.posts, 1);
        const isTaken = typeof creation === "string" || "afterTaking" in creation;
        assert.equal(bench.standIn.calls.length, isTaken ? 1 : 0);
        const isCertain = wanted.kind === "refused";
        assert.equal(bench.standIn.rooms.size, isCertain ? 0 : 1, "an agent waits only for who may come");
      });
    });
  }
}

const networks: readonly (readonly [string, Extract<Creation, { sip: number }>, object])[] = [
  [
    "a busy phone",
    { sip: 486, reason: "Busy Here", http: 429, code: "resource_exhausted" },
    { outcome: "busy" },
  ],
  ["busy everywhere", { sip: 600, http: 429, code: "resource_exhausted" }, { outcome: "busy" }],
  ["nobody there", { sip: 480, http: 429, code: "resource_exhausted" }, { outcome: "no_answer" }],
  ["nobody answering", { sip: 408, http: 408, code: "deadline_exceeded" }, { outcome: "no_answer" }],
  ["a call that rang out", { sip: 487, http: 409, code: "aborted" }, { outcome: "no_answer" }],
  ["a decline", { sip: 603, http: 403, code: "permission_denied" }, { outcome: "declined" }],
  [
    "a block that looks like a decline",
    { sip: 603, reason: "32203 Call blocked", http: 403, code: "permission_denied" },
    { outcome: "blocked" },
  ],
  ["an unwanted call", { sip: 607, http: 403, code: "permission_denied" }, { outcome: "blocked" }],
  ["no such number", { sip: 404, http: 404, code: "not_found" }, { outcome: "invalid_number" }],
  ["half a number", { sip: 484, http: 400, code: "invalid_argument" }, { outcome: "invalid_number" }],
  [
    "a fault of the network",
    { sip: 503, http: 412, code: "failed_precondition" },
    { outcome: "carrier_error" },
  ],
  [
    "a trunk that starts no more calls in a second",
    { sip: 503, reason: "Trunk CPS limit exceeded", http: 412, code: "failed_precondition" },
    { kind: "refused", retryAfterMs: 10_000 },
  ],
  [
    "a trunk that does not know us",
    { sip: 407, http: 401, code: "unauthenticated" },
    { kind: "refused", retryAfterMs: 300_000, isOurs: true },
  ],
  ["a call that came twice", { sip: 482, http: 412, code: "failed_precondition" }, { kind: "unknown" }],
];
for (const [text, creation, wanted] of networks) {
  test(`livekit: ${text} (SIP ${creation.sip} as HTTP ${creation.http}) is told apart`, async () => {
    await withBench(async (bench) => {
      bench.standIn.next = creation;
      const settings = { ...bench.standIn.settings, wait_until_answered: true };
      const answer = await place(bench, orderOf({ settings }));
      if ("outcome" in wanted) {
        assert.ok(answer.kind === "accepted", "it was dialed, so it was a try");
        assert.deepEqual(
          answer.reports.map(({ kind, outcome }) => [kind, outcome]),
          [["ended", wanted.outcome]],
        );
      } else assertShows(answer, wanted);
      assert.equal(bench.standIn.posts, 1);
    });
  });
}

test("livekit: an answer that was waited for tells that somebody is on the line", async () => {
  await withBench(async (bench) => {
    const settings = { ...bench.standIn.settings, wait_until_answered: true };
    const answer = await place(bench, orderOf({ settings }));
    assert.ok(answer.kind === "accepted");
    assert.deepEqual(
      answer.reports.map(({ kind }) => kind),
      ["answered"],
    );
    assert.equal(bench.standIn.calls[0]?.request.waitUntilAnswered, true);
  });
});

test("livekit: a request that was held back past its deadline is refused by the server, by its token", async () => {
  await withBench(async (bench) => {
    const { standIn, clock } = bench;
    const deadlineAt = FAKE_START + 8_000;
    await place(bench, orderOf({ settings: standIn.settings, deadlineAt }));
    const held = standIn.last;
    assert.ok(held !== null);
    const status = async () => {
      const reply = await standIn.respond(held);
      return typeof reply === "string" ? reply : reply.status;
    };
    await clock.advanceTo(deadlineAt - 1);
    assert.equal(await status(), 200);
    await clock.advanceTo(deadlineAt);
    assert.equal(await status(), 401);
  });
});

test("livekit: nothing leaves without a project, a room, or words that SIP takes", async () => {
  await withBench(async (bench) => {
    const { url: _url, ...settings } = bench.standIn.settings;
    assertShows(await place(bench, orderOf({ settings })), { kind: "refused", retryAfterMs: 300_000 });
    const whole = orderOf({ settings: bench.standIn.settings });
    assertShows(await bench.carrier.place(whole), { kind: "refused", outcome: "not_placed" });
    const broken = orderOf({
      settings: { ...bench.standIn.settings, headers: { "X-Name": "{{metadata.name}}" } },
      metadata: { name: "Ann\r\nX-Evil: 1" },
    });
    assertShows(await place(bench, broken), { kind: "refused", outcome: "blocked", isOurs: true });
    const long = orderOf({ settings: bench.standIn.settings, metadata: { text: "x".repeat(70_000) } });
    assertShows(await place(bench, long), { kind: "refused", outcome: "blocked", isOurs: true });
    assert.equal(bench.standIn.posts, 0);
  });
});

test("livekit: a room that cannot be made is a certain no, and nobody is rung", async () => {
  await withBench(async (bench) => {
    const settings = { ...bench.standIn.settings, api_secret: "another-secret-0123456789" };
    assertShows(await place(bench, orderOf({ settings })), {
      kind: "refused",
      retryAfterMs: 300_000,
      isOurs: true,
    });
    const gone = orderOf({ settings: { ...bench.standIn.settings, url: "http://127.0.0.1:9" } });
    assertShows(await place(bench, gone), { kind: "refused", outcome: "not_placed" });
    assert.equal(bench.standIn.posts, 0);
  });
});

test("livekit: a number is never part of what is said about a refusal", async () => {
  await withBench(async (bench) => {
    bench.standIn.next = { status: 400, code: "invalid_argument" };
    const answer = await place(bench, orderOf({ settings: bench.standIn.settings }));
    assert.ok(answer.kind === "refused" && answer.detail.includes("invalid_argument"));
    assert.doesNotMatch(answer.detail, /2125550199/);
  });
});

test("livekit: room, agent and phone are asked for as LiveKit's own library would ask", async () => {
  await withBench(async (bench) => {
    const settings = {
      ...bench.standIn.settings,
      room_name: "insurance_call:{{to}}:{{attempt_key}}",
      headers: { "X-Call": "{{call_id}}" },
      include_headers: "x",
      play_dialtone: true,
      hide_phone_number: true,
      krisp_enabled: true,
      participant_name: "{{metadata.name}}",
      display_name: "Clinic",
    };
    assert.equal(livekit.parseSettings(settings).ok, true);
    const instructions = { dtmf: "1w#", agent_metadata: { who: "{{metadata.name}}", call: "{{call_id}}" } };
    assert.deepEqual(livekit.checkInstructions?.(instructions, settings), { ok: true });
    await place(bench, orderOf({ settings, instructions, metadata: { name: "Ann" } }));
    const [call] = bench.standIn.calls as [PlayedCall];
    const name = "insurance_call:+12125550199:key-1";
    const { sipTrunkId, roomName, participantIdentity, participantName, dtmf } = call.request;
    assert.deepEqual(
      [sipTrunkId, roomName, participantIdentity, participantName, dtmf],
      ["ST_standin01", name, "phone-key-1", "Ann", "1w#"],
    );
    assert.deepEqual(call.request.headers, { "X-Call": "call_1" });
    assert.deepEqual([call.request.sipCallTo, call.request.sipNumber], ["+12125550199", "+12125550190"]);
    assert.deepEqual(
      [call.request.ringingTimeout?.seconds, call.request.maxCallDuration?.seconds],
      [30n, 3600n],
    );
    const room = bench.standIn.rooms.get(name);
    assert.deepEqual(
      room?.agents.map(({ agentName, metadata }) => [agentName, JSON.parse(metadata)]),
      [["greeter", { who: "Ann", call: "call_1" }]],
    );
    // The same, asked for by the library, whose clock is the real one.
    bench.standIn.leewayMs = Infinity;
    const { api_key: key, api_secret: secret } = bench.standIn.settings;
    const host = bench.standIn.url;
    await new RoomServiceClient(host, key, secret).createRoom({ name: "library", emptyTimeout: 900 });
    const sip = new SipClient(host, key, secret);
    await sip.createSipParticipant("ST_standin01", "+12125550199", "library", {
      participantIdentity: "phone-library",
      fromNumber: "+12125550190",
      ringingTimeout: 30,
      maxCallDuration: 3600,
      headers: { "X-Call": "call_1" },
      dtmf: "1w#",
      playDialtone: true,
      hidePhoneNumber: true,
      krispEnabled: true,
      participantName: "Ann",
      displayName: "Clinic",
    });
    const library = bench.standIn.calls[1]?.request.toJson() as Record<string, unknown>;
    const ours = call.request.toJson() as Record<string, unknown>;
    const own = ["roomName", "participantIdentity", "participantAttributes", "includeHeaders"];
    for (const all of [ours, library]) for (const one of own) delete all[one];
    assert.deepEqual(ours, library);
    // The library keeps its connections.
    bench.standIn.faults.length = 0;
  });
});

test("livekit: the agent is told all about the call, and one that the call names wins", async () => {
  await withBench(async (bench) => {
    const order = orderOf({
      settings: bench.standIn.settings,
      instructions: { agent_name: "closer" },
      metadata: { name: "Ann" },
    });
    await place(bench, order);
    const [agent] = bench.standIn.rooms.get("carillon-key-1")?.agents ?? [];
    assert.equal(agent?.agentName, "closer");
    assert.deepEqual(JSON.parse(agent.metadata), {
      to: "+12125550199",
      from: "+12125550190",
      call_id: "call_1",
      attempt_id: "att_1",
      attempt_number: 1,
      purpose: "reminder",
      metadata: { name: "Ann" },
      room_name: "carillon-key-1",
      participant_identity: "phone-key-1",
    });
  });
});

test("livekit: a request that never arrived is absent, once a room has proven that nobody came", async () => {
  await withBench(async (bench) => {
    const { standIn, clock, carrier } = bench;
    standIn.next = "swallows";
    const order = orderOf({ settings: standIn.settings, deadlineAt: FAKE_START + 10_000 });
    const placed = place(bench, order);
    await bench.timeOut();
    assert.equal((await placed).kind, "unknown");
    const ask = async () => (await carrier.lookup({ ...lookupOf(order), deadlineAt: order.deadlineAt })).kind;
    assert.equal(await ask(), "unavailable");
    await clock.advanceTo(order.deadlineAt + QUIET_MS - 1);
    assert.equal(await ask(), "unavailable");
    await clock.advance(UNTOUCHED_MS);
    assert.equal(await ask(), "unavailable", "the first look after the token's end");
    await clock.advance(UNTOUCHED_MS - 1);
    assert.equal(await ask(), "unavailable", "a room that was just left is still open");
    await clock.advance(1);
    assert.equal(await ask(), "absent");
    assert.equal(standIn.posts, 1);
  });
});

test("livekit: a call that came and went unseen is never absent", async () => {
  await withBench(async (bench) => {
    const { standIn, clock, carrier } = bench;
    standIn.next = "loses_answer";
    const order = orderOf({ settings: standIn.settings, deadlineAt: FAKE_START + 10_000 });
    await place(bench, order);
    await clock.advanceTo(order.deadlineAt + QUIET_MS);
    const [call] = standIn.calls as [PlayedCall];
    standIn.move(call, "active");
    standIn.leave(call, DisconnectReason.CLIENT_INITIATED);
    for (let i = 0; i < 20; i += 1) {
      const found = await carrier.lookup({ ...lookupOf(order), deadlineAt: order.deadlineAt });
      assert.equal(found.kind, "unavailable", `${clock.now() - FAKE_START} ms`);
      await clock.advance(10_000);
    }
  });
});

test("livekit: a room that opened anew under the name proves nothing", async () => {
  await withBench(async (bench) => {
    const { standIn, clock, carrier } = bench;
    const order = orderOf({ settings: standIn.settings, deadlineAt: FAKE_START + 10_000 });
    await carrier.prepare?.(order);
    standIn.rooms.clear();
    await clock.advanceTo(order.deadlineAt + QUIET_MS);
    await carrier.prepare?.({ ...order, attemptKey: "other", settings: { ...standIn.settings } });
    const room = standIn.rooms.get("carillon-other");
    assert.ok(room !== undefined);
    room.info.name = "carillon-key-1";
    for (let i = 0; i < 3; i += 1) {
      const ask = { ...lookupOf(order), deadlineAt: order.deadlineAt };
      assert.equal((await carrier.lookup(ask)).kind, "unavailable");
      await clock.advance(UNTOUCHED_MS);
    }
    await standIn.close();
    assert.equal((await carrier.lookup(lookupOf(order))).kind, "unavailable", "nobody to ask");
  });
});

test("livekit: a lookup follows the phone's attributes, and somebody is on the line at active alone", async () => {
  await withBench(async (bench) => {
    const { standIn, carrier } = bench;
    const order = orderOf({ settings: standIn.settings });
    const answer = await place(bench, order);
    assert.ok(answer.kind === "accepted" && answer.carrierRef === "SCL_1");
    const [call] = standIn.calls as [PlayedCall];
    const state = async () => {
      const found = await carrier.lookup(lookupOf(order, answer.carrierRef));
      assert.ok(found.kind === "found" && found.carrierRef === "SCL_1");
      return foldReports(found.reports).status;
    };
    assert.equal(await state(), "accepted");
    standIn.move(call, "ringing");
    assert.equal(await state(), "ringing");
    standIn.move(call, "automation");
    assert.equal(await state(), "ringing");
    standIn.move(call, "active");
    assert.equal(await state(), "in_progress");
  });
});

test("livekit: whose end no event told is over when somebody had answered, and for a person to judge else", async () => {
  for (const isAnswered of [true, false]) {
    await withBench(async (bench) => {
      const { standIn, carrier, clock } = bench;
      const order = orderOf({ settings: standIn.settings });
      const answer = await place(bench, order);
      assert.ok(answer.kind === "accepted");
      const [call] = standIn.calls as [PlayedCall];
      standIn.leave(call, DisconnectReason.CLIENT_INITIATED);
      const ask = () => carrier.lookup({ ...lookupOf(order, answer.carrierRef), isAnswered });
      assert.equal((await ask()).kind, "unavailable", "its event may still come");
      await clock.advance(isAnswered ? 5_000 : GONE_MS - 1);
      if (!isAnswered) {
        assert.equal((await ask()).kind, "unavailable");
        await clock.advance(1);
      }
      const found = await ask();
      assert.ok(found.kind === "found");
      assert.deepEqual(
        found.reports.map(({ kind, outcome }) => [kind, outcome]),
        [isAnswered ? ["ended", "answered_unknown"] : ["review", undefined]],
      );
    });
  }
});

test("livekit: only who is known to talk is cut off, and what rings is taken back", async () => {
  await withBench(async (bench) => {
    const { standIn, carrier } = bench;
    const order = orderOf({ settings: standIn.settings });
    const answer = await place(bench, order);
    assert.ok(answer.kind === "accepted");
    const [call] = standIn.calls as [PlayedCall];
    standIn.move(call, "active");
    const ask = lookupOf(order, answer.carrierRef);
    assert.equal(await carrier.hangUp(ask), true);
    assert.equal(call.leftAt, null, "nobody who talks is cut off because nothing was known of it");
    assert.equal(await carrier.hangUp({ ...ask, isAnswered: true }), true);
    assert.notEqual(call.leftAt, null);
    const found = await carrier.lookup({ ...ask, isAnswered: true });
    assert.ok(found.kind === "found" && found.reports[0]?.outcome === "answered_unknown");
    const other = lookupOf(orderOf({ settings: standIn.settings, attemptKey: "other" }));
    await standIn.close();
    assert.equal(await carrier.hangUp(other), false, "who cannot be asked has not been ended");
  });
});

test("livekit: a check says what is wrong, and what to do about it", async () => {
  await withBench(async ({ carrier, standIn }) => {
    const facts: LineFacts = { from: STAND_IN_NUMBER, callsPerSecond: 0.9, publicUrl: null };
    const reached = { ...facts, publicUrl: `${standIn.url}/self` };
    const check = (over: object, line: LineFacts = reached) =>
      carrier.check({ ...standIn.settings, ...over }, line);
    const good = await check({});
    assert.ok(good.ok && good.warnings === undefined, JSON.stringify(good));
    assert.match((await check({}, { ...reached, callsPerSecond: 0 })).warnings?.[0] ?? "", /no rate/);
    assert.match(
      (await check({}, { ...reached, callsPerSecond: 5 })).warnings?.[0] ?? "",
      /5 calls per second/,
    );
    assert.match((await check({ agent_name: undefined })).warnings?.[0] ?? "", /names no agent/);
    const foreign = await check({}, { ...reached, from: "+12125550111" });
    assert.match(foreign.warnings?.[0] ?? "", /not a number of the trunk/);
    for (const [over, line, pattern] of [
      [{ url: undefined }, reached, /no url, api_key/],
      [{ api_secret: "wrong-secret-0123456789" }, reached, /does not show its trunks/],
      [{ url: "http://127.0.0.1:9" }, reached, /does not show its trunks/],
      [{ sip_trunk_id: "ST_other" }, reached, /no outbound trunk ST_other/],
      [{}, facts, /PUBLIC_URL is not set/],
      [{}, { ...reached, publicUrl: "http://127.0.0.1:9" }, /does not answer from here/],
      [{}, { ...reached, publicUrl: standIn.url }, /does not lead to Carillon/],
    ] as const) {
      const found = await check(over, line);
      assert.equal(found.ok, false, found.detail);
      assert.match(found.detail, pattern);
    }
    standIn.leewayMs = 0;
    const strict = await check({});
    assert.match(strict.detail, /does not take a token 50 s after its end/);
    assert.match(strict.cure ?? "", /token_leeway_seconds=0/);
    assert.equal((await check({ token_leeway_seconds: 0 })).ok, true);
    standIn.trunkNumbers = [];
    assert.match(
      (await check({ token_leeway_seconds: 0 }, { ...reached, from: null })).detail,
      /a number to call from/,
    );
    assert.equal(standIn.posts, 0);
  });
});

type LiveKitBench = Awaited<ReturnType<typeof openBench>>;

/** One call from its first ring to its end, as events. */
async function wholeCall({ standIn }: Pick<LiveKitBench, "standIn">): Promise<Message[]> {
  const call = standIn.calls.at(-1);
  assert.ok(call !== undefined);
  standIn.move(call, "ringing");
  const joined = standIn.joined(call);
  standIn.move(call, "active");
  call.attributes = { ...call.attributes, "carillon.answered_by": "human" };
  return [joined, standIn.leave(call, DisconnectReason.CLIENT_INITIATED)];
}

function reportsOf(message: Message): readonly Report[] {
  const url = new URL(message.url);
  const callback: Callback = {
    headers: message.headers,
    rawBody: new TextEncoder().encode(message.body),
    contentType: message.headers["content-type"] ?? "",
    url: url.pathname,
    publicUrl: url.origin,
  };
  const settings = { api_key: "APIstandin01", api_secret: "stand-in-secret-0123456789-0123456789" };
  const reading = livekit.readCallback?.(callback, settings, FAKE_START + 1_000);
  assert.ok(reading?.kind === "reports", JSON.stringify(reading));
  return reading.reports;
}

function assertShows(answer: PlaceAnswer, wanted: Partial<PlaceAnswer>): void {
  const all: Record<string, unknown> = answer;
  assert.deepEqual(
    Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]])),
    wanted,
    JSON.stringify(answer),
  );
}

async function openBench() {
  const clock = new FakeClock();
  const standIn = await new LiveKitStandIn({ now: () => clock.now() }).listen();
  let wake = (): void => undefined;
  const arm = (_ms: number, then: () => void) => {
    wake = then;
    return { cancel() {} };
  };
  const { ports } = portsOf({ clock, log: SILENT, fetch: openFetch({ clock, arm }) });
  const carrier: Carrier = livekit.connect(ports);
  return {
    carrier,
    clock,
    standIn,
    ports,
    created: () => standIn.posts,
    /** Lets the request under way run into its time-out, once it has arrived. */
    async timeOut(): Promise<void> {
      while (standIn.posts === 0) await new Promise((resolve) => setImmediate(resolve));
      // The server reads and verifies before it keeps silent.
      for (let i = 0; i < 100; i += 1) await new Promise((resolve) => setImmediate(resolve));
      wake();
    },
    async close(): Promise<void> {
      assert.deepEqual(standIn.faults, []);
      await carrier.close();
      await standIn.close();
    },
  };
}

async function withBench(run: (bench: LiveKitBench) => Promise<void>): Promise<void> {
  const bench = await openBench();
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}
