import assert from "node:assert/strict";
import { test } from "node:test";

import { twilioWith } from "../../src/carriers/twilio/kind.ts";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { STAND_IN_SID, STAND_IN_TOKEN } from "../support/twilio-stand-in.ts";
import { startTestServer } from "../support/test-server.ts";

const PUBLIC = "https://calls.example.com";
const settings = { account_sid: STAND_IN_SID, auth_token: STAND_IN_TOKEN, say: "Hello {{metadata.name}}" };
const fields = {
  CallSid: `CA${"1".repeat(32)}`,
  AccountSid: STAND_IN_SID,
  CallStatus: "in-progress",
  SequenceNumber: "2",
};

async function start(environment: Parameters<typeof twilioWith>[0] = {}) {
  const started = await startTestServer({}, { twilio: () => Promise.resolve(twilioWith(environment)) });
  const post = (path: string, over: Partial<typeof fields> = {}, token = STAND_IN_TOKEN) => {
    const sent = { ...fields, ...over };
    return started.server.app.inject({
      method: "POST",
      url: path,
      headers: {
        host: "evil.example",
        origin: "https://evil.example",
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": getExpectedTwilioSignature(token, PUBLIC + path, sent),
      },
      payload: new URLSearchParams(sent).toString(),
    });
  };
  return { ...started, post };
}

test("Twilio's report to an attempt's own address is verified over the configured address, and stored", async () => {
  const { post, engine } = await start();
  engine.callback = { carrier: "twilio", settings };
  assert.equal((await post("/callbacks/key-1")).statusCode, 204);
  assert.equal(engine.received.length, 1);
  assert.equal((await post("/callbacks/key-1", {}, "another-token-0123456789")).statusCode, 403);
  assert.equal(engine.received.length, 1);
});

test("at the one address for all calls genuine reports are answered with 200, known or not, again and again", async () => {
  const { post, engine } = await start();
  const path = "/webhook/call-status?attempt=key-1";
  engine.callback = { carrier: "twilio", settings };
  for (let i = 0; i < 2; i += 1) {
    const answer = await post(path);
    assert.deepEqual([answer.statusCode, answer.json()], [200, { status: "success" }]);
  }
  assert.equal(engine.received.length, 2);
  engine.callback = null;
  engine.lineSettings = [{ ...settings, account_sid: `AC${"e".repeat(32)}` }, settings];
  assert.equal((await post(path)).statusCode, 200);
  assert.equal((await post("/webhook/call-status")).statusCode, 200);
  assert.equal((await post("/webhook/call-status", { CallStatus: "teleported" })).statusCode, 200);
  assert.equal(engine.received.length, 2, "what is not ours is not stored");
});

test("at the one address for all calls whatever is not genuine is answered with 403", async () => {
  const { post, engine, server } = await start();
  const path = "/webhook/call-status?attempt=key-1";
  assert.equal((await post(path)).statusCode, 403, "without a line nothing is genuine");
  engine.lineSettings = [settings];
  assert.equal((await post(path, {}, "another-token-0123456789")).statusCode, 403);
  assert.equal((await post(path, { AccountSid: `AC${"f".repeat(32)}` })).statusCode, 403);
  const bare = await server.app.inject({ method: "POST", url: path });
  assert.equal(bare.statusCode, 403);
  engine.callback = { carrier: "twilio", settings: { ...settings, auth_token: "its-own-token-0123456789" } };
  assert.equal((await post(path)).statusCode, 403, "another line's token is not good for this one's attempt");
  engine.callback = { carrier: "http", settings: {} };
  assert.equal((await post(path)).statusCode, 200, "genuine, and not about a call at Twilio");
  assert.deepEqual(engine.received, []);
});

test("the account of the environment is known without any line", async () => {
  const { post } = await start({ accountSid: STAND_IN_SID, authToken: STAND_IN_TOKEN });
  assert.equal((await post("/webhook/call-status")).statusCode, 200);
});

test("what a call says is served to Twilio alone, with the call's own words in it", async () => {
  const { post, engine, server } = await start();
  const spoken = {
    attemptKey: "key-1",
    callId: "call_1",
    attemptId: "att_1",
    attemptNumber: 1,
    to: "+12125550199",
    from: null,
    purpose: null,
    metadata: { name: "<Ann>" },
    instructions: null,
    isOpen: true,
  };
  assert.equal((await post("/callbacks/key-1/twiml")).statusCode, 404);
  engine.spoken = { carrier: "twilio", settings, spoken };
  const answer = await post("/callbacks/key-1/twiml");
  assert.equal(answer.statusCode, 200);
  assert.match(String(answer.headers["content-type"]), /^text\/xml/);
  assert.equal(
    answer.body,
    '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello &lt;Ann&gt;</Say></Response>',
  );
  assert.equal(engine.received.length, 1, "the question tells that somebody answered");
  assert.equal((await post("/callbacks/key-1/twiml", {}, "another-token-0123456789")).statusCode, 403);
  const path = `/callbacks/key-1/twiml?${new URLSearchParams(fields).toString()}`;
  const signature = getExpectedTwilioSignature(STAND_IN_TOKEN, PUBLIC + path, {});
  const get = await server.app.inject({
    method: "GET",
    url: path,
    headers: { "x-twilio-signature": signature },
  });
  assert.equal(get.statusCode, 200);
  engine.spoken = { carrier: "http", settings: {}, spoken };
  assert.equal((await post("/callbacks/key-1/twiml")).statusCode, 404);
});
