import assert from "node:assert/strict";
import { test } from "node:test";

import { DisconnectReason } from "@livekit/protocol";

import { livekitWith } from "../../src/carriers/livekit/kind.ts";
import type { OutsideAnswer, OutsideFetch } from "../../src/ports/carrier.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { type TestClock, type TestEngine, startEngine } from "../support/engine.ts";
import {
  type Creation,
  LiveKitStandIn,
  type Message,
  type PlayedCall,
  STAND_IN_KEY,
  STAND_IN_NUMBER,
  STAND_IN_SECRET,
  STAND_IN_TRUNK,
} from "../support/livekit-stand-in.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const callCount = 40;
const publicUrl = "https://calls.example.com";
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1_000_000_000));
const second = 1000;
const day = 86_400 * second;
const kind = livekitWith({});

for (const isWaiting of [false, true]) {
  const how = isWaiting ? "whose answers are waited for" : "that answers at once";
  void test(`over a LiveKit ${how}, and loses, delays, doubles and reorders, nobody is rung who need not be`, async (context) => {
    context.diagnostic(`seed ${seed}`);
    const random = new SeededRandom(seed);
    const networkSays = new Map<PlayedCall, number>();
    const world: { engine: TestEngine | null } = { engine: null };
    const now = (): number => world.engine?.clock.now() ?? FAKE_START;
    const standIn = new LiveKitStandIn({ now, isQuick: true });
    const t = await startEngine({
      publicUrl,
      fetch: (clock) => fetchFrom(standIn, clock, random, isWaiting ? networkSays : null),
      carrierKinds: { livekit: () => Promise.resolve(kind) },
    });
    world.engine = t;
    standIn.onTaken = (call) => play(t, standIn, random, call, networkSays);
    await t.engine.createLine(t.actor, {
      name: "phone",
      carrier: "livekit",
      caller_id: STAND_IN_NUMBER,
      settings: {
        url: "wss://clinic.livekit.cloud",
        api_key: STAND_IN_KEY,
        api_secret: STAND_IN_SECRET,
        sip_trunk_id: STAND_IN_TRUNK,
        wait_until_answered: isWaiting,
      },
      hours: "always",
      slots_max: 30,
      calls_per_second: 0,
    });
    const calls = [];
    for (let i = 0; i < callCount; i += 1) {
      const to = `+1212555${String(2000 + i)}`;
      await t.engine.allowNumber(t.actor, { to });
      calls.push(await t.call({ to, line: "phone", in: `${random.below(7200)}s` }));
    }
    await t.advance(2 * day);

    assert.deepEqual(standIn.faults, []);
    let placed = 0;
    for (const { id } of calls) {
      const call = await t.look({ id });
      const story = JSON.stringify(await t.engine.explain(t.actor, id), null, 1);
      assert.ok(["completed", "failed", "expired", "needs_review"].includes(call.status), story);
      const attempts = await t.engine.listAttempts(t.actor, id);
      placed += attempts.filter(({ placingAt }) => placingAt !== null).length;
      const rung = standIn.calls.filter(({ request }) => request.sipCallTo === call.to);
      const talked = rung.filter(
        (one) => one.answeredAt !== null && one.attributes["carillon.answered_by"] !== "machine",
      );
      assert.ok(talked.length <= 1, `somebody who had answered was rung again: ${story}`);
      if (talked.length === 1) assert.match(call.status, /^(?:completed|needs_review)$/, story);
      for (const [index, one] of rung.entries()) {
        const before = rung[index - 1];
        assert.ok(
          before === undefined || (before.leftAt ?? Infinity) <= one.joinedAt,
          `two at once: ${story}`,
        );
      }
    }
    assert.equal(standIn.posts, placed, "a request for each attempt, and no other");
    const identities = standIn.calls.map(({ request }) => request.participantIdentity);
    assert.equal(new Set(identities).size, identities.length, "an attempt was placed twice");
    assert.equal((await t.engine.getLine(t.actor, "phone")).slotsUsed, 0);
  });
}

const creations: readonly Creation[] = [
  "takes",
  "takes",
  "takes",
  "takes",
  "takes",
  "loses_answer",
  "hangs",
  "swallows",
  { afterTaking: 500 },
  { afterTaking: 503 },
  { status: 503, code: "unavailable" },
  { status: 429, code: "resource_exhausted", retryAfter: "30" },
];

/** A network without sockets: what becomes of each request is drawn. `ends`: the SIP status of calls that are waited for. */
function fetchFrom(
  standIn: LiveKitStandIn,
  clock: TestClock,
  random: SeededRandom,
  ends: ReadonlyMap<PlayedCall, number> | null,
): OutsideFetch {
  return async (request): Promise<OutsideAnswer> => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/CreateSIPParticipant")) {
      if (clock.now() >= (request.deadlineAt ?? Infinity)) return { kind: "not_sent", detail: "too late" };
      standIn.next = random.pick(creations);
    } else if (random.float() < 0.1) return { kind: "unknown", detail: "reset" };
    const reply = await standIn.respond({
      method: request.method,
      url: pathname,
      body: request.body ?? "",
      authorization: request.headers["authorization"],
    });
    if (reply === "hang") {
      await new Promise<void>((resolve) => void clock.at(clock.now() + request.timeoutMs, resolve));
      return { kind: "unknown", detail: "time-out" };
    }
    if (typeof reply === "string") return { kind: "unknown", detail: reply };
    const isTaken = pathname.endsWith("/CreateSIPParticipant") && reply.status === 200;
    const { body = "" } = request;
    const call = standIn.calls.find((one) => body.includes(`"${one.request.participantIdentity}"`));
    if (!isTaken || ends === null || call === undefined) return { kind: "answer", ...reply };
    return (await decided(call, ends, clock, request.timeoutMs)) ?? { kind: "answer", ...reply };
  };
}

/** Waits until somebody has answered (null), nobody will, or nobody waits any longer. */
async function decided(
  call: PlayedCall,
  ends: ReadonlyMap<PlayedCall, number>,
  clock: TestClock,
  timeoutMs: number,
): Promise<OutsideAnswer | null> {
  const until = clock.now() + timeoutMs;
  while (clock.now() < until) {
    if (call.answeredAt !== null) return null;
    const sip = call.leftAt === null ? undefined : (ends.get(call) ?? 480);
    if (sip !== undefined) {
      const body = JSON.stringify({ code: "resource_exhausted", meta: { sip_status_code: String(sip) } });
      return { kind: "answer", status: 429, headers: {}, body };
    }
    await new Promise<void>((resolve) => void clock.at(clock.now() + 500, resolve));
  }
  return { kind: "unknown", detail: "time-out" };
}

/** What a call comes to, and what is told of it: some of it never, some of it late, some of it twice. */
function play(
  t: TestEngine,
  standIn: LiveKitStandIn,
  random: SeededRandom,
  call: PlayedCall,
  ends: Map<PlayedCall, number>,
): void {
  const end = random.pick(["talk", "talk", "busy", "no answer", "trunk", "voicemail"] as const);
  ends.set(call, { busy: 486, "no answer": 480, trunk: 503, talk: 0, voicemail: 0 }[end]);
  // Of some calls nothing is ever told; only who looks into their rooms learns of them.
  const isMute = random.float() < 0.3;
  const tell = (message: Message): void => {
    if (isMute || random.float() < 0.2) return;
    for (let copies = random.float() < 0.3 ? 2 : 1; copies > 0; copies -= 1)
      t.clock.at(t.clock.now() + random.below(random.float() < 0.8 ? 3 * second : 30 * second), () => {
        void deliver(t, message);
      });
  };
  const at = (ms: number, happen: () => void): void => {
    t.clock.at(t.clock.now() + ms, () => {
      if (call.leftAt === null) happen();
    });
  };
  at(500, () => tell(standIn.joined(call)));
  at(1 * second, () => standIn.move(call, "ringing"));
  const { USER_REJECTED, USER_UNAVAILABLE, UNKNOWN_REASON, CLIENT_INITIATED } = DisconnectReason;
  if (end === "busy") return at(2 * second, () => tell(standIn.leave(call, USER_REJECTED)));
  if (end === "no answer") return at(25 * second, () => tell(standIn.leave(call, USER_UNAVAILABLE)));
  if (end === "trunk") return at(2 * second, () => tell(standIn.leave(call, UNKNOWN_REASON)));
  at(5 * second, () => standIn.move(call, "active"));
  // Not every agent says whom it talked to.
  const tells = random.float() < 0.6;
  at(6 * second, () => {
    if (tells) call.attributes["carillon.answered_by"] = end === "voicemail" ? "machine" : "human";
  });
  at(random.pick([9, 40, 400]) * second, () => tell(standIn.leave(call, CLIENT_INITIATED)));
}

/** As the door does it. */
async function deliver(t: TestEngine, { headers, body }: Message): Promise<void> {
  const callback = {
    headers,
    rawBody: new TextEncoder().encode(body),
    contentType: headers["content-type"] ?? "",
    url: "/webhook/livekit",
    publicUrl,
  };
  const attemptKey = kind.attemptKeyOf?.(callback) ?? "";
  const attempt = await t.engine.attemptForCallback(attemptKey);
  const reading = kind.readCallback?.(callback, attempt?.settings, t.clock.now());
  assert.ok(reading?.kind === "reports", JSON.stringify(reading));
  await t.engine.receive(attemptKey, reading.reports);
}
