import assert from "node:assert/strict";
import { test } from "node:test";

import twilioLibrary from "twilio";

import { twilioWith } from "../../src/carriers/twilio/kind.ts";
import type { Instructions } from "../../src/carriers/twilio/instructions.ts";
import { twimlOf, valuesOf, xml } from "../../src/carriers/twilio/twiml.ts";
import { accountOf } from "../../src/carriers/twilio/settings.ts";

const twilio = twilioWith({});
const ACCOUNT = { account_sid: `AC${"a".repeat(32)}`, auth_token: "0123456789abcdef0123456789abcdef" };

const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ ...ACCOUNT, account_sid: undefined }, "/account_sid"],
  [{ account_sid: "AC1" }, "/account_sid"],
  [{ account_sid: `SK${"a".repeat(32)}` }, "/account_sid"],
  [{ account_sid: ACCOUNT.account_sid }, "/auth_token"],
  [{ ...ACCOUNT, auth_token: "" }, "/auth_token"],
  [{ ...ACCOUNT, auth_token: "has a space in it 0123" }, "/auth_token"],
  [{ ...ACCOUNT, colour: 1 }, "/colour"],
  [{ ...ACCOUNT, toString: 1 }, "/toString"],
  [{ ...ACCOUNT, api_key_sid: `SK${"a".repeat(32)}` }, "/api_key_secret"],
  [{ ...ACCOUNT, api_key_secret: "0123456789abcdef" }, "/api_key_sid"],
  [{ ...ACCOUNT, region: "ie1.evil.example/" }, "/region"],
  [{ ...ACCOUNT, edge: "a.b" }, "/edge"],
  [{ ...ACCOUNT, base_url: "http://127.0.0.1:9" }, "/base_url"],
  [{ ...ACCOUNT, base_url: "https://x.example.com/" }, "/base_url"],
  [{ ...ACCOUNT, status_callback: "http://hooks.example.com/x" }, "/status_callback"],
  [{ ...ACCOUNT, status_callback: "https://localhost/x" }, "/status_callback"],
  [{ ...ACCOUNT, status_callback: "https://10.0.0.1/x" }, "/status_callback"],
  [{ ...ACCOUNT, timeout_ms: 1 }, "/timeout_ms"],
  [{ ...ACCOUNT, voicemail_proof: "hope" }, "/voicemail_proof"],
  [{ ...ACCOUNT, url: "https://x.example.com", say: "Hi" }, "/say"],
  [{ ...ACCOUNT, twiml: "<Response/>", application_sid: `AP${"a".repeat(32)}` }, "/application_sid"],
  [{ ...ACCOUNT, url: "http://x.example.com" }, "/url"],
  [{ ...ACCOUNT, url: "https://{{to}}.example.com" }, "/url"],
  [{ ...ACCOUNT, url: "https://x.example.com/{{secret}}" }, "/url"],
  [{ ...ACCOUNT, url: "https://user:pw@x.example.com/" }, "/url"],
  [{ ...ACCOUNT, url: "https://x.example.com/#rc=5" }, "/url"],
  [{ ...ACCOUNT, twiml: "<Say>Hi</Say>" }, "/twiml"],
  [{ ...ACCOUNT, twiml: `<Response>${"x".repeat(4_000)}</Response>` }, "/twiml"],
  [{ ...ACCOUNT, application_sid: "AP1" }, "/application_sid"],
  [{ ...ACCOUNT, say: "" }, "/say"],
  [{ ...ACCOUNT, say: { text: "Hi", voice: 'x" onload="' } }, "/say/voice"],
  [{ ...ACCOUNT, say: { text: "Hi {{nobody}}" } }, "/say/text"],
  [{ ...ACCOUNT, say: { text: "Hi", colour: 1 } }, "/say/colour"],
  [{ ...ACCOUNT, stream: "https://x.example.com" }, "/stream"],
  [{ ...ACCOUNT, stream: "wss://x.example.com/?a=b" }, "/stream"],
  [
    { ...ACCOUNT, stream: { url: "wss://x.example.com", parameters: { "a b": "c" } } },
    "/stream/parameters/a b",
  ],
  [{ ...ACCOUNT, sip: "agent@pbx.example.com" }, "/sip"],
  [{ ...ACCOUNT, sip: "sip:a@pbx.example.com\r\nX-Evil: 1" }, "/sip"],
  [{ ...ACCOUNT, sip: "sip:a@pbx.example.com</Sip>" }, "/sip"],
  [{ ...ACCOUNT, steps: [] }, "/steps"],
  [{ ...ACCOUNT, steps: [{ say: "Hi", pause: 1 }] }, "/steps/0"],
  [{ ...ACCOUNT, steps: [{ pause: 1 }, { dance: 1 }] }, "/steps/1"],
  [{ ...ACCOUNT, steps: [{ pause: 0 }] }, "/steps/0/pause"],
  [{ ...ACCOUNT, send_digits: "1,2" }, "/send_digits"],
  [{ ...ACCOUNT, send_digits: "1", machine_detection: "enable" }, "/send_digits"],
  [{ ...ACCOUNT, record: "yes" }, "/record"],
  [{ ...ACCOUNT, machine_detection: "Enable" }, "/machine_detection"],
  [{ ...ACCOUNT, machine_detection_timeout_seconds: 60 }, "/machine_detection_timeout_seconds"],
  [{ ...ACCOUNT, call_reason: "x".repeat(51) }, "/call_reason"],
];
for (const [input, pointer] of wrong) {
  test(`twilio: the settings ${JSON.stringify(input).slice(0, 160)} are refused at ${pointer}`, () => {
    const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
    const check = twilio.parseSettings(given);
    assert.ok(!check.ok);
    assert.equal(check.pointer, pointer);
    assert.ok(check.detail.length > 10);
  });
}

test("twilio: good settings are kept as they are, and secrets are known by name", () => {
  const settings = {
    ...ACCOUNT,
    secondary_auth_token: "fedcba9876543210fedcba9876543210",
    api_key_sid: `SK${"b".repeat(32)}`,
    api_key_secret: "0123456789abcdefghij",
    region: "ie1",
    edge: "dublin",
    status_callback: "https://user:pass@hooks.example.com/x?y=z",
    steps: [
      { say: { text: "Hello {{metadata.name}}", voice: "Polly.Joanna-Neural", language: "en-GB", loop: 2 } },
      { pause: 1 },
      { play: "https://cdn.example.com/{{metadata.file}}.mp3" },
      { stream: { url: "wss://agent.example.com/media", parameters: { call: "{{call_id}}" } } },
      { sip: "sip:agent@pbx.example.com;transport=tls?X-Call=1" },
    ],
    record: true,
    machine_detection: "off",
    send_digits: "12w3#",
  };
  assert.deepEqual(twilio.parseSettings(settings), { ok: true, settings });
  assert.deepEqual(twilio.secrets, ["auth_token", "secondary_auth_token", "api_key_secret", "sip_password"]);
  assert.equal(twilio.real, true);
});

test("twilio: what the environment says need not be said by the line, which wins", () => {
  const environment = {
    accountSid: `AC${"e".repeat(32)}`,
    authToken: "environment-token",
    phoneNumber: "+14155550123",
  };
  const kind = twilioWith(environment);
  assert.deepEqual(kind.parseSettings({}), { ok: true, settings: {} });
  assert.deepEqual(kind.lineDefaults, { calls_per_second: 0.9, caller_id: "+14155550123" });
  assert.equal(accountOf({}, environment)?.user, environment.accountSid);
  assert.equal(accountOf(ACCOUNT, environment)?.password, ACCOUNT.auth_token);
  assert.equal(accountOf({}, {}), null);
  const unfilled = twilioWith({ accountSid: "your_account_sid", authToken: "your_auth_token" }).parseSettings(
    {},
  );
  assert.ok(!unfilled.ok && unfilled.pointer === "/account_sid");
});

test("twilio: requests go where its library would send them", () => {
  for (const [place, host] of [
    [{}, "api.twilio.com"],
    [{ region: "ie1" }, "api.ie1.twilio.com"],
    [{ edge: "dublin" }, "api.dublin.us1.twilio.com"],
    [{ edge: "dublin", region: "ie1" }, "api.dublin.ie1.twilio.com"],
  ] as const) {
    const client = twilioLibrary(ACCOUNT.account_sid, "token", place);
    assert.equal(client.getHostname("api.twilio.com", client.edge, client.region), host);
    assert.equal(accountOf({ ...ACCOUNT, ...place }, {})?.baseUrl, `https://${host}`);
  }
});

test("twilio: a call may say for itself what it does, and is checked like its line", () => {
  const check = (input: Record<string, unknown>, line: object = ACCOUNT) =>
    twilio.checkInstructions?.(input, line);
  assert.deepEqual(check({ say: "Hi" }), { ok: true });
  assert.deepEqual(check({ send_digits: "1" }, { ...ACCOUNT, say: "Hi" }), { ok: true });
  for (const [input, pointer] of [
    [{ send_digits: "1" }, ""],
    [{ say: "Hi", url: "https://x.example.com" }, "/say"],
    [{ auth_token: ACCOUNT.auth_token }, "/auth_token"],
    [{ base_url: "https://x.example.com" }, "/base_url"],
    [{ allow_private: true, url: "http://10.0.0.1/" }, "/allow_private"],
    [{ url: "https://192.168.0.1/" }, "/url"],
  ] as const) {
    const found = check(input);
    assert.ok(found !== undefined && !found.ok, JSON.stringify(input));
    if (!found.ok) assert.equal(found.pointer, pointer);
  }
});

const speaker = {
  to: "+12125550199",
  from: null,
  callId: "call_1",
  attemptId: "att_1",
  attemptNumber: 2,
  purpose: "reminder",
  metadata: { name: `<Hangup/>&"'`, long: "x".repeat(100_000), deep: { a: 1 } },
};
const say = (instructions: Instructions): string | null => twimlOf(instructions, valuesOf(speaker));

test("twilio: nothing that a call holds can open a tag, leave an attribute, or break the document", () => {
  const said = say({
    steps: [
      { say: { text: "{{metadata.name}} {{metadata.deep}} {{metadata.none}}!", voice: "alice" } },
      { stream: { url: "wss://x.example.com/m", parameters: { name: "{{metadata.name}}" } } },
      { sip: "sip:a&b@pbx.example.com" },
      { play: "https://x.example.com/{{metadata.name}}?a=1&b=2" },
    ],
    sip_username: 'u"',
    sip_password: "p<",
  });
  const library = new twilioLibrary.twiml.VoiceResponse();
  library.say({ voice: "alice" }, `<Hangup/>&"' {"a":1} !`);
  library
    .connect()
    .stream({ url: "wss://x.example.com/m" })
    .parameter({ name: "name", value: `<Hangup/>&"'` });
  library.dial({ answerOnBridge: true }).sip({ username: 'u"', password: "p<" }, "sip:a&b@pbx.example.com");
  library.play(`https://x.example.com/${encodeURIComponent(`<Hangup/>&"'`)}?a=1&b=2`);
  assert.deepEqual(parsed(said ?? ""), parsed(library.toString()));
  assert.equal(xml("a\u0000\u0008\ud800\uffffb\n\t"), "a\ufffdb\n\t");
});

test("twilio: words are cut where Twilio stops reading, and a document that is too long says nothing", () => {
  const cut = say({ say: "{{metadata.long}}" });
  assert.ok(cut !== null && cut.length < 4_200);
  assert.equal(say({ steps: Array.from({ length: 50 }, () => ({ say: "{{metadata.long}}" })) }), null);
});

/** Tags, attributes and texts of a small XML document, whatever way it is written in. */
function parsed(document: string): unknown[] {
  const plain = (text: string): string =>
    text
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&apos;", "'")
      .replaceAll("&amp;", "&");
  return [
    ...document.replace(/^<\?xml[^>]*\?>/, "").matchAll(/<(\/?\w+)((?:\s+\w+="[^"<]*")*)\s*(\/?)>|([^<]+)/g),
  ].flatMap(([, tag, attributes = "", selfClosing, text]): unknown[] => {
    if (text !== undefined) return [plain(text)];
    const named = [...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value = ""]) => [
      name,
      plain(value),
    ]);
    const open = [tag, ...named.map((pair) => pair.join("=")).toSorted()];
    return selfClosing === "/" ? [open, [`/${tag}`]] : [open];
  });
}
