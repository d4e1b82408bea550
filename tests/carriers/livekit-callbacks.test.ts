import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";

import { DisconnectReason, ParticipantInfo, WebhookEvent } from "@livekit/protocol";
import { AccessToken, TokenVerifier, WebhookReceiver } from "livekit-server-sdk";

import { livekitWith } from "../../src/carriers/livekit/kind.ts";
import { mint, readToken } from "../../src/carriers/livekit/token.ts";
import { foldReports } from "../../src/domain/attempt.ts";
import type { CallbackReading, Report } from "../../src/ports/carrier.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { LiveKitStandIn, STAND_IN_KEY, STAND_IN_SECRET } from "../support/livekit-stand-in.ts";

const livekit = livekitWith({});
const settings = { api_key: STAND_IN_KEY, api_secret: STAND_IN_SECRET };
const OTHER = "another-secret-0123456789-0123456789";
const standIn = new LiveKitStandIn({ now: () => FAKE_START });
const FOR_EVER_S = 10_000_000_000;

test("livekit: what we sign LiveKit's library takes, and what it signs we take", async () => {
  const grants = { video: { roomAdmin: true, room: "room-1" }, sip: { call: true } } as const;
  const ours = mint({ key: STAND_IN_KEY, secret: STAND_IN_SECRET }, grants, FAKE_START + 30_500);
  const claims = await new TokenVerifier(STAND_IN_KEY, STAND_IN_SECRET).verify(ours, FOR_EVER_S);
  assert.deepEqual([claims.video, claims.sip], [grants.video, grants.sip]);
  assert.equal((claims as { exp?: number }).exp, FAKE_START / 1000 + 30, "never later than asked");
  await assert.rejects(new TokenVerifier(STAND_IN_KEY, OTHER).verify(ours, FOR_EVER_S));
  await assert.rejects(new TokenVerifier("APIother", STAND_IN_SECRET).verify(ours, FOR_EVER_S));

  const theirs = new AccessToken(STAND_IN_KEY, STAND_IN_SECRET, { ttl: 600 });
  theirs.sha256 = "hash";
  const read = readToken(await theirs.toJwt(), [{ key: STAND_IN_KEY, secret: STAND_IN_SECRET }], Date.now());
  assert.equal(read?.["sha256"], "hash");
});

test("livekit: what the stand-in sends, LiveKit's library takes for genuine", async () => {
  const message = standIn.message(JSON.stringify({ event: "room_started", id: "EV_1" }));
  const receiver = new WebhookReceiver(STAND_IN_KEY, STAND_IN_SECRET);
  const event = await receiver.receive(message.body, message.headers["authorization"], false, FOR_EVER_S);
  assert.equal(event.event, "room_started");
});

test("livekit: an event is genuine by a token of the line's key and the hash of its very bytes", async () => {
  const body = eventOf("participant_left", { "sip.callStatus": "hangup" }, 1);
  assert.equal((await read({ body })).kind, "reports");
  assert.equal((await read({ body, bearer: "Bearer " })).kind, "reports");
  assert.equal((await read({ body, sent: `${body} ` })).kind, "forged");
  assert.equal((await read({ body, sent: body.replace("hangup", "active") })).kind, "forged");
  assert.equal((await read({ body, secret: OTHER })).kind, "forged");
  assert.equal((await read({ body, key: "APIother" })).kind, "forged");
  for (const token of ["", "a.b", "a.b.c", "a.b.c.d"])
    assert.equal((await read({ body, token })).kind, "forged", token);
  assert.equal((await read({ body, at: FAKE_START + 359_000 })).kind, "reports");
  assert.equal((await read({ body, at: FAKE_START + 360_000 })).kind, "forged", "its token has ended");
  assert.equal((await read({ body, at: FAKE_START - 61_000 })).kind, "forged", "it is of the future");
  assert.equal((await read({ body: "[1]" })).kind, "unreadable");
  assert.equal((await read({ body: `"${"x".repeat(270_000)}"` })).kind, "unreadable");
});

test("livekit: no token chooses how it is verified", async () => {
  const body = eventOf("participant_left", {}, 1);
  const claims = {
    iss: STAND_IN_KEY,
    exp: FAKE_START / 1000 + 60,
    sha256: createHash("sha256").update(body).digest("base64"),
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = (header: object, all: object, secret = STAND_IN_SECRET): string => {
    const text = `${part(header)}.${part(all)}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };
  const good = { alg: "HS256", typ: "JWT" };
  assert.equal((await read({ body, token: signed(good, claims) })).kind, "reports");
  const { exp: _exp, ...endless } = claims;
  const { sha256: _hash, ...bare } = claims;
  for (const token of [
    signed({ alg: "none" }, claims),
    signed({ alg: "RS256" }, claims),
    signed({ alg: "HS512" }, claims),
    signed({}, claims),
    `${part({ alg: "none" })}.${part(claims)}.`,
    signed(good, claims, ""),
    signed(good, endless),
    signed(good, bare),
    signed(good, { ...claims, exp: "soon" }),
    signed(good, { ...claims, iss: [STAND_IN_KEY] }),
    signed(good, { ...claims, nbf: FAKE_START / 1000 + 120 }),
  ])
    assert.equal((await read({ body, token })).kind, "forged", token);
});

test("livekit: while keys are changed both are good, and no other is", async () => {
  const body = eventOf("participant_left", {}, 1);
  const rotating = { ...settings, secondary_api_key: "APInew", secondary_api_secret: OTHER };
  assert.equal((await read({ body, key: "APInew", secret: OTHER, line: rotating })).kind, "reports");
  assert.equal((await read({ body, line: rotating })).kind, "reports");
  assert.equal((await read({ body, key: STAND_IN_KEY, secret: OTHER, line: rotating })).kind, "forged");
  assert.equal((await read({ body, line: {} })).kind, "forged");
  assert.equal((await read({ body, key: "", secret: OTHER, line: { api_secret: OTHER } })).kind, "forged");
});

test("livekit: an event names its attempt, and is not taken for another", async () => {
  const body = eventOf("participant_left", { "sip.callStatus": "hangup" }, 1);
  const callback = { headers: {}, contentType: "", url: "/webhook/livekit", publicUrl: null };
  const named = (text: string) =>
    livekit.attemptKeyOf?.({ ...callback, rawBody: new TextEncoder().encode(text) });
  assert.equal(named(body), "key-1");
  assert.equal(named(body.replace("phone-key-1", "somebody")), null);
  assert.equal(named(body.replace("phone-key-1", "phone-../../x")), null);
  assert.equal(named("nonsense"), null);
  assert.equal((await read({ body, url: "/callbacks/key-1" })).kind, "reports");
  assert.equal((await read({ body, url: "/callbacks/key-2" })).kind, "forged");
  assert.equal((await read({ body, url: "/callbacks/key-1/../key-2" })).kind, "forged");
});

const left = "participant_left";
const events: readonly (readonly [
  string,
  Record<string, string>,
  keyof typeof DisconnectReason | null,
  readonly Partial<Report>[],
])[] = [
  ["participant_joined", { "sip.callStatus": "dialing" }, null, [{ kind: "accepted" }]],
  ["participant_joined", { "sip.callStatus": "ringing" }, null, [{ kind: "accepted" }, { kind: "ringing" }]],
  [
    "participant_joined",
    { "sip.callStatus": "automation" },
    null,
    [{ kind: "accepted" }, { kind: "ringing" }],
  ],
  ["participant_joined", { "sip.callStatus": "active" }, null, [{ kind: "accepted" }, { kind: "answered" }]],
  ["participant_joined", {}, null, [{ kind: "accepted" }]],
  ["track_published", { "sip.callStatus": "active" }, null, []],
  ["room_finished", { "sip.callStatus": "active" }, null, []],
  [left, { "sip.callStatus": "hangup" }, "CLIENT_INITIATED", [{ outcome: "answered_unknown" }, {}]],
  [left, { "sip.callStatus": "active" }, "ROOM_DELETED", [{ outcome: "answered_unknown" }, {}]],
  [
    left,
    { "sip.callStatus": "active" },
    "MEDIA_FAILURE",
    [{ outcome: "answered_unknown", detail: "LiveKit MEDIA_FAILURE" }, {}],
  ],
  [left, { "sip.callStatus": "automation" }, "UNKNOWN_REASON", [{ outcome: "answered_unknown" }, {}]],
  [
    left,
    { "sip.callStatus": "hangup", "carillon.answered_by": "human", "carillon.disposition": "confirmed" },
    "CLIENT_INITIATED",
    [{ outcome: "answered_human", disposition: "confirmed" }, { answeredBy: "human" }],
  ],
  [
    left,
    { "sip.callStatus": "hangup", "carillon.answered_by": "machine", "carillon.disposition": "left_message" },
    "CLIENT_INITIATED",
    [{ outcome: "answered_machine", disposition: "left_message" }, { kind: "answered" }],
  ],
  [
    left,
    { "sip.callStatus": "hangup", "carillon.disposition": "call_my_son" },
    "CLIENT_INITIATED",
    [{ disposition: "custom:call_my_son" }, {}],
  ],
  [
    left,
    { "sip.callStatus": "hangup", "carillon.disposition": "Not a word!" },
    "CLIENT_INITIATED",
    [{ disposition: undefined as never }, {}],
  ],
  [left, { "sip.callStatus": "ringing" }, "USER_UNAVAILABLE", [{ kind: "ended", outcome: "no_answer" }]],
  [left, { "sip.callStatus": "ringing" }, "USER_REJECTED", [{ kind: "ended", outcome: "declined" }]],
  [left, { "sip.callStatus": "dialing" }, "SIP_TRUNK_FAILURE", [{ kind: "ended", outcome: "carrier_error" }]],
  [left, { "sip.callStatus": "dialing" }, "UNKNOWN_REASON", [{ kind: "ended", outcome: "carrier_error" }]],
  [
    left,
    { "sip.callStatus": "ringing" },
    "PARTICIPANT_REMOVED",
    [{ kind: "ended", outcome: "no_answer", isCanceled: true }],
  ],
  [
    left,
    { "sip.callStatus": "ringing" },
    "ROOM_DELETED",
    [{ kind: "ended", outcome: "no_answer", isCanceled: true }],
  ],
  [left, { "sip.callStatus": "ringing" }, "MEDIA_FAILURE", [{ kind: "ended", outcome: "answered_unknown" }]],
  [left, { "sip.callStatus": "ringing" }, "CLIENT_INITIATED", [{ kind: "review" }]],
  [left, { "sip.callStatus": "active" }, "SIGNAL_CLOSE", []],
  [left, { "sip.callStatus": "ringing" }, "SERVER_SHUTDOWN", []],
  [left, { "sip.callStatus": "ringing" }, "MIGRATION", []],
  [left, { "sip.callStatus": "ringing" }, "DUPLICATE_IDENTITY", []],
  [
    "participant_connection_aborted",
    { "sip.callStatus": "dialing" },
    "JOIN_FAILURE",
    [{ kind: "ended", outcome: "carrier_error" }],
  ],
];
for (const [name, attributes, reason, wanted] of events) {
  const words = `${name} ${attributes["sip.callStatus"] ?? ""} ${reason ?? ""}`;
  test(`livekit: ${words} comes to ${wanted.map((one) => one.outcome ?? one.kind ?? "answered").join() || "nothing"}`, async () => {
    const number = reason === null ? undefined : DisconnectReason[reason];
    const reports = reportsOf(await read({ body: eventOf(name, attributes, number) }));
    assert.equal(reports.length, wanted.length);
    for (const [index, one] of wanted.entries()) {
      const names = Object.keys(one) as (keyof Report)[];
      assert.deepEqual(Object.fromEntries(names.map((each) => [each, reports[index]?.[each]])), one);
    }
  });
}

test("livekit: a line may take its word for a rejection as busy, and one that waits for the SIP status does", async () => {
  const body = eventOf(left, { "sip.callStatus": "ringing" }, DisconnectReason.USER_REJECTED);
  const outcome = async (line: object) =>
    reportsOf(await read({ body, line: { ...settings, ...line } }))[0]?.outcome;
  assert.equal(await outcome({ rejected_means: "busy" }), "busy");
  assert.equal(await outcome({ rejected_means: "declined" }), "declined");
  assert.equal(await outcome({ wait_until_answered: true }), "busy");
  const exact: Report = { key: "answer", kind: "ended", at: FAKE_START, outcome: "declined" };
  const told = reportsOf(await read({ body, line: { ...settings, wait_until_answered: true } }));
  assert.equal(foldReports([exact, ...told]).outcome, "declined");
  assert.equal(foldReports([...told, exact]).outcome, "declined");
});

test("livekit: an event that comes twice has one key, and events of all spellings are read", async () => {
  const body = eventOf(left, { "sip.callStatus": "hangup" }, 1);
  const keys = reportsOf(await read({ body })).map(({ key }) => key);
  assert.deepEqual(keys, ["EV_7", "EV_7:answered"]);
  const other = JSON.stringify({
    event: left,
    id: "EV_7",
    created_at: FAKE_START / 1000,
    participant: {
      sid: "PA_1",
      identity: "phone-key-1",
      disconnect_reason: 1,
      attributes: { "sip.callID": "SCL_1", "sip.callStatus": "hangup" },
    },
  });
  assert.deepEqual(reportsOf(await read({ body: other })), reportsOf(await read({ body })));
});

function eventOf(name: string, attributes: Record<string, string>, reason?: DisconnectReason): string {
  return new WebhookEvent({
    event: name,
    id: "EV_7",
    createdAt: BigInt(FAKE_START / 1000),
    room: { name: "carillon-key-1" },
    participant: new ParticipantInfo({
      sid: "PA_1",
      identity: "phone-key-1",
      attributes: { "sip.callID": "SCL_1", ...attributes },
      ...(reason !== undefined && { disconnectReason: reason }),
    }),
  }).toJsonString();
}

type Sent = {
  readonly body: string;
  /** What arrives, where it is something else. */
  readonly sent?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly token?: string;
  readonly bearer?: string;
  readonly url?: string;
  readonly line?: object;
  readonly at?: number;
};

async function read(given: Sent): Promise<CallbackReading> {
  const message = standIn.message(given.body, given.secret, given.key);
  const token = given.token ?? message.headers["authorization"] ?? "";
  const reading = livekit.readCallback?.(
    {
      headers: { authorization: `${given.bearer ?? ""}${token}` },
      rawBody: new TextEncoder().encode(given.sent ?? given.body),
      contentType: "application/webhook+json",
      url: given.url ?? "/webhook/livekit",
      publicUrl: null,
    },
    given.line ?? settings,
    given.at ?? FAKE_START + 1_000,
  );
  assert.ok(reading !== undefined);
  return reading;
}

function reportsOf(reading: CallbackReading): readonly Report[] {
  assert.ok(reading.kind === "reports", JSON.stringify(reading));
  return reading.reports;
}
