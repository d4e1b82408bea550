import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import pg from "pg";

import type { Store } from "../../src/ports/store.ts";
import { openStore } from "../../src/store/open.ts";
import { startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { keptMessengers } from "../support/kept-messenger.ts";
import { testPostgres } from "../support/postgres.ts";
import { silentLog } from "../support/silent.ts";

/** The three queries as operators know them. */
const recent = `
-- Recent notifications sent
SELECT * FROM notification_logs 
ORDER BY created_at DESC 
LIMIT 100;`;
const attention = `
-- Failed notifications needing attention
SELECT * FROM notification_logs 
WHERE status = 'failed' AND retry_count < max_retries
ORDER BY created_at DESC;`;
const statistics = `
-- Reminder statistics
SELECT 
    DATE(sent_at) as date,
    COUNT(*) as reminders_sent,
    event
FROM notification_logs
WHERE event IN ('appointment_reminder_24h', 'appointment_reminder_2h')
GROUP BY DATE(sent_at), event
ORDER BY date DESC;`;

type Row = Readonly<Record<string, unknown>>;
const ports = { clock: new FakeClock(), log: silentLog };

/** Makes a few notifications, closes the store, and asks the database itself. */
async function logs(store: Store): Promise<void> {
  const messengers = keptMessengers();
  const house = await startEngine({ store, messengers });
  const tell = (event: string, to: string, in24h = false) =>
    house.engine.createNotification(house.actor, {
      channel: "email",
      event,
      body: "Words.",
      to: { address: to },
      ...(in24h && { at: house.clock.now() + 86_400_000 }),
    });
  await tell("appointment_reminder_24h", "ann@example.com");
  await tell("appointment_reminder_2h", "ann@example.com");
  await tell("appointment_reminder_24h", "ben@example.com");
  await house.drain();
  messengers.email.answer = () => ({ kind: "not_sent", code: "451", detail: "later" });
  await tell("announcement", "eve@example.com");
  await house.drain();
  messengers.email.answer = () => ({ kind: "sent", reference: null });
  await tell("appointment_reminder_24h", "ann@example.com", true);
  await house.advance(1000);
  await house.engine.stop(1000);
}

function check(
  answers: { recent: Row[]; attention: Row[]; statistics: Row[] },
  dateOf: (row: Row) => string,
): void {
  assert.equal(answers.recent.length, 5);
  assert.deepEqual(
    answers.attention.map(({ event, status, retry_count, max_retries, notification_type }) => [
      event,
      status,
      Number(retry_count),
      Number(max_retries),
      notification_type,
    ]),
    [["announcement", "failed", 0, 3, "email"]],
  );
  const sent = answers.statistics.filter(({ date }) => date !== null);
  assert.deepEqual(
    sent.map((row) => [dateOf(row), Number(row["reminders_sent"]), row["event"]].join(" ")).toSorted(),
    ["2026-12-01 1 appointment_reminder_2h", "2026-12-01 2 appointment_reminder_24h"],
  );
}

test("the log answers the operators' queries on SQLite", async () => {
  const folder = mkdtempSync(join(tmpdir(), "carillon-logs-"));
  const path = join(folder, "carillon.db");
  try {
    const store = await openStore({ kind: "sqlite", path }, ports);
    await logs(store);
    await store.close();
    const database = new DatabaseSync(path);
    const ask = (text: string): Row[] => database.prepare(text).all();
    check({ recent: ask(recent), attention: ask(attention), statistics: ask(statistics) }, ({ date }) =>
      String(date),
    );
    assert.equal(ask(recent)[0]?.["created_at"], "2026-12-01 15:00:00");
    database.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the log answers the operators' queries on Postgres", async () => {
  const url = await (await testPostgres()).freshDatabase();
  const store = await openStore({ kind: "postgres", url }, ports);
  await logs(store);
  await store.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // A DATE is read as text, for the driver would read it in the machine's own zone.
  const types = { getTypeParser: () => (text: string) => text };
  const ask = async (text: string): Promise<Row[]> => (await client.query<Row>({ text, types })).rows;
  try {
    check(
      { recent: await ask(recent), attention: await ask(attention), statistics: await ask(statistics) },
      ({ date }) => String(date),
    );
    assert.equal((await ask(recent))[0]?.["created_at"], "2026-12-01 15:00:00");
  } finally {
    await client.end();
  }
});
