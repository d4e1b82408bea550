import assert from "node:assert/strict";
import { test } from "node:test";

import { DisconnectReason, ParticipantInfo, WebhookEvent } from "@livekit/protocol";

import { livekitWith } from "../../src/carriers/livekit/kind.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { LiveKitStandIn, STAND_IN_KEY, STAND_IN_SECRET } from "../support/livekit-stand-in.ts";
import { startTestServer } from "../support/test-server.ts";

const settings = { api_key: STAND_IN_KEY, api_secret: STAND_IN_SECRET };
const OTHER = "another-secret-0123456789-0123456789";

async function start(environment: Parameters<typeof livekitWith>[0] = {}) {
  const started = await startTestServer({}, { livekit: () => Promise.resolve(livekitWith(environment)) });
  const standIn = new LiveKitStandIn({ now: () => FAKE_START });
  const post = async (path: string, body = leaving("phone-key-1"), secret = STAND_IN_SECRET) => {
    const { headers } = standIn.message(body, secret);
    return started.server.app.inject({
      method: "POST",
      url: path,
      headers: { host: "evil.example", origin: "https://evil.example", ...headers },
      payload: body,
    });
  };
  return { ...started, post };
}

function leaving(identity: string): string {
  return new WebhookEvent({
    event: "participant_left",
    id: "EV_1",
    createdAt: BigInt(FAKE_START / 1000),
    participant: new ParticipantInfo({
      sid: "PA_1",
      identity,
      attributes: { "sip.callStatus": "hangup" },
      disconnectReason: DisconnectReason.CLIENT_INITIATED,
    }),
  }).toJsonString();
}

test("LiveKit's events come to one address, name their attempt, and are stored when they are genuine", async () => {
  const { post, engine } = await start();
  engine.callback = { carrier: "livekit", settings };
  for (let i = 0; i < 2; i += 1) {
    const answer = await post("/webhook/livekit");
    assert.deepEqual([answer.statusCode, answer.json()], [200, { status: "success" }]);
  }
  assert.equal(
    engine.received.length,
    4,
    "that it ended and was answered; a repeated one falls to its key later",
  );
  assert.equal((await post("/webhook/livekit", leaving("phone-key-1"), OTHER)).statusCode, 403);
  assert.equal(engine.received.length, 4);
});

test("events of other rooms are answered with 200 and not stored; what is not genuine is answered with 403", async () => {
  const { post, engine, server } = await start();
  assert.equal((await post("/webhook/livekit")).statusCode, 403, "without a line nothing is genuine");
  engine.lineSettings = [{ ...settings, api_secret: OTHER }, settings];
  assert.equal((await post("/webhook/livekit", leaving("somebody"))).statusCode, 200);
  assert.equal((await post("/webhook/livekit", leaving("phone-key-1"))).statusCode, 200);
  assert.equal((await post("/webhook/livekit", "{}")).statusCode, 200);
  assert.equal((await post("/webhook/livekit", "[]")).statusCode, 422);
  const bare = await server.app.inject({ method: "POST", url: "/webhook/livekit" });
  assert.equal(bare.statusCode, 403);
  engine.callback = { carrier: "livekit", settings: { ...settings, api_secret: OTHER } };
  assert.equal(
    (await post("/webhook/livekit")).statusCode,
    403,
    "another line's key is not good for this one",
  );
  engine.callback = { carrier: "http", settings: {} };
  assert.equal((await post("/webhook/livekit")).statusCode, 200, "genuine, and not about a call at LiveKit");
  assert.deepEqual(engine.received, []);
});

test("an event that is sent to another attempt's address is refused", async () => {
  const { post, engine } = await start();
  engine.callback = { carrier: "livekit", settings };
  assert.equal((await post("/callbacks/key-2")).statusCode, 403);
  assert.equal((await post("/callbacks/key-1")).statusCode, 204);
});

test("the project of the environment is known without any line", async () => {
  const { post } = await start({ apiKey: STAND_IN_KEY, apiSecret: STAND_IN_SECRET });
  assert.equal((await post("/webhook/livekit")).statusCode, 200);
});
