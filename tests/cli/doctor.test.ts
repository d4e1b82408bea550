import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { runCli } from "../../src/cli/program.ts";
import { startMailServer } from "../support/mail-server.ts";
import { fakeTerminal } from "./fake-terminal.ts";

type Finding = {
  readonly check: string;
  readonly state: string;
  readonly detail: string;
  readonly cure?: string;
};

test("doctor says of each channel without credentials where its messages go, and what to set", async (t) => {
  const find = await diagnose(t, { NOTIFICATIONS_OUTBOX: "/tmp/somewhere" });
  for (const [channel, cure] of [
    ["push", /FIREBASE_CREDENTIALS_PATH/],
    ["email", /SMTP_HOST/],
    ["sms", /TWILIO_ACCOUNT_SID/],
  ] as const) {
    const found = find(channel);
    assert.equal(found.state, "ok");
    assert.match(found.detail, /sandbox: .*\/tmp\/somewhere, and nobody is told/);
    assert.match(found.cure ?? "", cure);
  }
});

test("doctor asks each provider whether it takes us, and tells nobody anything", async (t) => {
  const mail = await startMailServer();
  t.after(() => mail.close());
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const folder = mkdtempSync(join(tmpdir(), "carillon-doctor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "key.json");
  writeFileSync(
    path,
    JSON.stringify({
      type: "service_account",
      project_id: "clinic-1",
      client_email: "push@clinic-1.example.com",
      private_key: key.export({ type: "pkcs8", format: "pem" }),
    }),
  );
  const env = {
    SMTP_HOST: "127.0.0.1",
    SMTP_PORT: String(mail.port),
    SMTP_FROM: "calls@example.com",
    SMTP_USER: "calls",
    SMTP_PASSWORD: "x",
    FIREBASE_CREDENTIALS_PATH: path,
    TWILIO_ACCOUNT_SID: `AC${"a".repeat(32)}`,
    TWILIO_AUTH_TOKEN: "token",
    SMS_FROM: "+14155550100",
    // No port of Google's or Twilio's: nothing leaves this machine.
    OUTSIDE_PORTS: "8443",
  };
  const find = await diagnose(t, env);
  assert.deepEqual([find("email").state, find("email").detail], ["ok", "smtp: ready"]);
  assert.equal(find("push").state, "failed");
  assert.match(find("push").detail, /fcm: .*push@clinic-1\.example\.com no access token .*OUTSIDE_PORTS/);
  assert.equal(find("sms").state, "failed");
  assert.match(find("sms").detail, /twilio: Twilio cannot be reached .*OUTSIDE_PORTS/);
  mail.answer = (said) => (said.startsWith("AUTH") ? "535 5.7.8 wrong password" : null);
  const wrong = (await diagnose(t, env))("email");
  assert.equal(wrong.state, "failed");
  assert.match(wrong.detail, /535 .*SMTP_PASSWORD/);
  assert.equal(mail.letters.length, 0);
});

/** Runs doctor where no server is. */
async function diagnose(
  t: { after(then: () => void): void },
  env: Readonly<Record<string, string>>,
): Promise<(check: string) => Finding> {
  const cwd = mkdtempSync(join(tmpdir(), "carillon-doctor-"));
  t.after(() => rmSync(cwd, { recursive: true }));
  const terminal = fakeTerminal({ cwd, env: { DATABASE_PATH: join(cwd, "a.db"), ...env } });
  await runCli(["doctor", "--json", "--url", "http://127.0.0.1:1"], terminal);
  const { findings } = JSON.parse(terminal.printed()) as { readonly findings: readonly Finding[] };
  return (check) => findings.find((one) => one.check === check) ?? assert.fail(`no finding about ${check}`);
}
