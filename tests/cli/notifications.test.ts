import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";

import { runCli } from "../../src/cli/program.ts";
import { keptMessengers } from "../support/kept-messenger.ts";
import { openHouse } from "../support/open-house.ts";
import { fakeTerminal } from "./fake-terminal.ts";

/** The command line before a real server on loopback. */
async function open(t: TestContext) {
  const messengers = keptMessengers();
  const house = await openHouse({ messengers });
  await house.server.app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => house.server.app.close());
  const { port } = house.server.app.server.address() as AddressInfo;
  const type = async (...argv: string[]): Promise<{ exit: number; out: string; err: string }> => {
    const terminal = fakeTerminal({ env: { CARILLON_URL: `http://127.0.0.1:${port}` } });
    const exit = await runCli(argv, terminal);
    return { exit, out: terminal.printed(), err: terminal.errors() };
  };
  return { ...house, messengers, type };
}

test("somebody is told from the command line, in a template's words, and the log shows it", async (t) => {
  const { type, messengers, drain } = await open(t);
  const stored = await type(
    "templates",
    "add",
    "reminder",
    "--body",
    "Hello {{client_name}}, until {{time}}.",
  );
  assert.equal(stored.out, "reminder is stored; its variables: client_name, time.\n");
  const send = ["notifications", "send", "--channel", "email", "--to", "ann@example.com"];
  const sent = await type(
    ...send,
    "--template",
    "reminder",
    "--var",
    "client_name=Ann",
    "time=10:00",
    "--event",
    "visit",
  );
  assert.equal(sent.exit, 0, sent.err);
  const id = /^(ntf_\w+) is sent at /.exec(sent.out)?.[1] ?? "";
  await drain();
  assert.deepEqual(
    messengers.email.letters.map(({ body }) => body),
    ["Hello Ann, until 10:00."],
  );
  assert.match(
    (await type("notifications", "show", id)).out,
    /is sent\.\n {2}email to ann@example.com: visit\n/,
  );
  const listed = await type("notifications", "list", "--status", "sent", "--channel", "email");
  assert.match(listed.out, new RegExp(`${id} +email +visit +ann@example.com +sent `));
  assert.equal((await type("notifications", "cancel", id)).exit, 5);
  assert.match(
    (await type("notifications", "list", "--status", "failed")).out,
    /There is no such notification/,
  );

  const wrong = await type(...send, "--template", "reminder", "--var", "client_name");
  assert.deepEqual([wrong.exit, wrong.out], [2, ""]);
  assert.match(wrong.err, /name=value/);
  assert.equal((await type(...send, "--template", "reminder")).exit, 2);
});

test("what waits is canceled, what failed is sent again", async (t) => {
  const { type, messengers, drain } = await open(t);
  const send = [
    "notifications",
    "send",
    "--channel",
    "email",
    "--to",
    "ann@example.com",
    "--body",
    "News.",
    "--json",
  ];
  const waiting = JSON.parse((await type(...send, "--in", "2h")).out) as { id: string };
  assert.equal((await type("notifications", "cancel", waiting.id)).out, `${waiting.id} is canceled.\n`);
  messengers.email.answer = () => ({ kind: "failed", code: "550", detail: "no", isBounced: true });
  const bounced = JSON.parse((await type(...send)).out) as { id: string };
  await drain();
  messengers.email.answer = () => ({ kind: "sent", reference: null });
  assert.equal((await type("notifications", "retry", bounced.id)).exit, 0);
  await drain();
  assert.match((await type("notifications", "show", bounced.id)).out, /is sent\./);
});

test("devices and templates are listed, shown and removed", async (t) => {
  const { type } = await open(t);
  const added = await type("devices", "add", "uid_1", "a-long-token-123456", "--platform", "android");
  const id = /^(dev_\w+) is registered for uid_1\.\n$/.exec(added.out)?.[1] ?? "";
  const listed = await type("devices", "list", "--recipient", "uid_1");
  assert.match(listed.out, new RegExp(`${id} +uid_1 +android +…`));
  assert.ok(!listed.out.includes("a-long-token"));
  assert.equal((await type("devices", "remove", id)).out, `${id} is removed.\n`);
  assert.match((await type("devices", "list")).out, /No device is registered/);

  await type("templates", "add", "news", "--subject", "News", "--body", "Words.");
  assert.equal((await type("templates", "show", "news")).out, "News\n\nWords.\n");
  assert.match(
    (await type("templates", "set", "news", "--body", "At {{time}}.")).out,
    /its variables: time\./,
  );
  assert.match((await type("templates", "list")).out, /news +time +News/);
  assert.equal((await type("templates", "remove", "news")).exit, 0);
  assert.equal((await type("templates", "show", "news")).exit, 3);
});
