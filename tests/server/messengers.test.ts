import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { decodeJwt } from "jose";

import { plugMessengers } from "../../src/server/messengers.ts";
import { SystemClock } from "../../src/system/clock.ts";
import { letterTo } from "../channels/messenger-contract.ts";
import { silentLog } from "../support/silent.ts";

const TEN_DAYS_MS = 864_000_000;

test("a test clock that was moved does not move the time that Google is told", async (t) => {
  const clock = new SystemClock();
  t.after(() => clock.close());
  clock.restore(TEN_DAYS_MS);
  let assertion = "";
  const { push } = await plugMessengers(
    {
      firebase: {
        projectId: "clinic-1",
        clientEmail: "push@clinic-1.example.com",
        privateKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
          type: "pkcs8",
          format: "pem",
        }),
        tokenUrl: "https://oauth2.googleapis.com/token",
        apiUrl: "https://fcm.googleapis.com",
      },
      smtp: null,
      sms: null,
      outboxFolder: "unused",
    },
    {
      clock,
      log: silentLog,
      fetch: ({ body }) => {
        assertion = new URLSearchParams(body).get("assertion") ?? "";
        return Promise.resolve({ kind: "not_sent", detail: "no test reaches the outside" });
      },
    },
  );
  const told = await push.send(letterTo("push", "token-1", { expiresAt: clock.now() + 60_000 }));
  assert.equal(told.kind, "not_sent");
  const { iat = 0 } = decodeJwt(assertion);
  assert.ok(Math.abs(iat * 1000 - (clock.now() - TEN_DAYS_MS)) < 60_000);
});

test("without credentials nothing is made before the first message, and that is a file", async (t) => {
  const folder = join(mkdtempSync(join(tmpdir(), "carillon-plug-")), "outbox");
  t.after(() => rmSync(join(folder, ".."), { recursive: true }));
  const clock = new SystemClock();
  t.after(() => clock.close());
  const messengers = await plugMessengers(
    { firebase: null, smtp: null, sms: null, outboxFolder: folder },
    {
      clock,
      log: silentLog,
      fetch: () => assert.fail("nothing is asked"),
    },
  );
  assert.equal(existsSync(folder), false);
  const expiresAt = clock.now() + 60_000;
  await messengers.sms.send(letterTo("sms", "+12125550142", { expiresAt }));
  assert.equal(readdirSync(folder).length, 1);
  for (const messenger of Object.values(messengers)) await messenger.close();
});
