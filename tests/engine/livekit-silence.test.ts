import assert from "node:assert/strict";
import { test } from "node:test";

import { DisconnectReason } from "@livekit/protocol";

import { livekitWith } from "../../src/carriers/livekit/kind.ts";
import type { OutsideAnswer } from "../../src/ports/carrier.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
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

const second = 1000;
const kind = livekitWith({});
const to = "+12125550142";

/** A LiveKit whose events go nowhere, unless a test delivers them. */
async function start(line: object = {}, next: Creation = "takes") {
  const world: { engine: TestEngine | null } = { engine: null };
  const now = (): number => world.engine?.clock.now() ?? FAKE_START;
  const standIn = new LiveKitStandIn({ now, isQuick: true });
  standIn.next = next;
  const t = await startEngine({
    publicUrl: "https://calls.example.com",
    carrierKinds: { livekit: () => Promise.resolve(kind) },
    fetch:
      (clock) =>
      async (request): Promise<OutsideAnswer> => {
        const { pathname: url } = new URL(request.url);
        const { method, body = "", headers, timeoutMs } = request;
        const reply = await standIn.respond({ method, url, body, authorization: headers["authorization"] });
        if (typeof reply !== "string") return { kind: "answer", ...reply };
        if (reply === "hang")
          await new Promise<void>((resolve) => void clock.at(clock.now() + timeoutMs, resolve));
        return { kind: "unknown", detail: reply };
      },
  });
  world.engine = t;
  await t.engine.createLine(t.actor, {
    name: "phone",
    carrier: "livekit",
    caller_id: STAND_IN_NUMBER,
    settings: {
      url: "wss://clinic.livekit.cloud",
      api_key: STAND_IN_KEY,
      api_secret: STAND_IN_SECRET,
      sip_trunk_id: STAND_IN_TRUNK,
    },
    hours: "always",
    ...line,
  });
  await t.engine.allowNumber(t.actor, { to });
  const call = await t.call({ to, line: "phone" });
  await t.advance(2 * second);
  const [played] = standIn.calls as [PlayedCall];
  const deliver = async ({ headers, body }: Message): Promise<void> => {
    const callback = {
      headers,
      rawBody: new TextEncoder().encode(body),
      contentType: "",
      url: "/webhook/livekit",
      publicUrl: null,
    };
    const key = kind.attemptKeyOf?.(callback) ?? "";
    const reading = kind.readCallback?.(
      callback,
      (await t.engine.attemptForCallback(key))?.settings,
      t.clock.now(),
    );
    assert.ok(reading?.kind === "reports");
    await t.engine.receive(key, reading.reports);
  };
  const attempt = async () => (await t.engine.listAttempts(t.actor, call.id))[0];
  const slots = async () => (await t.engine.getLine(t.actor, "phone")).slotsUsed;
  const afterKill = async (): Promise<TestEngine> =>
    (world.engine = await t.afterKill({ downMs: 5 * second }));
  return { t, standIn, call, played, deliver, attempt, slots, afterKill };
}

test("while no event comes a call is followed all the same: ringing, answered, over", async () => {
  const { t, standIn, call, played, attempt, slots } = await start();
  standIn.move(played, "ringing");
  await t.advance(11 * second);
  assert.equal((await attempt())?.status, "ringing");
  standIn.move(played, "active");
  await t.advance(11 * second);
  assert.equal((await attempt())?.status, "in_progress");
  assert.equal(await slots(), 1);
  await t.advance(60 * second);
  standIn.leave(played, DisconnectReason.CLIENT_INITIATED);
  await t.advance(25 * second);
  const ended = await attempt();
  assert.deepEqual([ended?.status, ended?.outcome], ["ended", "answered_unknown"]);
  const talkedMs = ended?.durationMs ?? 0;
  assert.ok(Math.abs(talkedMs - 71 * second) <= 20 * second, String(talkedMs));
  assert.equal((await t.look(call)).status, "completed");
  assert.equal(await slots(), 0);
  assert.equal(standIn.posts, 1);
});

test("a call that came to its end unseen waits for a person, without its slot, and a late event settles it", async () => {
  const { t, standIn, call, played, deliver, slots } = await start();
  const left = standIn.leave(played, DisconnectReason.USER_REJECTED);
  await t.advance(60 * second);
  assert.equal((await t.look(call)).status, "dialing", "its event may still come");
  await t.advance(30 * second);
  assert.equal((await t.look(call)).status, "needs_review");
  assert.equal(await slots(), 0);
  await t.advance(200 * second);
  assert.equal(standIn.posts, 1, "nobody is rung again on a guess");
  await deliver(left);
  const [attempt] = await t.engine.listAttempts(t.actor, call.id);
  assert.equal(attempt?.outcome, "declined");
  assert.notEqual((await t.look(call)).status, "needs_review");
});

test("a conversation that goes on for ever is ended at its longest", async () => {
  const { t, standIn, call, played, attempt } = await start({ max_duration_seconds: 300 });
  standIn.move(played, "active");
  await t.advance(280 * second);
  assert.equal(played.leftAt, null);
  await t.advance(120 * second);
  assert.notEqual(played.leftAt, null);
  assert.equal((await attempt())?.outcome, "answered_unknown");
  assert.equal((await t.look(call)).status, "completed");
});

test("killed while its request was on its way to nowhere, a call is placed again once nobody can have been rung", async () => {
  const { standIn, call, afterKill } = await start({}, "swallows");
  const t = await afterKill();
  await t.advance(120 * second);
  assert.equal((await t.look(call)).reason, "unconfirmed");
  assert.equal(standIn.posts, 1, "silence is no reason to ring");
  standIn.next = "takes";
  await t.advance(180 * second);
  const attempts = await t.engine.listAttempts(t.actor, call.id);
  assert.deepEqual(
    attempts.map(({ outcome, status }) => outcome ?? status),
    ["not_placed", "accepted"],
  );
  assert.equal(standIn.posts, 2);
  assert.equal(standIn.calls.length, 1, "the phone rings once");
});
