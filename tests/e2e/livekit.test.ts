import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { DisconnectReason } from "@livekit/protocol";

import { freePort } from "../support/free-port.ts";
import {
  LiveKitStandIn,
  type Message,
  type PlayedCall,
  STAND_IN_KEY,
  STAND_IN_NUMBER,
  STAND_IN_SECRET,
  STAND_IN_TRUNK,
} from "../support/livekit-stand-in.ts";
import { startServer } from "./carillon.ts";

/** A LiveKit on which every call is answered by a person; its events come twice and out of order. */
async function answering(t: TestContext) {
  const port = await freePort();
  const standIn = await new LiveKitStandIn({ now: () => Date.now() }).listen();
  t.after(() => standIn.close());
  standIn.webhookUrl = `http://127.0.0.1:${port}/webhook/livekit`;
  const played: Promise<readonly number[]>[] = [];
  standIn.onTaken = (call) => played.push(play(standIn, call));
  const { run } = await startServer(t, {
    PORT: String(port),
    EXTRA_PORTS: String(port),
    LIVEKIT_URL: standIn.settings.url,
    LIVEKIT_API_KEY: STAND_IN_KEY,
    LIVEKIT_API_SECRET: STAND_IN_SECRET,
    LIVEKIT_SIP_TRUNK_ID: STAND_IN_TRUNK,
    LIVEKIT_AGENT_NAME: "greeter",
  });
  return { standIn, played, run, webhook: standIn.webhookUrl };
}

async function play(standIn: LiveKitStandIn, call: PlayedCall): Promise<readonly number[]> {
  standIn.move(call, "ringing");
  const joined = standIn.joined(call);
  standIn.move(call, "active");
  call.attributes["carillon.answered_by"] = "human";
  call.attributes["carillon.disposition"] = "confirmed";
  const left = standIn.leave(call, DisconnectReason.CLIENT_INITIATED);
  const sent: number[] = [];
  for (const message of [left, joined, left, joined]) sent.push(await send(message));
  return sent;
}

async function send({ url, headers, body }: Message): Promise<number> {
  return (await fetch(url, { method: "POST", headers, body })).status;
}

type Run = Awaited<ReturnType<typeof startServer>>["run"];

/** A line that takes its project from the server's variables. */
function addLine(run: Run, ...options: readonly string[]) {
  return run("lines", "add", "phone", "--carrier", "livekit", "--set", "allow_private=true", ...options);
}

test("a line made from the variables of a project calls through it once, sends the agent, and hears how it went", async (t) => {
  const { standIn, played, run, webhook } = await answering(t);
  const added = await addLine(run, "--hours", "always", "--caller-id", STAND_IN_NUMBER);
  assert.equal(added.code, 0, added.err);
  assert.match(added.out, /0\.9\/s/);
  assert.doesNotMatch(added.out, new RegExp(STAND_IN_SECRET));
  const checked = await run("lines", "check", "phone");
  assert.equal(checked.code, 0, checked.out);
  const refused = await run("call", "+12125550142", "--line", "phone");
  assert.notEqual(refused.code, 0, "a line that can ring people begins in canary");
  await run("live", "allow", "+12125550142");
  const called = await run("call", "+12125550142", "--line", "phone", "--metadata", "name=Ann", "--watch");
  assert.equal(called.code, 0, `${called.out}\n${called.err}`);
  assert.match(called.out, /✓ completed · answered_human/);
  assert.deepEqual([...new Set((await Promise.all(played)).flat())], [200]);
  assert.equal(standIn.posts, 1);
  assert.deepEqual(standIn.faults, []);
  const [room] = standIn.rooms.values();
  assert.deepEqual(
    room?.agents.map(({ agentName, metadata }) => [
      agentName,
      (JSON.parse(metadata) as { metadata: object }).metadata,
    ]),
    [["greeter", { name: "Ann" }]],
  );
  const [call] = standIn.calls;
  assert.ok(call !== undefined);
  const forged = standIn.message(JSON.stringify({ event: "participant_left" }), "not-the-secret");
  assert.equal(await send(forged), 403);
  assert.equal((await fetch(webhook, { method: "POST", body: "{}" })).status, 403);
});

test("doctor says what a LiveKit line lacks, and what to do", async (t) => {
  const { standIn, run } = await answering(t);
  await addLine(run, "--caller-id", "+12125550111", "--rate", "5", "--set", "sip_trunk_id=ST_other");
  const wrong = await run("doctor");
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /✗ line phone +The project has no outbound trunk ST_other/);
  assert.match(wrong.out, /→ Take the id of an outbound trunk/);
  standIn.leewayMs = 0;
  await run("lines", "set", "phone", "--set", "allow_private=true");
  const strict = await run("doctor");
  assert.match(strict.out, /✗ line phone +The server does not take a token 50 s after its end/);
  await run("lines", "set", "phone", "--set", "allow_private=true", "--set", "token_leeway_seconds=0");
  const better = await run("doctor");
  assert.match(better.out, /✓ line phone/);
  assert.match(better.out, /! line phone +\+12125550111 is not a number of the trunk/);
  assert.match(better.out, /! line phone +The line starts 5 calls per second/);
  assert.equal(standIn.posts, 0);
});
