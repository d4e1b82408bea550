import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { type Letter, type MessageChannel, messageChannels } from "../../src/ports/messenger.ts";
import { openOutboxFolder } from "../../src/system/outbox.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { type House, letterTo, messengerContract, openMessenger } from "./messenger-contract.ts";

const good: Record<MessageChannel, string> = {
  push: "token-1",
  email: "ann@example.org",
  sms: "+12125550142",
};
const bad: Record<MessageChannel, string> = { push: "two words", email: "ann", sms: "2125550142" };

for (const channel of messageChannels) {
  messengerContract(`outbox for ${channel}`, good[channel], bad[channel], async () => {
    const bench = await openBench(channel);
    return {
      ...bench,
      taken: () => bench.files().length,
      // A file stands where the folder was: nothing can be written there, whoever one is.
      goAway() {
        rmSync(bench.folder, { recursive: true, force: true });
        writeFileSync(bench.folder, "");
        return Promise.resolve();
      },
    };
  });
}

test("outbox: each message is a file of its own that says everything, for its owner's eyes", async () => {
  await withBench("email", async ({ folder, files, messenger }) => {
    const told = await messenger.send(letterTo("email", good.email));
    assert.deepEqual(files(), ["20261201T145959Z_email_ntf_1.json"]);
    assert.ok(told.kind === "sent" && told.reference === files()[0]);
    assert.match(told.detail ?? "", /nobody was told/);
    const file = join(folder, files()[0] ?? "");
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
      ...letterTo("email", good.email),
      createdAt: "2026-12-01T14:59:59Z",
      expiresAt: "2026-12-01T16:00:00Z",
    });
    assert.equal(statSync(file).mode & 0o077, 0);
    assert.equal(statSync(folder).mode & 0o077, 0);
  });
});

test("outbox: a repeated try writes the same file, and the files stand in the order of their messages", async () => {
  await withBench("sms", async ({ files, messenger, clock }) => {
    const letter = (over: Partial<Letter>): Letter => letterTo("sms", good.sms, over);
    await messenger.send(letter({ id: "ntf_b", createdAt: FAKE_START }));
    await messenger.send(letter({ id: "ntf_z", createdAt: FAKE_START - 5000 }));
    await clock.advanceTo(FAKE_START + 60_000);
    await messenger.send(letter({ id: "ntf_a", createdAt: FAKE_START + 60_000 }));
    await messenger.send(letter({ id: "ntf_b", createdAt: FAKE_START, body: "again" }));
    assert.deepEqual(
      files().map((name) => name.slice(-10)),
      ["ntf_z.json", "ntf_b.json", "ntf_a.json"],
    );
  });
});

test("outbox: it is said once that nobody is told", async () => {
  await withBench("push", async ({ messenger, logged, folder }) => {
    await messenger.send(letterTo("push", good.push));
    await messenger.send(letterTo("push", good.push, { id: "ntf_2" }));
    assert.equal(logged.length, 1);
    assert.deepEqual(logged[0]?.fields, { channel: "push", folder });
  });
});

test("outbox: a file that could not be written whole is not there, and no name leads out of the folder", async () => {
  await withBench("push", async ({ folder, write, files }) => {
    await write("a.json", "{}");
    for (const name of ["../b.json", "/tmp/b.json", ".hidden", "", "a/b.json", `${"x".repeat(200)}.json`])
      await assert.rejects(write(name, "{}"));
    assert.deepEqual(files(), ["a.json"]);
    assert.equal(existsSync(join(folder, "..", "b.json")), false);
    // A folder stands where the file shall be: nobody can put the finished file there.
    mkdirSync(join(folder, "c.json"));
    await assert.rejects(write("c.json", "{}"));
    assert.deepEqual(files(), ["a.json", "c.json"], "no draft is left behind");
  });
});

type OutboxBench = House & {
  readonly folder: string;
  readonly files: () => string[];
  readonly write: (name: string, text: string) => Promise<void>;
  close(): Promise<void>;
};

async function openBench(channel: MessageChannel): Promise<OutboxBench> {
  const base = mkdtempSync(join(tmpdir(), "carillon-outbox-"));
  const folder = join(base, "outbox");
  const write = openOutboxFolder(folder);
  const opened = await openMessenger(channel, { outboxFolder: folder }, { writeOutbox: write });
  return {
    ...opened,
    folder,
    write,
    files: () => (existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).sort() : []),
    close: () => Promise.resolve(rmSync(base, { recursive: true, force: true })),
  };
}

async function withBench(channel: MessageChannel, run: (bench: OutboxBench) => Promise<void>): Promise<void> {
  const bench = await openBench(channel);
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}
