import assert from "node:assert/strict";
import { test } from "node:test";
import { openEmail } from "../../src/channels/email/channel.ts";
import { letterOf } from "../../src/channels/email/letter.ts";
import type { Message, Sent, SmtpSettings } from "../../src/ports/channel.ts";
import { freePort } from "../support/free-port.ts";
import { type MailServer, startMailServer } from "../support/mail-server.ts";
import { silentLog } from "../support/silent.ts";

const body = JSON.stringify({
  id: "evt_1",
  type: "call.completed",
  timestamp: "2026-12-01T15:00:00Z",
  api_version: "v1",
  data: { call_id: "call_1", status: "completed", outcome: "answered_human", disposition: null },
  sequence: 7,
});
const message: Message = {
  id: "evt_1",
  type: "call.completed",
  body,
  target: { to: ["team@example.com", "ops@example.org"] },
  secrets: [],
  sentAt: 0,
};

function channelTo(port: number, over: Partial<SmtpSettings> = {}) {
  return openEmail({
    clock: { now: () => 0 },
    log: silentLog,
    fetch: () => Promise.resolve({ kind: "not_sent", detail: "" }),
    checkUrl: () => null,
    smtp: {
      host: "127.0.0.1",
      port,
      secure: false,
      user: null,
      password: null,
      from: "Carillon <calls@example.com>",
      ...over,
    },
  });
}

async function withServer(run: (server: MailServer) => Promise<void>): Promise<void> {
  const server = await startMailServer();
  try {
    await run(server);
  } finally {
    server.close();
  }
}

async function sendTo(
  server: MailServer,
  over: Partial<Message> = {},
  smtp: Partial<SmtpSettings> = {},
): Promise<Sent> {
  const channel = channelTo(server.port, smtp);
  const sent = await channel.send({ ...message, ...over });
  await channel.close();
  return sent;
}

test("an event arrives as a letter that says what happened, and is the same letter each time", async () => {
  await withServer(async (server) => {
    assert.deepEqual(await sendTo(server), { kind: "delivered" });
    await sendTo(server);
    const [letter, copy] = server.letters;
    assert.equal(letter?.from, "calls@example.com");
    assert.deepEqual(letter?.to, ["team@example.com", "ops@example.org"]);
    assert.match(letter?.data ?? "", /^Subject: Carillon: call\.completed call_1\r$/m);
    assert.match(letter?.data ?? "", /^From: Carillon <calls@example\.com>\r$/m);
    assert.match(letter?.data ?? "", /^Message-ID: <evt_1@example\.com>\r$/m);
    assert.match(letter?.data ?? "", /^Auto-Submitted: auto-generated\r$/m);
    assert.match(letter?.data ?? "", /outcome: answered_human/);
    assert.doesNotMatch(letter?.data ?? "", /disposition/);
    assert.match(copy?.data ?? "", /^Message-ID: <evt_1@example\.com>\r$/m);
  });
});

test("with a user name the server is given it and its password", async () => {
  await withServer(async (server) => {
    await sendTo(server, {}, { user: "calls", password: "pass word" });
    const plain = Buffer.from("\0calls\0pass word").toString("base64");
    assert.ok(server.commands.includes(`AUTH PLAIN ${plain}`));
  });
});

/** RFC 5321 4.2: what a server says, and whether another try may go better. */
const replies: readonly (readonly [command: RegExp, reply: string, kind: Sent["kind"]])[] = [
  [/^<greeting>/, "421 4.3.2 closing", "retry"],
  [/^<greeting>/, "554 5.3.2 no service here", "retry"],
  [/^MAIL/, "451 4.3.0 local error", "retry"],
  [/^MAIL/, "550 5.7.1 you may not send", "failed"],
  [/^RCPT/, "450 4.2.1 greylisted", "retry"],
  [/^RCPT/, "452 4.2.2 too many", "retry"],
  [/^RCPT/, "550 5.1.1 no such mailbox", "failed"],
  [/^RCPT/, "553 5.1.3 not an address", "failed"],
  [/^DATA/, "454 4.7.0 not now", "retry"],
  [/^<message>/, "452 4.3.1 full", "retry"],
  [/^<message>/, "552 5.3.4 too large", "failed"],
  [/^<message>/, "554 5.7.1 rejected", "failed"],
  [/^AUTH/, "535 5.7.8 wrong password", "retry"],
  [/^AUTH/, "454 4.7.0 not now", "retry"],
  [/^<message>/, "hang up", "retry"],
  [/^MAIL/, "hang up", "retry"],
];
for (const [command, reply, kind] of replies) {
  test(`"${reply}" to ${command.source}: ${kind}`, async () => {
    await withServer(async (server) => {
      server.answer = (said) => (command.test(said) ? reply : null);
      const smtp = command.source.includes("AUTH") ? { user: "calls", password: "x" } : {};
      const sent = await sendTo(server, {}, smtp);
      assert.equal(sent.kind, kind, JSON.stringify(sent));
      if (reply.startsWith("4") && sent.kind === "retry" && !command.source.includes("greeting"))
        assert.ok((sent.afterMs ?? 0) >= 300_000);
      assert.equal(server.letters.length, 0);
    });
  });
}

test("an address that is refused beside one that is not does not cost the other its letter", async () => {
  await withServer(async (server) => {
    server.answer = (said) => (said.startsWith("RCPT TO:<ops@") ? "550 5.1.1 no such mailbox" : null);
    assert.deepEqual(await sendTo(server), { kind: "delivered", detail: "1 of 2 addresses were refused" });
    assert.deepEqual(server.letters[0]?.to, ["team@example.com"]);
  });
});

test("no server at all is tried again", async () => {
  const channel = channelTo(await freePort());
  assert.equal((await channel.send(message)).kind, "retry");
  await channel.close();
});

test("without a mail server the channel says what is missing", async () => {
  const channel = openEmail({
    clock: { now: () => 0 },
    log: silentLog,
    fetch: () => Promise.resolve({ kind: "not_sent", detail: "" }),
    checkUrl: () => null,
    smtp: null,
  });
  assert.match(channel.missing ?? "", /SMTP_HOST/);
  assert.equal((await channel.send(message)).kind, "retry");
});

test("what could end a header or an address is refused, or comes out as text", async () => {
  const channel = channelTo(1);
  for (const to of [
    ["a@example.com\r\nBcc: all@example.com"],
    ["a@example.com, b@example.com"],
    ["Name <a@example.com>"],
    ["a@example.com>"],
    ["a b@example.com"],
    ["@example.com"],
    ["a@example"],
    ["a@exämple.com"],
    [""],
    [7],
    [],
    "a@example.com",
    Array.from({ length: 21 }, (_, index) => `a${index}@example.com`),
  ])
    assert.equal(channel.readTarget({ to }, false).ok, false, JSON.stringify(to));
  assert.equal(channel.readTarget({ to: ["a.b+c@mail.example.com"] }, false).ok, true);
  assert.equal(channel.readTarget({ to: ["a@example.com"], cc: "x" }, false).ok, false);

  const evil = JSON.stringify({
    id: "evt_1",
    timestamp: "t",
    data: { name: "x\r\nBcc: all@example.com\r\n\r\nHello", line: "a\nX-Evil: 1" },
  });
  assert.doesNotMatch(letterOf("line.paused", evil).subject, /\p{Cc}/u);
  await withServer(async (server) => {
    await sendTo(server, { type: "line.paused", body: evil });
    const [head = "", ...text] = (server.letters[0]?.data ?? "").split("\r\n\r\n");
    assert.doesNotMatch(head, /^(?:bcc|x-evil):/im);
    assert.match(text.join("\n"), /Bcc: all@example\.com/);
    assert.deepEqual(server.letters[0]?.to, ["team@example.com", "ops@example.org"]);
  });
});
