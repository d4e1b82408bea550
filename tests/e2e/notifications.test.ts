import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { startMailServer } from "../support/mail-server.ts";
import { startServer } from "./carillon.ts";
import { ask } from "./serve.ts";

type Shown = { readonly id: string; readonly status: string; readonly provider: string | null };

const words = { event: "appointment_reminder_24h", subject: "Your appointment", body: "See you at ten." };

test(
  "a channel with credentials tells people, and one without writes to its folder, side by side",
  { timeout: 60_000 },
  async (t) => {
    const mail = await startMailServer();
    t.after(() => mail.close());
    const { url, folder } = await startServer(t, {
      SMTP_HOST: "127.0.0.1",
      SMTP_PORT: String(mail.port),
      SMTP_FROM: "Clinic <calls@example.com>",
    });
    const create = (channel: string, address: string): Promise<Shown> =>
      ask<Shown>(`${url}/v1/notifications`, "POST", { ...words, channel, address });
    const letter = await created(url, create("email", "ann@example.org"));
    assert.deepEqual([letter.status, letter.provider], ["sent", "smtp"]);
    assert.deepEqual(
      mail.letters.map(({ to }) => to),
      [["ann@example.org"]],
    );
    assert.match(
      mail.letters[0]?.data ?? "",
      new RegExp(`^Message-ID: <${letter.id}@example\\.com>\\r$`, "m"),
    );

    const push = await created(url, create("push", "device-token-1"));
    assert.deepEqual([push.status, push.provider], ["sent", "outbox"]);
    const outbox = join(folder, "carillon-outbox");
    const [file = "", ...others] = readdirSync(outbox);
    assert.deepEqual(others, []);
    const written = JSON.parse(readFileSync(join(outbox, file), "utf8")) as Record<string, unknown>;
    assert.deepEqual(
      [written["id"], written["address"], written["body"]],
      [push.id, "device-token-1", words.body],
    );
  },
);

test(
  "an address that a mail server refuses is a bounce, and nothing is written anywhere",
  { timeout: 60_000 },
  async (t) => {
    const mail = await startMailServer();
    t.after(() => mail.close());
    mail.answer = (said) => (said.startsWith("RCPT") ? "550 5.1.1 no such mailbox" : null);
    const { url, folder } = await startServer(t, {
      SMTP_HOST: "127.0.0.1",
      SMTP_PORT: String(mail.port),
      SMTP_FROM: "calls@example.com",
    });
    const shown = await created(
      url,
      ask<Shown>(`${url}/v1/notifications`, "POST", {
        ...words,
        channel: "email",
        address: "nobody@example.org",
      }),
    );
    assert.equal(shown.status, "bounced");
    assert.equal(existsSync(join(folder, "carillon-outbox")), false);
  },
);

/** The notification once it is not pending any more; time is real here. */
async function created(url: string, creating: Promise<Shown>): Promise<Shown> {
  const { id } = await creating;
  for (;;) {
    const shown = await ask<Shown>(`${url}/v1/notifications/${id}`);
    if (shown.status !== "pending" && shown.status !== "sending") return shown;
  }
}
