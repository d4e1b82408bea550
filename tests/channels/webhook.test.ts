import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { whyForged } from "../../src/carriers/http/signature.ts";
import { channels } from "../../src/channels/index.ts";
import { openWebhook } from "../../src/channels/webhook/channel.ts";
import { secretBytes, signatureHeaders } from "../../src/channels/webhook/signature.ts";
import type { Channel, Message, Sent } from "../../src/ports/channel.ts";
import { openFetch, openUrlCheck } from "../../src/system/fetch.ts";
import { keptLog, silentLog } from "../support/silent.ts";

const now = 1_796_137_200_000;
const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const older = `whsec_${Buffer.alloc(24, 2).toString("base64")}`;
const messageTo = (url: string): Message => ({
  id: "evt_1",
  type: "call.completed",
  body: '{"id":"evt_1","data":{"ä":"é"}}',
  target: { url, allow_private: true },
  secrets: [secret],
  sentAt: now,
});

test("the signature is the one that Standard Webhooks publishes as its example", () => {
  const headers = signatureHeaders(
    { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", sentAt: 1_614_265_330_000, body: '{"test": 2432232314}' },
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  );
  assert.deepEqual(headers, {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("with two secrets there are two signatures, and our own reader takes either", () => {
  const message = messageTo("");
  const headers = signatureHeaders(message, [secret, older]);
  assert.equal(headers["webhook-signature"]?.split(" ").length, 2);
  const signed = { headers, rawBody: Buffer.from(message.body) };
  for (const one of [secret, older]) assert.equal(whyForged(signed, one, now), null);
  assert.match(whyForged(signed, `whsec_${Buffer.alloc(32, 3).toString("base64")}`, now) ?? "", /match/);
  assert.match(whyForged(signed, secret, now + 301_000) ?? "", /5 min/);
  const plain = createHmac("sha256", secretBytes(secret)).update(`evt_1.${now / 1000}.${message.body}`);
  assert.equal(headers["webhook-signature"]?.split(" ")[0], `v1,${plain.digest("base64")}`);
});

test("a secret holds 24 to 64 bytes", () => {
  for (const length of [24, 32, 64])
    assert.equal(secretBytes(`whsec_${Buffer.alloc(length).toString("base64")}`).length, length);
  for (const wrong of [
    "",
    "whsec_",
    "abc",
    `whsec_${Buffer.alloc(23).toString("base64")}`,
    `whsec_${Buffer.alloc(65).toString("base64")}`,
  ])
    assert.throws(() => secretBytes(wrong), RangeError, wrong);
});

/** What a receiver answers, and what that means (https://www.standardwebhooks.com and RFC 9110). */
const answers: readonly (readonly [status: number, headers: Record<string, string>, sent: Partial<Sent>])[] =
  [
    [200, {}, { kind: "delivered" }],
    [202, {}, { kind: "delivered" }],
    [204, {}, { kind: "delivered" }],
    [301, { location: "https://elsewhere.example/" }, { kind: "retry" }],
    [302, { location: "http://169.254.169.254/" }, { kind: "retry" }],
    [400, {}, { kind: "retry" }],
    [404, {}, { kind: "retry" }],
    [410, {}, { kind: "failed", isGone: true }],
    [429, { "retry-after": "120" }, { kind: "retry", afterMs: 120_000 }],
    [429, {}, { kind: "retry" }],
    [500, { "retry-after": "120" }, { kind: "retry" }],
    [503, { "retry-after": new Date(now + 60_000).toUTCString() }, { kind: "retry", afterMs: 60_000 }],
    [503, { "retry-after": "soon" }, { kind: "retry" }],
  ];
for (const [status, headers, expected] of answers) {
  test(`${status} ${JSON.stringify(headers)}: ${expected.kind ?? ""}`, async () => {
    const { sent, requests } = await exchange(status, headers, "x".repeat(5000));
    assert.equal(sent.kind, expected.kind);
    assert.equal(
      "afterMs" in sent ? sent.afterMs : undefined,
      "afterMs" in expected ? expected.afterMs : undefined,
    );
    assert.equal(
      "isGone" in sent ? sent.isGone : undefined,
      "isGone" in expected ? expected.isGone : undefined,
    );
    assert.equal(sent.answer?.status, status);
    assert.equal(sent.answer?.body, status === 204 ? "" : "x".repeat(1024), "no more is kept");
    assert.equal(requests.length, 1);
  });
}

test("a receiver gets the body as it was signed, as JSON", async () => {
  const { requests } = await exchange(200, {}, "");
  const [request] = requests;
  assert.equal(request?.body, messageTo("").body);
  assert.equal(request?.headers["content-type"], "application/json");
  const signed = {
    headers: request?.headers as Record<string, string>,
    rawBody: Buffer.from(request?.body ?? ""),
  };
  assert.equal(whyForged(signed, secret, now), null);
});

test("an answer is cut between characters", async () => {
  const { sent } = await exchange(500, {}, "é".repeat(2000));
  assert.equal(sent.answer?.body, "é".repeat(512));
  const odd = await exchange(500, {}, `x${"é".repeat(2000)}`);
  assert.equal(odd.sent.answer?.body, `x${"é".repeat(511)}`);
});

test("nobody there is tried again; where it may not go nothing of an answer is shown", async () => {
  const channel = open();
  const refused = await channel.send(messageTo("http://127.0.0.1:1/"));
  assert.equal(refused.kind, "retry");
  const forbidden = await channel.send({
    ...messageTo("https://169.254.169.254/latest/meta-data"),
    target: { url: "https://169.254.169.254/latest/meta-data", allow_private: true },
  });
  assert.ok(forbidden.kind === "retry");
  assert.match(forbidden.detail, /public Internet/);
  assert.equal(forbidden.answer, undefined);
});

test("a URL is checked when it is named", () => {
  const channel = open();
  const why = (target: Record<string, unknown>, allowPrivate = false): string => {
    const checked = channel.readTarget(target, allowPrivate);
    return checked.ok ? "" : `${checked.pointer}: ${checked.detail}`;
  };
  assert.equal(why({ url: "https://hooks.example/" }), "");
  assert.equal(why({ url: "http://127.0.0.1:9000/" }, true), "");
  for (const url of [
    "http://hooks.example/",
    "https://127.0.0.1/",
    "https://localhost/",
    "https://[::1]/",
    "hooks.example",
    "",
    7,
    null,
  ])
    assert.match(why({ url }), /^\/url: /, String(url));
  assert.match(why({ url: "https://hooks.example/", method: "GET" }), /^\/method: /);
  assert.match(why({ url: `https://hooks.example/${"x".repeat(2000)}` }), /^\/url: /);
});

test("the log channel writes the id and type of an event, and nothing of what it says", async () => {
  const { log, lines } = keptLog();
  const openLog = await channels["log"]?.();
  const channel = openLog?.({ ...ports(), log }) as Channel;
  assert.deepEqual(await channel.send({ ...messageTo(""), body: '{"to":"+12125550100"}' }), {
    kind: "delivered",
  });
  assert.deepEqual(lines[0]?.fields, { event: "evt_1", type: "call.completed" });
  assert.doesNotMatch(JSON.stringify(lines), /2125550100/);
  assert.equal(channel.readTarget({ level: "warn" }, false).ok, false);
});

function ports() {
  return {
    clock: { now: () => now },
    log: silentLog,
    fetch: openFetch({ clock: { now: () => now } }),
    checkUrl: openUrlCheck(),
    smtp: null,
  };
}

function open(): Channel {
  return openWebhook(ports());
}

async function exchange(status: number, headers: Record<string, string>, answer: string) {
  const requests: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      requests.push({ headers: request.headers, body });
      response.writeHead(status, headers).end(status === 204 ? undefined : answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sent = await open().send(messageTo(`http://127.0.0.1:${port}/`));
  server.close();
  server.closeAllConnections();
  return { sent, requests };
}
