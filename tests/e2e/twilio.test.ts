import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type Message, type PlayedCall, STAND_IN_NUMBER, TwilioStandIn } from "../support/twilio-stand-in.ts";
import { startServer } from "./carillon.ts";

type Sent = { readonly status: number; readonly body: string };

/** A Twilio that answers every call: it asks what to say, and reports twice and out of order. */
async function answering(t: TestContext) {
  const standIn = await new TwilioStandIn({ now: () => Date.now() }).listen();
  t.after(() => standIn.close());
  const played: Promise<readonly Sent[]>[] = [];
  standIn.onTaken = (call) => played.push(play(standIn, call));
  return { standIn, played };
}

async function play(standIn: TwilioStandIn, call: PlayedCall): Promise<readonly Sent[]> {
  const [initiated, ringing, answered] = ["initiated", "ringing", "in-progress"].map((status) =>
    standIn.event(call, status),
  );
  const asked = standIn.question(call);
  const script = asked === null ? [] : [await send(asked)];
  const completed = standIn.event(call, "completed");
  const reports = [completed, answered, ringing, initiated, completed, answered].flatMap((one) => one ?? []);
  const sent: Sent[] = [];
  for (const message of reports) sent.push(await send(message));
  return [...script, ...sent];
}

async function send({ url, headers, body }: Message): Promise<Sent> {
  const answer = await fetch(url, { method: "POST", headers, body });
  return { status: answer.status, body: await answer.text() };
}

test("a line made from the variables of an account calls through it once, says its words, and hears how it went", async (t) => {
  const { standIn, played } = await answering(t);
  const { run, url } = await startServer(t, {
    TWILIO_ACCOUNT_SID: standIn.accountSid,
    TWILIO_AUTH_TOKEN: standIn.authToken,
    TWILIO_PHONE_NUMBER: STAND_IN_NUMBER,
  });
  const before = (await (await fetch(`${url}/v1/lines`)).json()) as { data: { carrier: string }[] };
  assert.deepEqual(
    before.data.map(({ carrier }) => carrier),
    ["sandbox"],
    "an account alone makes no line",
  );
  const added = await run(
    "lines",
    "add",
    "phone",
    "--carrier",
    "twilio",
    "--hours",
    "always",
    "--set",
    `base_url=${standIn.url}`,
    "--set",
    "allow_private=true",
    "--set",
    "say=Hello {{metadata.name}}",
  );
  assert.equal(added.code, 0, added.err);
  assert.match(added.out, /0\.9\/s/);
  assert.match(added.out, /12125550190/);
  assert.doesNotMatch(added.out, new RegExp(standIn.authToken));
  const checked = await run("lines", "check", "phone");
  assert.equal(checked.code, 0, checked.out);
  await run("live", "allow", "+12125550142");
  const called = await run(
    "call",
    "+12125550142",
    "--line",
    "phone",
    "--metadata",
    "name=Ann & Bo",
    "--watch",
  );
  assert.equal(called.code, 0, `${called.out}\n${called.err}`);
  assert.match(called.out, /✓ completed · answered_unknown/);
  const [said, ...reports] = (await Promise.all(played)).flat();
  assert.match(said?.body ?? "", /<Say>Hello Ann &amp; Bo<\/Say>/);
  assert.deepEqual([...new Set(reports.map(({ status }) => status))], [204]);
  assert.equal(standIn.posts, 1);
  assert.deepEqual(standIn.faults, []);
});

test("with TWILIO_WEBHOOK_URL the reports of all calls come to one address, and only genuine ones are taken", async (t) => {
  const { standIn, played } = await answering(t);
  const port = await import("../support/free-port.ts").then(({ freePort }) => freePort());
  const webhook = `http://127.0.0.1:${port}/webhook/call-status`;
  const { run } = await startServer(t, {
    PORT: String(port),
    EXTRA_PORTS: String(port),
    TWILIO_WEBHOOK_URL: webhook,
    TWILIO_ACCOUNT_SID: standIn.accountSid,
    TWILIO_AUTH_TOKEN: standIn.authToken,
    TWILIO_FROM: STAND_IN_NUMBER,
  });
  await run(
    "lines",
    "add",
    "phone",
    "--carrier",
    "twilio",
    "--hours",
    "always",
    "--set",
    `base_url=${standIn.url}`,
    "--set",
    "allow_private=true",
    "--set",
    "say=Hello",
  );
  await run("live", "allow", "+12125550142");
  const called = await run("call", "+12125550142", "--line", "phone", "--watch");
  assert.equal(called.code, 0, `${called.out}\n${called.err}`);
  const sent = (await Promise.all(played)).flat();
  assert.deepEqual([...new Set(sent.map(({ status }) => status))], [200]);
  assert.match(standIn.calls[0]?.params.get("StatusCallback") ?? "", /\/webhook\/call-status\?attempt=/);
  const forged = await fetch(`${webhook}?attempt=x`, {
    method: "POST",
    body: new URLSearchParams({ a: "b" }),
  });
  assert.equal(forged.status, 403);
});

test("doctor says what a Twilio line lacks, and what to do", async (t) => {
  const { standIn } = await answering(t);
  const { run } = await startServer(t);
  await run(
    "lines",
    "add",
    "phone",
    "--carrier",
    "twilio",
    "--caller-id",
    "+12125550111",
    "--set",
    `base_url=${standIn.url}`,
    "--set",
    "allow_private=true",
    "--set",
    `account_sid=${standIn.accountSid}`,
    "--set",
    `auth_token=${standIn.authToken}`,
    "--rate",
    "5",
  );
  const wrong = await run("doctor");
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /✗ line phone +\+12125550111 is neither a number of this account/);
  assert.match(wrong.out, /→ Buy or verify it/);
  await run("lines", "set", "phone", "--caller-id", STAND_IN_NUMBER);
  const better = await run("doctor");
  assert.match(better.out, /✓ line phone/);
  assert.match(better.out, /! line phone +The line starts 5 calls per second/);
  assert.match(better.out, /! line phone +The line does not say what its calls do/);
});
