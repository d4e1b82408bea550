import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { ConfigError, type Env, readConfig } from "../src/config.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const { privateKey: curve } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" });
const account = {
  type: "service_account",
  project_id: "clinic-1",
  private_key_id: "0123",
  private_key: pkcs8,
  client_email: "push@clinic-1.iam.gserviceaccount.com",
  token_uri: "https://evil.example.com/token",
};
const twilio = { TWILIO_ACCOUNT_SID: `AC${"a".repeat(32)}`, TWILIO_AUTH_TOKEN: "token" };
const service = `MG${"0".repeat(32)}`;

test("without credentials every channel goes to the outbox folder, and it is known what to set", () => {
  const { settings, unset } = readConfig({}).messengers;
  assert.deepEqual(settings, { firebase: null, smtp: null, sms: null, outboxFolder: "carillon-outbox" });
  assert.match(unset.push ?? "", /FIREBASE_CREDENTIALS_PATH/);
  assert.match(unset.email ?? "", /SMTP_HOST and SMTP_FROM/);
  assert.match(unset.sms ?? "", /TWILIO_ACCOUNT_SID.*SMS_FROM/);
});

test("the outbox folder lies beside the database file, or where it is said", () => {
  const folder = (env: Env): string => readConfig(env).messengers.settings.outboxFolder;
  assert.equal(folder({ DATABASE_PATH: "/data/calls.db" }), "/data/carillon-outbox");
  assert.equal(folder({ DATABASE_URL: "sqlite::memory:" }), "carillon-outbox");
  assert.equal(folder({ DATABASE_URL: "postgres://h/d" }), "carillon-outbox");
  assert.equal(folder({ DATABASE_PATH: "/data/calls.db", NOTIFICATIONS_OUTBOX: "/tmp/out" }), "/tmp/out");
});

test("the key of a service account is read from its file, and its assertions go to Google alone", (t) => {
  const write = keyFiles(t);
  const wanted = {
    projectId: "clinic-1",
    clientEmail: "push@clinic-1.iam.gserviceaccount.com",
    privateKey: pkcs8,
    tokenUrl: "https://oauth2.googleapis.com/token",
    apiUrl: "https://fcm.googleapis.com",
  };
  const path = write(JSON.stringify(account));
  const { settings, unset } = readConfig({ FIREBASE_CREDENTIALS_PATH: path }).messengers;
  assert.deepEqual(settings.firebase, wanted);
  assert.equal(unset.push, undefined);
  const named = readConfig({ FIREBASE_CREDENTIALS_PATH_FILE: write(`${path}\n`) });
  assert.deepEqual(named.messengers.settings.firebase, wanted);
  const old = { ...account, private_key: privateKey.export({ type: "pkcs1", format: "pem" }) };
  const converted = readConfig({ FIREBASE_CREDENTIALS_PATH: write(JSON.stringify(old)) });
  assert.deepEqual(converted.messengers.settings.firebase, wanted);
});

test("a key file that is not there or no key stops the start, with the cure and without what stands in it", (t) => {
  const write = keyFiles(t);
  assert.match(
    problemsOf({ FIREBASE_CREDENTIALS_PATH: "/nowhere/key.json" }),
    /"\/nowhere\/key\.json": .*can be read/,
  );
  for (const content of [
    "",
    "no JSON hunter2",
    "null",
    "[]",
    JSON.stringify({ ...account, type: "authorized_user" }),
    JSON.stringify({ ...account, project_id: "../x" }),
    JSON.stringify({ ...account, project_id: undefined }),
    JSON.stringify({ ...account, client_email: 7 }),
    JSON.stringify({ ...account, private_key: "hunter2" }),
    JSON.stringify({ ...account, private_key: undefined }),
    JSON.stringify({ ...account, private_key: curve.export({ type: "pkcs8", format: "pem" }) }),
  ]) {
    const problems = problemsOf({ FIREBASE_CREDENTIALS_PATH: write(content) });
    assert.match(problems, /FIREBASE_CREDENTIALS_PATH is .*Generate new private key/);
    assert.doesNotMatch(problems, /hunter2|BEGIN/);
  }
});

test("text messages come from SMS_FROM, else from the messaging service, else from the number that calls", () => {
  const all = { ...twilio, TWILIO_PHONE_NUMBER: "+14155550100", TWILIO_MESSAGING_SERVICE_SID: service };
  const from = (env: Env): unknown => readConfig(env).messengers.settings.sms?.from;
  assert.equal(from({ ...all, SMS_FROM: "CLINIC 7" }), "CLINIC 7");
  assert.equal(from(all), service);
  assert.equal(from({ ...twilio, TWILIO_FROM: "+14155550100" }), "+14155550100");
  assert.equal(from({ ...twilio, SMS_FROM: "72404" }), "72404");
  assert.deepEqual(readConfig(all).messengers.settings.sms, {
    accountSid: twilio.TWILIO_ACCOUNT_SID,
    authToken: "token",
    from: service,
    apiUrl: "https://api.twilio.com",
  });
});

test("a Twilio account that is half there or still to be filled in sends nothing, and says what is missing", () => {
  for (const [env, pattern] of [
    [twilio, /Set SMS_FROM/],
    [{ ...twilio, TWILIO_PHONE_NUMBER: "your_number" }, /TWILIO_PHONE_NUMBER is no sender/],
    [{ TWILIO_ACCOUNT_SID: "your_account_sid", TWILIO_AUTH_TOKEN: "x" }, /TWILIO_ACCOUNT_SID is no account/],
    [{ TWILIO_ACCOUNT_SID: twilio.TWILIO_ACCOUNT_SID }, /TWILIO_AUTH_TOKEN/],
  ] as const) {
    const { settings, unset } = readConfig(env).messengers;
    assert.equal(settings.sms, null);
    assert.match(unset.sms ?? "", pattern);
  }
});

test("a sender that is none, or has no account, stops the start", () => {
  for (const from of ["4155550100x!", "+1", "a name too long", "MG1 ", "x\r\n", " x"])
    assert.match(problemsOf({ ...twilio, SMS_FROM: from }), /SMS_FROM is .*expected a number/, from);
  assert.match(problemsOf({ SMS_FROM: "+14155550100" }), /SMS_FROM is set and TWILIO_ACCOUNT_SID/);
});

function keyFiles(t: { after(then: () => void): void }): (content: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "carillon-keys-"));
  t.after(() => rmSync(folder, { recursive: true }));
  let count = 0;
  return (content) => {
    const path = join(folder, `${(count += 1)}.json`);
    writeFileSync(path, content);
    return path;
  };
}

function problemsOf(env: Env): string {
  try {
    readConfig(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail("It was taken.");
}
