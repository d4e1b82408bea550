import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { getExpectedTwilioSignature, validateRequest } from "twilio/lib/webhooks/webhooks.js";

import { twilioWith } from "../../src/carriers/twilio/kind.ts";
import { isSigned, signatureOf } from "../../src/carriers/twilio/signature.ts";
import { foldReports } from "../../src/domain/attempt.ts";
import type { Callback, CallbackReading, Report } from "../../src/ports/carrier.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { STAND_IN_SID } from "../support/twilio-stand-in.ts";

const TOKEN = "primary-auth-token-0123456789abcd";
const OTHER = "secondary-auth-token-0123456789ab";
const settings = { account_sid: STAND_IN_SID, auth_token: TOKEN, say: "Hello" };
const twilio = twilioWith({});
const PUBLIC = "https://calls.example.com";
const SID = `CA${"1".repeat(32)}`;
const STATUS = {
  CallSid: SID,
  AccountSid: STAND_IN_SID,
  CallStatus: "ringing",
  From: "+12125550190",
  To: "+12125550199",
  CallerName: " ",
  ForwardedFrom: "",
  SequenceNumber: "1",
  Timestamp: "Tue, 01 Dec 2026 14:59:58 +0000",
};

test("twilio: the signature vectors of its documentation and its library are genuine", () => {
  const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  const params = {
    CallSid: "CA1234567890ABCDE",
    Caller: "+14158675309",
    Digits: "1234",
    From: "+14158675309",
    To: "+18005551212",
  };
  assert.equal(signatureOf("12345", url, Object.entries(params)), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  assert.ok(isSigned("RSOYDt4T1cUTdK1PDd93/VVr8B8=", ["12345"], [url], Object.entries(params)));
});

test("twilio: what we take for signed is what its library takes, over ports, escapes and repeated parameters", (context) => {
  const seed = Math.floor(Math.random() * 1_000_000_000);
  context.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const words = ["a", "B", "é", "'", " ", "&", "%27", "x=y", "", "😀", "~", "+"];
  for (let i = 0; i < 500; i += 1) {
    const word = (): string => `${random.pick(words)}${random.pick(words)}`;
    const params: Record<string, string[]> = {};
    for (let k = random.below(5); k > 0; k -= 1)
      params[`p${random.below(4)}`] = Array.from({ length: 1 + random.below(3) }, word);
    const scheme = random.pick(["https", "http"]);
    const user = random.pick(["", "", "user:pa%20ss@"]);
    const host = random.pick(["x.example.com", "[2001:db8::1]", "192.0.2.7"]);
    const port = random.pick(["", "", ":443", ":80", ":8443"]);
    const query = random.pick(["", "?", "?a=b", "?a='b'&c=%27d", "?q=é x"]);
    const url = `${scheme}://${user}${host}${port}/cb/${random.pick(["", "a'b"])}${query}`;
    const pairs = Object.entries(params).flatMap(([name, values]) =>
      values.map((value) => [name, value] as const),
    );
    const signed = random.pick([url, url.replace(/:\d+\//, "/"), new URL(url).toString()]);
    const signature = getExpectedTwilioSignature(TOKEN, signed, params);
    const ours = isSigned(signature, [OTHER, TOKEN], [url], pairs);
    assert.equal(ours, validateRequest(TOKEN, signature, url, params), `${url} signed as ${signed}`);
    assert.ok(validateRequest(TOKEN, signatureOf(TOKEN, url, pairs), url, params), url);
  }
});

test("twilio: a callback is genuine over the configured address only, whatever Host and proxies say", () => {
  const url = `${PUBLIC}/callbacks/key-1?amd=1`;
  assert.equal(read({ url }).kind, "reports");
  assert.equal(read({ url, signedAs: `${PUBLIC}:443/callbacks/key-1?amd=1` }).kind, "reports");
  assert.equal(
    read({ url, publicUrl: `${PUBLIC}:443` }).kind,
    "reports",
    "a default port that is configured",
  );
  assert.equal(read({ url, headers: { host: "evil.example" } }).kind, "reports");
  assert.equal(read({ url, publicUrl: "https://other.example.com" }).kind, "forged");
  const claimed = { host: "calls.example.com", "x-forwarded-host": "calls.example.com" };
  assert.equal(read({ url, publicUrl: null, headers: claimed }).kind, "forged");
  assert.equal(read({ url, requested: "/callbacks/key-2?amd=1" }).kind, "forged");
  assert.equal(read({ url, requested: "/callbacks/key-1?amd=0" }).kind, "forged");
  assert.equal(
    read({ url: `${PUBLIC}/callbacks/key-1`, signedAs: "http://calls.example.com/callbacks/key-1" }).kind,
    "forged",
  );
});

test("twilio: every parameter is covered, empty ones and spaces too", () => {
  for (const change of [
    { CallStatus: "completed" },
    { CallerName: "" },
    { ForwardedFrom: " " },
    { Extra: "" },
    { CallSid: `CA${"2".repeat(32)}` },
  ])
    assert.equal(read({ sent: { ...STATUS, ...change } }).kind, "forged", JSON.stringify(change));
  const { CallerName: _gone, ...less } = STATUS;
  assert.equal(read({ sent: less }).kind, "forged");
  assert.equal(read({ fields: { ...STATUS, Later: "a new parameter", Ünïcode: "ø +%" } }).kind, "reports");
});

test("twilio: while tokens are changed both are good, and no other is", () => {
  const rotating = { ...settings, secondary_auth_token: OTHER };
  assert.equal(read({ token: OTHER }).kind, "forged");
  assert.equal(read({ token: OTHER, settings: rotating }).kind, "reports");
  assert.equal(read({ token: TOKEN, settings: rotating }).kind, "reports");
  assert.equal(read({ token: "", settings: rotating }).kind, "forged");
  assert.equal(read({ token: "", settings: { ...settings, auth_token: "" } }).kind, "forged");
  for (const signature of [undefined, "", "AAAA", "=".repeat(28)])
    assert.equal(read({ headers: { "x-twilio-signature": signature } }).kind, "forged", String(signature));
});

test("twilio: another account's callback is refused, however well it is signed", () => {
  const foreign = { ...STATUS, AccountSid: `AC${"f".repeat(32)}` };
  assert.equal(read({ fields: foreign }).kind, "forged");
  const { AccountSid: _none, ...without } = STATUS;
  assert.equal(read({ fields: without }).kind, "forged");
});

test("twilio: a JSON body is covered by its hash in the signed address, and by nothing else", () => {
  const body = JSON.stringify(STATUS);
  const hash = createHash("sha256").update(body).digest("hex");
  const url = `${PUBLIC}/callbacks/key-1?bodySHA256=${hash}`;
  const json = { contentType: "application/json; charset=utf-8", fields: {}, url };
  assert.equal(read({ ...json, rawBody: body }).kind, "reports");
  assert.equal(read({ ...json, rawBody: body.replace("ringing", "completed") }).kind, "forged");
  assert.equal(read({ ...json, rawBody: body, url: `${PUBLIC}/callbacks/key-1` }).kind, "forged");
  assert.equal(read({ ...json, rawBody: body, url: `${PUBLIC}/callbacks/key-1?bodySHA256=` }).kind, "forged");
  const list = "[1]";
  const listed = `${PUBLIC}/callbacks/key-1?bodySHA256=${createHash("sha256").update(list).digest("hex")}`;
  assert.equal(read({ ...json, rawBody: list, url: listed }).kind, "unreadable");
  assert.equal(read({ rawBody: "x".repeat(70_000) }).kind, "unreadable");
});

test("twilio: what was signed for the one address is not taken at another", () => {
  const own = "https://hooks.example.com/webhook/call-status";
  const line = { ...settings, status_callback: own };
  const url = `${own}?attempt=key-1`;
  assert.equal(
    read({ settings: line, url, requested: "/webhook/call-status?attempt=key-1" }).kind,
    "reports",
  );
  assert.equal(read({ settings: line, url, requested: "/webhook/call-status?attempt=key-2" }).kind, "forged");
  assert.equal(read({ settings: line, url, requested: "/callbacks/key-2?attempt=key-1" }).kind, "forged");
});

const statuses: readonly (readonly [Record<string, string>, readonly Partial<Report>[]])[] = [
  [{ CallStatus: "queued" }, [{ kind: "accepted", carrierRef: SID }]],
  [{ CallStatus: "initiated", SequenceNumber: "0" }, [{ kind: "accepted", sequence: 0, key: `${SID}:0` }]],
  [{ CallStatus: "ringing" }, [{ kind: "ringing", at: FAKE_START - 2_000, key: `${SID}:1` }]],
  [{ CallStatus: "in-progress" }, [{ kind: "answered", answeredBy: undefined as never }]],
  [
    { CallStatus: "completed", CallDuration: "18", SipResponseCode: "200" },
    [
      { kind: "ended", outcome: "answered_unknown", durationMs: 18_000, detail: undefined as never },
      { kind: "answered", at: FAKE_START - 20_000 },
    ],
  ],
  [{ CallStatus: "completed", AnsweredBy: "human" }, [{ outcome: "answered_human" }]],
  [{ CallStatus: "completed", AnsweredBy: "machine_end_beep" }, [{ outcome: "answered_machine" }]],
  [{ CallStatus: "completed", AnsweredBy: "machine_start" }, [{ outcome: "answered_unknown" }]],
  [{ CallStatus: "completed", AnsweredBy: "machine_end_silence" }, [{ outcome: "answered_unknown" }]],
  [{ CallStatus: "completed", AnsweredBy: "machine_end_other" }, [{ outcome: "answered_unknown" }]],
  [{ CallStatus: "completed", AnsweredBy: "fax" }, [{ outcome: "answered_machine" }]],
  [{ CallStatus: "completed", AnsweredBy: "unknown" }, [{ outcome: "answered_unknown" }]],
  [
    { CallStatus: "completed", ErrorCode: "11200" },
    [{ outcome: "answered_unknown", detail: "Twilio 11200" }],
  ],
  [
    { CallStatus: "busy", SipResponseCode: "486" },
    [{ outcome: "busy", detail: "SIP 486", retryAfterMs: undefined as never }],
  ],
  [{ CallStatus: "busy", SipResponseCode: "600" }, [{ outcome: "busy" }]],
  [{ CallStatus: "no-answer", SipResponseCode: "487" }, [{ outcome: "no_answer" }]],
  [{ CallStatus: "no-answer", SipResponseCode: "480" }, [{ outcome: "no_answer" }]],
  [{ CallStatus: "no-answer", SipResponseCode: "603" }, [{ outcome: "declined" }]],
  [{ CallStatus: "no-answer", SipResponseCode: "607" }, [{ outcome: "blocked" }]],
  [{ CallStatus: "failed" }, [{ outcome: "unreachable" }]],
  [{ CallStatus: "failed", SipResponseCode: "404" }, [{ outcome: "invalid_number" }]],
  [{ CallStatus: "failed", SipResponseCode: "484" }, [{ outcome: "invalid_number" }]],
  [{ CallStatus: "failed", SipResponseCode: "486" }, [{ outcome: "busy" }]],
  [{ CallStatus: "failed", SipResponseCode: "487" }, [{ outcome: "no_answer" }]],
  [{ CallStatus: "failed", SipResponseCode: "503" }, [{ outcome: "carrier_error" }]],
  [{ CallStatus: "failed", SipResponseCode: "403" }, [{ outcome: "carrier_error" }]],
  [
    { CallStatus: "failed", SipResponseCode: "603", ErrorCode: "32203" },
    [{ outcome: "blocked", isOurs: undefined as never }],
  ],
  [{ CallStatus: "failed", ErrorCode: "13223" }, [{ outcome: "invalid_number" }]],
  [{ CallStatus: "failed", ErrorCode: "13224" }, [{ outcome: "unreachable" }]],
  [{ CallStatus: "failed", ErrorCode: "13225" }, [{ outcome: "blocked" }]],
  [{ CallStatus: "failed", ErrorCode: "13227" }, [{ outcome: "blocked", isOurs: true }]],
  [{ CallStatus: "failed", ErrorCode: "11200" }, [{ outcome: "answered_unknown" }]],
  [{ CallStatus: "canceled" }, [{ outcome: "no_answer", isCanceled: true }]],
  [{ CallStatus: "teleported" }, []],
  [{ CallStatus: "completed", ParentCallSid: `CA${"3".repeat(32)}` }, []],
];
for (const [fields, wanted] of statuses) {
  test(`twilio: the callback ${JSON.stringify(fields)} comes to ${wanted.map((one) => one.outcome ?? one.kind).join()}`, () => {
    const reports = reportsOf(read({ fields: { ...STATUS, ...fields } }));
    if (wanted.length === 0) assert.deepEqual(reports, []);
    for (const [index, one] of wanted.entries()) {
      const names = Object.keys(one) as (keyof Report)[];
      const found = Object.fromEntries(names.map((name) => [name, reports[index]?.[name]]));
      assert.deepEqual(found, one);
    }
  });
}

test("twilio: a line may take every word for a machine as proof", () => {
  const line = { ...settings, voicemail_proof: "any" };
  const fields = { ...STATUS, CallStatus: "completed", AnsweredBy: "machine_start" };
  assert.equal(reportsOf(read({ settings: line, fields }))[0]?.outcome, "answered_machine");
});

test("twilio: repeated callbacks have one key, and without a number the status is the key", () => {
  const key = (fields: Record<string, string>) =>
    reportsOf(read({ fields: { ...STATUS, ...fields } }))[0]?.key;
  assert.equal(key({}), key({ Timestamp: "Tue, 01 Dec 2026 14:59:59 +0000" }));
  assert.notEqual(key({ SequenceNumber: "1" }), key({ SequenceNumber: "2" }));
  const { SequenceNumber: _none, ...bare } = STATUS;
  const bareKey = (CallStatus: string) => reportsOf(read({ fields: { ...bare, CallStatus } }))[0]?.key;
  assert.equal(bareKey("ringing"), `${SID}:ringing`);
  assert.notEqual(bareKey("ringing"), bareKey("in-progress"));
});

test("twilio: who answered may be told before the end, after it, or never", () => {
  const url = `${PUBLIC}/callbacks/key-1?amd=1`;
  const completed = reportsOf(
    read({ url, fields: { ...STATUS, CallStatus: "completed", SequenceNumber: "3", CallDuration: "9" } }),
  );
  const detected = (AnsweredBy: string) =>
    reportsOf(
      read({
        url,
        fields: { CallSid: SID, AccountSid: STAND_IN_SID, AnsweredBy, MachineDetectionDuration: "2400" },
      }),
    );
  const open = foldReports(completed);
  assert.deepEqual([open.status, open.awaitsAnswerer], ["in_progress", true]);
  for (const [word, outcome] of [
    ["human", "answered_human"],
    ["machine_end_beep", "answered_machine"],
    ["machine_start", "answered_unknown"],
    ["unknown", "answered_unknown"],
  ] as const) {
    const answered = reportsOf(
      read({ url, fields: { ...STATUS, CallStatus: "in-progress", SequenceNumber: "2" } }),
    );
    for (const order of [
      [...answered, ...detected(word), ...completed],
      [...completed, ...detected(word), ...answered],
      [...detected(word), ...completed],
    ]) {
      const fold = foldReports(order);
      assert.deepEqual([fold.status, fold.outcome, fold.durationMs], ["ended", outcome, 9_000]);
    }
  }
});

test("twilio: what a call says is asked for by POST or GET, signed, and tells that it was answered", () => {
  const spoken = {
    attemptKey: "key-1",
    callId: "call_1",
    attemptId: "att_1",
    attemptNumber: 1,
    to: "+12125550199",
    from: "+12125550190",
    purpose: null,
    metadata: { name: 'Ann & "Bo" <b>' },
    instructions: { say: "Hi {{metadata.name}}" },
    isOpen: true,
  };
  const fields = { ...STATUS, CallStatus: "in-progress", AnsweredBy: "human" };
  const url = `${PUBLIC}/callbacks/key-1/twiml`;
  const post = twilio.readScript?.(callbackOf({ url, fields }), settings, spoken, FAKE_START);
  assert.ok(post?.kind === "script");
  assert.match(post.body, /<Say>Hi Ann &amp; &quot;Bo&quot; &lt;b&gt;<\/Say>/);
  assert.deepEqual(
    post.reports.map(({ kind, answeredBy }) => [kind, answeredBy]),
    [["answered", "human"]],
  );

  const asked = `${url}?${new URLSearchParams(fields).toString()}`;
  const get = callbackOf({ url: asked, fields: {}, contentType: "", rawBody: "" });
  assert.equal(twilio.readScript?.(get, settings, spoken, FAKE_START).kind, "script");
  const forged = callbackOf({ url, fields, token: OTHER });
  assert.equal(twilio.readScript?.(forged, settings, spoken, FAKE_START).kind, "forged");
  const late = twilio.readScript?.(
    callbackOf({ url, fields }),
    settings,
    { ...spoken, isOpen: false },
    FAKE_START,
  );
  assert.ok(late?.kind === "script" && late.body.includes("<Hangup/>") && !late.body.includes("<Say>"));
});

type Sent = {
  readonly url?: string;
  /** The URL that the signature is made over, where it is another. */
  readonly signedAs?: string;
  /** Path and query as they arrive, where they are others. */
  readonly requested?: string;
  readonly publicUrl?: string | null;
  /** What is signed, and what arrives, where that is something else. */
  readonly fields?: Record<string, string>;
  readonly sent?: Record<string, string>;
  readonly rawBody?: string;
  readonly contentType?: string;
  readonly token?: string;
  readonly headers?: Record<string, string | undefined>;
};

function callbackOf(sent: Sent): Callback {
  const url = sent.url ?? `${PUBLIC}/callbacks/key-1`;
  const fields = sent.fields ?? STATUS;
  const signature = getExpectedTwilioSignature(sent.token ?? TOKEN, sent.signedAs ?? url, fields);
  const { pathname, search } = new URL(url);
  return {
    headers: { "x-twilio-signature": signature, ...sent.headers },
    rawBody: new TextEncoder().encode(sent.rawBody ?? new URLSearchParams(sent.sent ?? fields).toString()),
    contentType: sent.contentType ?? "application/x-www-form-urlencoded; charset=UTF-8",
    url: sent.requested ?? `${pathname}${search}`,
    publicUrl: sent.publicUrl === undefined ? PUBLIC : sent.publicUrl,
  };
}

function read(sent: Sent & { readonly settings?: object }): CallbackReading {
  const reading = twilio.readCallback?.(callbackOf(sent), sent.settings ?? settings, FAKE_START);
  assert.ok(reading !== undefined);
  return reading;
}

function reportsOf(reading: CallbackReading): readonly Report[] {
  assert.ok(reading.kind === "reports", JSON.stringify(reading));
  return reading.reports;
}
