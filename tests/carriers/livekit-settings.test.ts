import assert from "node:assert/strict";
import { test } from "node:test";

import { livekitWith } from "../../src/carriers/livekit/kind.ts";
import { keysOf, projectOf } from "../../src/carriers/livekit/settings.ts";

const livekit = livekitWith({});
const PROJECT = {
  url: "wss://clinic.livekit.cloud",
  api_key: "APIclinic01",
  api_secret: "0123456789abcdef0123456789abcdef",
  sip_trunk_id: "ST_clinic01",
};

const wrong: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ ...PROJECT, url: undefined }, "/url"],
  [{ ...PROJECT, api_key: undefined }, "/api_key"],
  [{ ...PROJECT, api_secret: undefined }, "/api_secret"],
  [{ ...PROJECT, sip_trunk_id: undefined }, "/sip_trunk_id"],
  [{ ...PROJECT, url: "ws://clinic.example.com" }, "/url"],
  [{ ...PROJECT, url: "ws://127.0.0.1:7880" }, "/url"],
  [{ ...PROJECT, url: "https://10.0.0.1" }, "/url"],
  [{ ...PROJECT, url: "wss://user:pw@clinic.example.com" }, "/url"],
  [{ ...PROJECT, url: "wss://clinic.example.com?a=b" }, "/url"],
  [{ ...PROJECT, url: 1 }, "/url"],
  [{ ...PROJECT, api_secret: "has a space" }, "/api_secret"],
  [{ ...PROJECT, api_key: "" }, "/api_key"],
  [{ ...PROJECT, colour: 1 }, "/colour"],
  [{ ...PROJECT, toString: 1 }, "/toString"],
  [{ ...PROJECT, secondary_api_key: "APInew" }, "/secondary_api_secret"],
  [{ ...PROJECT, secondary_api_secret: "0123456789" }, "/secondary_api_key"],
  [{ ...PROJECT, sip_trunk_id: "TR_1" }, "/sip_trunk_id"],
  [{ ...PROJECT, room_name: "calls" }, "/room_name"],
  [{ ...PROJECT, room_name: "insurance_call:{{to}}" }, "/room_name"],
  [{ ...PROJECT, room_name: "{{metadata.name}}-{{attempt_key}}" }, "/room_name"],
  [{ ...PROJECT, room_name: `{{attempt_key}}${"x".repeat(150)}` }, "/room_name"],
  [{ ...PROJECT, wait_until_answered: "yes" }, "/wait_until_answered"],
  [{ ...PROJECT, rejected_means: "rude" }, "/rejected_means"],
  [{ ...PROJECT, token_leeway_seconds: 61 }, "/token_leeway_seconds"],
  [{ ...PROJECT, timeout_ms: 1 }, "/timeout_ms"],
  [{ ...PROJECT, agent_name: "" }, "/agent_name"],
  [{ ...PROJECT, agent_metadata: 7 }, "/agent_metadata"],
  [{ ...PROJECT, agent_metadata: { who: ["{{nobody}}"] } }, "/agent_metadata/who/0"],
  [{ ...PROJECT, agent_metadata: "x".repeat(16_001) }, "/agent_metadata"],
  [{ ...PROJECT, dtmf: "1,2" }, "/dtmf"],
  [{ ...PROJECT, headers: { To: "x" } }, "/headers/To"],
  [{ ...PROJECT, headers: { "X-A": "a\r\nX-Evil: 1" } }, "/headers/X-A"],
  [{ ...PROJECT, headers: { "X-A: b\r\nX-C": "1" } }, "/headers/X-A: b\r\nX-C"],
  [{ ...PROJECT, headers: { "X-A": "{{nobody}}" } }, "/headers/X-A"],
  [{ ...PROJECT, headers: [] }, "/headers"],
  [{ ...PROJECT, include_headers: "some" }, "/include_headers"],
  [{ ...PROJECT, play_dialtone: 1 }, "/play_dialtone"],
  [{ ...PROJECT, participant_name: "{{nobody}}" }, "/participant_name"],
  [{ ...PROJECT, display_name: 'a"b' }, "/display_name"],
];
for (const [input, pointer] of wrong) {
  test(`livekit: the settings ${JSON.stringify(input).slice(0, 160)} are refused at ${pointer}`, () => {
    const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
    const check = livekit.parseSettings(given);
    assert.ok(!check.ok);
    assert.equal(check.pointer, pointer);
    assert.ok(check.detail.length > 10);
  });
}

test("livekit: good settings are kept as they are, and secrets are known by name", () => {
  const settings = {
    ...PROJECT,
    secondary_api_key: "APInew",
    secondary_api_secret: "fedcba9876543210",
    room_name: "insurance_call:{{to}}:{{attempt_key}}",
    agent_name: "greeter",
    agent_metadata: { call: "{{call_id}}", name: "{{metadata.name}}", room: "{{room_name}}" },
    dtmf: "ww1234#",
    headers: { "X-Call": "{{call_id}}" },
    include_headers: "x",
    display_name: "",
    rejected_means: "busy",
    token_leeway_seconds: 0,
  };
  assert.deepEqual(livekit.parseSettings(settings), { ok: true, settings });
  assert.deepEqual(livekit.secrets, ["api_secret", "secondary_api_secret"]);
  assert.equal(livekit.real, true);
});

test("livekit: what the environment says need not be said by the line, which wins", () => {
  const environment = {
    url: "https://other.livekit.cloud/",
    apiKey: "APIenv",
    apiSecret: "environment-secret",
    sipTrunkId: "ST_env",
  };
  assert.deepEqual(livekitWith(environment).parseSettings({}), { ok: true, settings: {} });
  assert.deepEqual(projectOf({}, environment), {
    baseUrl: "https://other.livekit.cloud",
    key: "APIenv",
    secret: "environment-secret",
    sipTrunkId: "ST_env",
  });
  assert.deepEqual(projectOf(PROJECT, environment), {
    baseUrl: "https://clinic.livekit.cloud",
    key: PROJECT.api_key,
    secret: PROJECT.api_secret,
    sipTrunkId: PROJECT.sip_trunk_id,
  });
  assert.equal(projectOf({}, {}), null);
  assert.deepEqual(keysOf({}, {}), []);
  assert.deepEqual(keysOf({}, environment), [{ key: "APIenv", secret: "environment-secret" }]);
});

test("livekit: a call may say for itself who talks, and is checked like its line", () => {
  const check = (input: Record<string, unknown>) => livekit.checkInstructions?.(input, PROJECT);
  assert.deepEqual(check({ agent_name: "closer", dtmf: "1" }), { ok: true });
  for (const [input, pointer] of [
    [{ api_secret: "x" }, "/api_secret"],
    [{ url: "wss://x.example.com" }, "/url"],
    [{ room_name: "x" }, "/room_name"],
    [{ headers: { "X-A": "\n" } }, "/headers/X-A"],
  ] as const) {
    const found = check(input);
    assert.ok(found !== undefined && !found.ok, JSON.stringify(input));
    if (!found.ok) assert.equal(found.pointer, pointer);
  }
});
