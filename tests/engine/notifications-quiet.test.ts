import assert from "node:assert/strict";
import { test } from "node:test";

import { type EngineOptions, startEngine } from "../support/engine.ts";
import { keptMessengers } from "../support/kept-messenger.ts";

const hour = 3_600_000;
const night = { from: "22:00", to: "08:00" };
const words = { channel: "email", event: "news", body: "News.", to: { recipientId: "uid_1" } } as const;

async function start(at: string, options: EngineOptions = {}) {
  const messengers = keptMessengers();
  const house = await startEngine({ messengers, startAt: Date.parse(at), ...options });
  const sentAt: string[] = [];
  messengers.email.answer = () => {
    sentAt.push(new Date(house.clock.now()).toISOString());
    return { kind: "sent", reference: null };
  };
  return { ...house, sentAt };
}

const cases: readonly {
  readonly what: string;
  readonly now: string;
  readonly timezone: string;
  readonly quiet?: { readonly from: string; readonly to: string };
  readonly sent: string;
}[] = [
  {
    what: "in the evening: the next morning",
    now: "2026-12-01T23:30:00Z",
    timezone: "UTC",
    sent: "2026-12-02T08:00:00.000Z",
  },
  {
    what: "after midnight: the same morning",
    now: "2026-12-02T05:00:00Z",
    timezone: "UTC",
    sent: "2026-12-02T08:00:00.000Z",
  },
  {
    what: "the first quiet minute is quiet",
    now: "2026-12-01T22:00:00Z",
    timezone: "UTC",
    sent: "2026-12-02T08:00:00.000Z",
  },
  {
    what: "the first minute after it is not",
    now: "2026-12-02T08:00:00Z",
    timezone: "UTC",
    sent: "2026-12-02T08:00:00.000Z",
  },
  {
    what: "by day nothing is moved",
    now: "2026-12-01T15:00:00Z",
    timezone: "UTC",
    sent: "2026-12-01T15:00:00.000Z",
  },
  {
    what: "in the recipient's zone, not ours",
    now: "2026-12-01T15:00:00Z",
    timezone: "Asia/Tokyo",
    sent: "2026-12-01T23:00:00.000Z",
  },
  {
    what: "a night that a clock change shortens ends an hour earlier",
    now: "2026-03-08T04:00:00Z",
    timezone: "America/New_York",
    sent: "2026-03-08T12:00:00.000Z",
  },
  {
    what: "a night that a clock change lengthens ends an hour later",
    now: "2026-11-01T03:00:00Z",
    timezone: "America/New_York",
    sent: "2026-11-01T13:00:00.000Z",
  },
  {
    what: "an end that the clocks skip is the end of the gap",
    now: "2026-03-08T06:00:00Z",
    timezone: "America/New_York",
    quiet: { from: "00:00", to: "02:30" },
    sent: "2026-03-08T07:00:00.000Z",
  },
  {
    what: "a siesta is quiet by day alone",
    now: "2026-12-01T14:00:00Z",
    timezone: "UTC",
    quiet: { from: "13:00", to: "15:30" },
    sent: "2026-12-01T15:30:00.000Z",
  },
];

for (const { what, now, timezone, quiet = night, sent } of cases) {
  test(`quiet hours of a recipient: ${what}`, async () => {
    const house = await start(now);
    await house.engine.putRecipient(house.actor, "uid_1", { email: "ann@example.com", timezone, quiet });
    const { notification } = await house.engine.createNotification(house.actor, words);
    await house.advance(30 * hour);
    assert.deepEqual(house.sentAt, [sent]);
    const { data } = await house.engine.listEvents(house.actor, null, 100, ["notification.moved"]);
    assert.equal(data.length, Date.parse(sent) === Date.parse(now) ? 0 : 1);
    assert.equal((await house.engine.getNotification(house.actor, notification.id)).status, "sent");
  });
}

test("quiet hours of the notification and of its recipient both hold", async () => {
  const house = await start("2026-12-01T21:30:00Z");
  const { engine, actor } = house;
  await engine.putRecipient(actor, "uid_1", { email: "ann@example.com", timezone: "UTC", quiet: night });
  await engine.createNotification(actor, {
    ...words,
    quiet: { timezone: "UTC", from: "21:00", to: "22:30" },
  });
  await house.advance(30 * hour);
  assert.deepEqual(house.sentAt, ["2026-12-02T08:00:00.000Z"]);
});

test("what would be of no use at the end of the quiet hours expires at once, and says why", async () => {
  const house = await start("2026-12-01T23:00:00Z");
  const { engine, actor, clock } = house;
  await engine.putRecipient(actor, "uid_1", { email: "ann@example.com", timezone: "UTC", quiet: night });
  const { notification } = await engine.createNotification(actor, {
    ...words,
    expiresAt: clock.now() + 9 * hour,
  });
  await house.drain();
  const gone = await engine.getNotification(actor, notification.id);
  assert.deepEqual([gone.status, gone.reason], ["expired", "quiet_hours"]);
  await house.advance(30 * hour);
  assert.deepEqual(house.sentAt, []);
});

test("quiet hours in which nobody is ever told expire what waits", async () => {
  const house = await start("2026-12-01T12:00:00Z");
  const { engine, actor } = house;
  await engine.putRecipient(actor, "uid_1", {
    email: "ann@example.com",
    timezone: "UTC",
    quiet: { from: "08:00", to: "20:00" },
  });
  const { notification } = await engine.createNotification(actor, {
    ...words,
    quiet: { timezone: "UTC", from: "20:00", to: "08:00" },
  });
  await house.drain();
  assert.equal((await engine.getNotification(actor, notification.id)).reason, "quiet_hours");
});

test("a retry that falls into quiet hours waits for their end", async () => {
  const house = await start("2026-12-01T21:30:00Z");
  const { engine, actor } = house;
  await engine.putRecipient(actor, "uid_1", { email: "ann@example.com", timezone: "UTC", quiet: night });
  const messengers = keptMessengers();
  messengers.email.answer = () => ({ kind: "not_sent", code: "UNAVAILABLE", detail: "later" });
  const other = await house.afterKill({ messengers });
  const { notification } = await other.engine.createNotification(actor, words);
  await other.advance(2 * hour);
  assert.equal(messengers.email.letters.length, 1);
  const waiting = await other.engine.getNotification(actor, notification.id);
  assert.deepEqual(
    [waiting.status, waiting.reason, waiting.nextTryAt],
    ["failed", "quiet_hours", Date.parse("2026-12-02T08:00:00Z")],
  );
});
