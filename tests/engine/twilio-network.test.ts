import assert from "node:assert/strict";
import { test } from "node:test";

import { twilioWith } from "../../src/carriers/twilio/kind.ts";
import type { OutsideAnswer, OutsideFetch } from "../../src/ports/carrier.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { type TestClock, type TestEngine, startEngine } from "../support/engine.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import {
  type Creation,
  type Message,
  type PlayedCall,
  STAND_IN_NUMBER,
  TwilioStandIn,
} from "../support/twilio-stand-in.ts";

const callCount = 40;
const publicUrl = "https://calls.example.com";
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1_000_000_000));
const second = 1000;
const day = 86_400 * second;

void test("over a Twilio that loses, delays, doubles and reorders, every call ends, and nobody is rung who need not be", async (context) => {
  context.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const world: { engine: TestEngine | null } = { engine: null };
  const now = (): number => world.engine?.clock.now() ?? FAKE_START;
  const standIn = new TwilioStandIn({ now });
  const kind = twilioWith({});
  const t = await startEngine({
    publicUrl,
    fetch: (clock) => fetchFrom(standIn, clock, random),
    carrierKinds: { twilio: () => Promise.resolve(kind) },
  });
  world.engine = t;
  standIn.onTaken = (call) => play(t, standIn, random, call);
  await t.engine.createLine(t.actor, {
    name: "phone",
    carrier: "twilio",
    caller_id: STAND_IN_NUMBER,
    settings: {
      account_sid: standIn.accountSid,
      auth_token: standIn.authToken,
      say: "Hello",
      machine_detection: "detect_message_end",
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
    assert.ok(["completed", "failed", "expired"].includes(call.status), `${call.status}: ${story}`);
    const attempts = await t.engine.listAttempts(t.actor, id);
    placed += attempts.filter((one) => one.placingAt !== null).length;
    const rung = standIn.calls.filter(({ params }) => params.get("To") === call.to);
    const answered = rung.filter((one) => one.startAt !== null && one.answeredBy !== "machine_start");
    assert.ok(answered.length <= 1, `somebody who had answered was rung again: ${story}`);
    if (answered.length === 1) assert.equal(call.status, "completed", story);
  }
  assert.equal(standIn.posts, placed, "a request for each attempt, and no other");
  const addresses = standIn.calls.map((call) => call.params.get("StatusCallback"));
  assert.equal(new Set(addresses).size, addresses.length, "an attempt was placed twice");
  assert.equal((await t.engine.getLine(t.actor, "phone")).slotsUsed, 0);
});

const creations: readonly Creation[] = [
  "takes",
  "takes",
  "takes",
  "takes",
  "takes",
  "loses_answer",
  "hangs",
  { afterTaking: 500 },
  { status: 503 },
  { status: 429, code: 20_429, retryAfter: "30" },
];

/** A network without sockets: what becomes of each create request is drawn. */
function fetchFrom(standIn: TwilioStandIn, clock: TestClock, random: SeededRandom): OutsideFetch {
  return async (request): Promise<OutsideAnswer> => {
    const url = new URL(request.url);
    const isCreation = request.method === "POST" && url.pathname.endsWith("/Calls.json");
    if (isCreation) standIn.next = random.pick(creations);
    const reply = await standIn.respond({
      method: request.method,
      url: `${url.pathname}${url.search}`,
      body: request.body ?? "",
      authorization: request.headers["authorization"],
    });
    if (reply === "hang") {
      await new Promise<void>((resolve) => void clock.at(clock.now() + request.timeoutMs, resolve));
      return { kind: "unknown", detail: "time-out" };
    }
    return typeof reply === "string" ? { kind: "unknown", detail: reply } : { kind: "answer", ...reply };
  };
}

/** What a call comes to, and what is told of it: some of it never, some of it late, some of it twice. */
function play(t: TestEngine, standIn: TwilioStandIn, random: SeededRandom, call: PlayedCall): void {
  const end = random.pick(["completed", "completed", "busy", "no-answer", "failed", "voicemail"] as const);
  // Of some calls nothing is ever told; only the lists know of them.
  const isMute = random.float() < 0.3;
  const tell = (message: Message | null): void => {
    if (message === null || isMute || random.float() < 0.2) return;
    for (let copies = random.float() < 0.3 ? 2 : 1; copies > 0; copies -= 1)
      t.clock.at(t.clock.now() + random.below(random.float() < 0.8 ? 3 * second : 120 * second), () => {
        void deliver(t, message);
      });
  };
  const at = (ms: number, happen: () => Message | null): void => {
    t.clock.at(t.clock.now() + ms, () => {
      if (call.endAt === null) tell(happen());
    });
  };
  at(200, () => standIn.event(call, "initiated"));
  at(1 * second, () => standIn.event(call, "ringing"));
  if (end !== "completed" && end !== "voicemail") {
    at(20 * second, () => standIn.event(call, end));
    return;
  }
  at(5 * second, () => standIn.event(call, "in-progress"));
  at(8 * second, () => standIn.detection(call, end === "voicemail" ? "machine_end_beep" : "human"));
  at(random.pick([9, 40, 400]) * second, () => standIn.event(call, "completed"));
}

/** As the door does it. */
async function deliver(t: TestEngine, { url, headers, body }: Message): Promise<void> {
  const { pathname, search } = new URL(url);
  const attemptKey = pathname.split("/")[2] ?? "";
  const attempt = await t.engine.attemptForCallback(attemptKey);
  const callback = {
    headers,
    rawBody: new TextEncoder().encode(body),
    contentType: headers["content-type"] ?? "",
    url: `${pathname}${search}`,
    publicUrl,
  };
  const reading = twilioWith({}).readCallback?.(callback, attempt?.settings, t.clock.now());
  assert.ok(reading?.kind === "reports");
  await t.engine.receive(attemptKey, reading.reports);
}
