import assert from "node:assert/strict";
import { test } from "node:test";

import { startEngine } from "../support/engine.ts";
import { keptMessengers } from "../support/kept-messenger.ts";

const words = { event: "appointment_reminder_2h", subject: "Soon", body: "In two hours." } as const;

test("what was taken when the answer to the commit was lost is sent, though more has fallen due meanwhile", async () => {
  const messengers = keptMessengers();
  const t = await startEngine({ messengers });
  const at = t.clock.now() + 60_000;
  const notify = (channel: "email" | "push", to: object) =>
    t.engine.createNotification(t.actor, { ...words, channel, to, at });
  await notify("email", { address: "ann@example.com" });
  // Nobody is there, which is written into the history.
  await notify("push", { recipientId: "nobody" });
  let lost = 0;
  t.store.failing = (name, moment) => {
    if (name !== "take due notifications" || moment !== "after" || lost > 0) return null;
    lost += 1;
    void notify("push", { recipientId: "nobody either" });
    return "commit_unknown";
  };
  await t.advance(120_000);
  assert.equal(lost, 1);
  assert.equal(messengers.email.letters.length, 1);
  const { data } = await t.engine.listNotifications(t.actor, {}, { limit: 10 });
  assert.deepEqual(data.map(({ status }) => status).toSorted(), ["failed", "failed", "sent"]);
});
