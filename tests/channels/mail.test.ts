import assert from "node:assert/strict";
import { test } from "node:test";

import type { Letter, Told } from "../../src/ports/messenger.ts";
import { type MailServer, startMailServer } from "../support/mail-server.ts";
import {
  type House,
  type Wanted,
  assertShows,
  letterTo,
  messengerContract,
  openMessenger,
} from "./messenger-contract.ts";

const ADDRESS = "ann@example.org";

messengerContract("email", ADDRESS, "ann at example.org", async () => {
  const bench = await openBench();
  const { server } = bench;
  return {
    ...bench,
    taken: () => server.letters.length,
    loseAnswer: () => (server.answer = (said) => (said === "<message>" ? "hang up" : null)),
    goAway: () => Promise.resolve(server.close()),
    disown() {
      let count = 0;
      server.answer = (said) => (said.startsWith("AUTH") ? `535 5.7.8 wrong password ${(count += 1)}` : null);
    },
  };
});

/** RFC 5321 4.2 and RFC 4954 6: what a server says, to which command, and what that means for a letter to one person. */
const replies: readonly (readonly [RegExp, string, Wanted])[] = [
  [/^<greeting>/, "421 4.3.2 closing", { kind: "not_sent" }],
  [/^<greeting>/, "554 5.3.2 no service here", { kind: "not_sent" }],
  [/^<greeting>/, "hang up", { kind: "not_sent" }],
  [/^AUTH/, "535 5.7.8 wrong password", { kind: "not_sent", afterMs: undefined }],
  [/^AUTH/, "454 4.7.0 not now", { kind: "not_sent", afterMs: undefined }],
  [/^MAIL/, "451 4.3.0 local error", { kind: "not_sent", code: "SMTP 451", afterMs: undefined }],
  [/^MAIL/, "530 5.7.0 authentication required", { kind: "not_sent", afterMs: undefined }],
  [/^MAIL/, "550 5.7.1 you may not send", { kind: "failed", code: "SMTP 550", isBounced: undefined }],
  [/^MAIL/, "hang up", { kind: "not_sent" }],
  [/^RCPT/, "421 4.3.2 closing", { kind: "not_sent" }],
  [/^RCPT/, "450 4.2.1 greylisted", { kind: "not_sent", code: "SMTP 450", afterMs: undefined }],
  [/^RCPT/, "452 4.2.2 full", { kind: "not_sent", afterMs: undefined }],
  [/^RCPT/, "550 5.1.1 no such mailbox", { kind: "failed", code: "SMTP 550", isBounced: true }],
  [/^RCPT/, "551 5.1.6 gone elsewhere", { kind: "failed", isBounced: true }],
  [/^RCPT/, "552 5.2.2 full for good", { kind: "failed", isBounced: true }],
  [/^RCPT/, "553 5.1.3 not an address", { kind: "failed", isBounced: true }],
  [/^RCPT/, "554 5.7.1 refused", { kind: "failed", isBounced: true }],
  [/^RCPT/, "503 5.5.1 out of order", { kind: "failed", isBounced: undefined }],
  [/^RCPT/, "hang up", { kind: "not_sent" }],
  [/^DATA/, "454 4.7.0 not now", { kind: "not_sent", afterMs: undefined }],
  [/^DATA/, "554 5.5.1 no valid recipients", { kind: "failed", isBounced: undefined }],
  [/^DATA/, "hang up", { kind: "not_sent" }],
  [/^<message>/, "451 4.3.0 scanner is away", { kind: "not_sent", code: "SMTP 451", afterMs: undefined }],
  [/^<message>/, "452 4.3.1 full", { kind: "not_sent", afterMs: undefined }],
  [/^<message>/, "552 5.3.4 too large", { kind: "failed", code: "SMTP 552", isBounced: undefined }],
  [/^<message>/, "554 5.7.1 looks like spam", { kind: "failed", code: "SMTP 554", isBounced: undefined }],
  [/^<message>/, "hang up", { kind: "unknown" }],
];
for (const [command, reply, wanted] of replies) {
  test(`email: "${reply}" to ${command.source} is ${wanted.kind}, after one conversation`, async () => {
    await withBench(async ({ server, send }) => {
      server.answer = (said) => (command.test(said) ? reply : null);
      assertShows(await send(), wanted);
      assert.equal(server.letters.length, 0);
      assert.ok(server.commands.filter((said) => said.startsWith("EHLO")).length <= 1);
    });
  });
}

for (const [command, kind] of [
  ["EHLO", "not_sent"],
  ["RCPT", "not_sent"],
  ["<message>", "unknown"],
] as const) {
  // Long before the library's own time-out.
  test(
    `email: a server that says nothing to ${command} is given up in time: ${kind}`,
    { timeout: 10_000 },
    async () => {
      await withBench(async ({ server, send, abort }) => {
        server.answer = (said) => {
          if (!said.startsWith(command)) return null;
          setImmediate(abort);
          return "silence";
        };
        assert.equal((await send()).kind, kind);
      });
    },
  );
}

test("email: a letter arrives with its words, and is the same letter at each try", async () => {
  await withBench(async ({ server, send }) => {
    const told = await send();
    assert.deepEqual(told, { kind: "sent", reference: null, detail: "250 2.0.0 queued" });
    await send();
    const [letter, copy] = server.letters;
    assert.equal(letter?.from, "calls@example.com");
    assert.deepEqual(letter?.to, [ADDRESS]);
    assert.match(letter?.data ?? "", /^Subject: Your appointment\r$/m);
    assert.match(letter?.data ?? "", /^To: ann@example\.org\r$/m);
    assert.match(letter?.data ?? "", /^Auto-Submitted: auto-generated\r$/m);
    assert.match(letter?.data ?? "", /See you at ten, Zo=C3=AB\./);
    for (const one of [letter, copy]) assert.match(one?.data ?? "", /^Message-ID: <ntf_1@example\.com>\r$/m);
    assert.doesNotMatch(letter?.data ?? "", /apt_1/, "data is for apps");
  });
});

test("email: nothing in the words can start a header or another letter", async () => {
  await withBench(async ({ server, send }) => {
    await send({
      subject: "Hello\r\nBcc: all@example.com",
      body: "One\r\n.\r\nMAIL FROM:<x@example.com>\r\n",
    });
    await send({ subject: null, event: "x\r\nX-Evil: 1" });
    assert.equal(server.letters.length, 2);
    for (const { data, to } of server.letters) {
      const [head = ""] = data.split("\r\n\r\n");
      assert.doesNotMatch(head, /^(?:bcc|x-evil):/im);
      assert.deepEqual(to, [ADDRESS]);
    }
    assert.match(server.letters[0]?.data ?? "", /\r\n\.\.\r\n/, "a dot alone is doubled (RFC 5321 4.5.2)");
  });
});

type MailBench = House & {
  readonly server: MailServer;
  readonly send: (over?: Partial<Letter>) => Promise<Told>;
  close(): Promise<void>;
};

async function openBench(): Promise<MailBench> {
  const server = await startMailServer();
  const opened = await openMessenger("email", {
    smtp: {
      host: "127.0.0.1",
      port: server.port,
      secure: false,
      user: "calls",
      password: "pass word",
      from: "Carillon <calls@example.com>",
    },
  });
  return {
    ...opened,
    server,
    send: (over = {}) => opened.messenger.send(letterTo("email", ADDRESS, over)),
    close: () => Promise.resolve(server.close()),
  };
}

async function withBench(run: (bench: MailBench) => Promise<void>): Promise<void> {
  const bench = await openBench();
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}
