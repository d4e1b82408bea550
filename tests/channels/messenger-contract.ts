import assert from "node:assert/strict";
import { test } from "node:test";

import { openMessengers } from "../../src/channels/messengers.ts";
import type { OutsideRequest } from "../../src/ports/carrier.ts";
import type {
  Letter,
  MessageChannel,
  Messenger,
  MessengerPorts,
  MessengerSettings,
  Told,
} from "../../src/ports/messenger.ts";
import { openFetch } from "../../src/system/fetch.ts";
import { FAKE_START, FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type Logged, keptLog } from "../support/silent.ts";

/** A messenger before a far end that a test can steer. */
export type Bench = House & {
  /** How many messages the far end has taken. */
  taken(): number;
  /** The far end takes the next message, and nobody hears of it. Absent: that cannot happen. */
  readonly loseAnswer?: () => void;
  /** The far end is not there any more. */
  goAway(): Promise<void>;
  /** The far end does not honour us any more. Absent: it asks for no credentials. */
  readonly disown?: () => void | Promise<void>;
  close(): Promise<void>;
};

/** What every messenger is plugged into in a test. */
export type House = {
  readonly messenger: Messenger;
  readonly clock: FakeClock;
  readonly logged: readonly Logged[];
  readonly requests: readonly OutsideRequest[];
  /** Lets the oldest request that is under way run into its time-out. */
  timeOut(): void;
  /** Lets what is under way be given up as after too long a time. */
  abort(): void;
};

const NOTHING: MessengerSettings = { firebase: null, smtp: null, sms: null, outboxFolder: "outbox" };

/** The promises that the engine relies on; every messenger must keep them. */
export function messengerContract(name: string, good: string, bad: string, open: () => Promise<Bench>): void {
  const promise = (text: string, run: (bench: Bench) => Promise<void>): void => {
    void test(`${name}: ${text}`, async () => {
      const bench = await open();
      try {
        await run(bench);
      } finally {
        await bench.messenger.close();
        await bench.close();
      }
    });
  };
  const letter = (bench: Bench, over: Partial<Letter> = {}): Letter =>
    letterTo(bench.messenger.channel, good, over);

  promise("a message is taken once, and told as sent", async (bench) => {
    assert.equal((await bench.messenger.send(letter(bench))).kind, "sent");
    assert.equal(bench.taken(), 1);
    assert.equal(bench.messenger.isSandbox, bench.messenger.provider === "outbox");
  });

  promise("many at once are each taken once", async (bench) => {
    const letters = Array.from({ length: 20 }, (_, index) => letter(bench, { id: `ntf_${index}` }));
    const told = await Promise.all(letters.map((one) => bench.messenger.send(one)));
    assert.deepEqual(
      told.map(({ kind }) => kind),
      letters.map(() => "sent"),
    );
    assert.equal(bench.taken(), 20);
  });

  promise("what is no address of its channel is refused, and nothing leaves", async (bench) => {
    assert.equal(bench.messenger.wrongAddress(good), null);
    for (const address of [bad, "", `${good}\r\nX: 1`, `${good},${good} `, "x".repeat(5000)]) {
      assert.match(bench.messenger.wrongAddress(address) ?? "", /\.$/);
      const told = await bench.messenger.send(letter(bench, { address }));
      assert.ok(told.kind === "failed" && told.isGone === undefined);
    }
    assert.equal(bench.taken(), 0);
  });

  promise("what is of no use any more is not sent", async (bench) => {
    const late = letter(bench, { expiresAt: bench.clock.now() });
    assert.equal((await bench.messenger.send(late)).kind, "failed");
    assert.equal(bench.taken(), 0);
  });

  promise("a lost answer is unknown, after one message", async (bench) => {
    if (bench.loseAnswer === undefined) return;
    bench.loseAnswer();
    assert.equal((await bench.messenger.send(letter(bench))).kind, "unknown");
    assert.ok(bench.taken() <= 1);
  });

  promise("where nobody is, nothing was sent, and that is certain", async (bench) => {
    await bench.goAway();
    assert.equal((await bench.messenger.send(letter(bench))).kind, "not_sent");
    assert.equal(bench.taken(), 0);
  });

  promise(
    "without valid credentials nothing was sent, the operator hears of it once, and check has the cure",
    async (bench) => {
      assert.equal(await bench.messenger.check(), null);
      if (bench.disown === undefined) return;
      await bench.disown();
      for (const id of ["ntf_1", "ntf_2"]) {
        const told = await bench.messenger.send(letter(bench, { id }));
        assertShows(told, { kind: "not_sent", afterMs: undefined });
      }
      assert.equal(bench.taken(), 0);
      assert.equal(bench.logged.filter(({ level }) => level === "error").length, 1);
      assert.match((await bench.messenger.check()) ?? "", /[A-Z]{3,}_[A-Z_]+/);
    },
  );

  promise("nothing that is said or logged holds an address, words or a secret", async (bench) => {
    const told = [await bench.messenger.send(letter(bench))];
    await bench.disown?.();
    told.push(await bench.messenger.send(letter(bench, { id: "ntf_2" })));
    await bench.goAway();
    told.push(await bench.messenger.send(letter(bench, { id: "ntf_3" })));
    const said = JSON.stringify([told, bench.logged, await bench.messenger.check()]);
    for (const secret of [good, "See you at ten", "PRIVATE KEY", "stand-in-auth-token", "ya29.", "pass word"])
      assert.ok(!said.includes(secret), `${secret} in ${said}`);
  });

  promise("no request may reach a private address, but where a test sends it", async (bench) => {
    await bench.messenger.send(letter(bench));
    for (const { allowPrivate, timeoutMs } of bench.requests) {
      assert.equal(allowPrivate, false);
      assert.ok(timeoutMs <= 15_000);
    }
  });
}

/** What a try shall come to, as far as it is said here. */
export type Wanted = {
  readonly kind: Told["kind"];
  readonly code?: string;
  readonly afterMs?: number | undefined;
  readonly isGone?: boolean | undefined;
  readonly isBounced?: boolean | undefined;
};

export function assertShows(told: Told, wanted: Wanted): void {
  const all: Record<string, unknown> = told;
  const shown = Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]]));
  assert.deepEqual(shown, wanted, JSON.stringify(told));
}

export function letterTo(channel: MessageChannel, address: string, over: Partial<Letter> = {}): Letter {
  return {
    id: "ntf_1",
    channel,
    address,
    subject: channel === "sms" ? null : "Your appointment",
    body: "See you at ten, Zoë.",
    data: { appointment_id: "apt_1" },
    event: "appointment_reminder_24h",
    createdAt: FAKE_START - 1000,
    expiresAt: FAKE_START + 3_600_000,
    ...over,
  };
}

/** The messenger of a channel as the server opens it, with these settings and whatever a test replaces. */
export async function openMessenger(
  channel: MessageChannel,
  settings: Partial<MessengerSettings>,
  over: Partial<MessengerPorts> = {},
): Promise<House> {
  const clock = new FakeClock();
  const { log, lines } = keptLog();
  const requests: OutsideRequest[] = [];
  const waking: (() => void)[] = [];
  const controller = new AbortController();
  const outside = openFetch({
    clock,
    arm: (_ms, wake) => {
      waking.push(wake);
      return { cancel: () => void waking.splice(waking.indexOf(wake), 1) };
    },
  });
  const messengers = await openMessengers({
    clock,
    realClock: clock,
    within: () => controller.signal,
    random: new SeededRandom(1),
    log,
    // Stand-ins listen on loopback; what was asked for is kept as it was asked for.
    fetch: (request) => {
      requests.push(request);
      return outside({ ...request, allowPrivate: true });
    },
    settings: { ...NOTHING, ...settings },
    writeOutbox: () => Promise.reject(new Error("no test writes a file")),
    ...over,
  });
  return {
    messenger: messengers[channel],
    clock,
    logged: lines,
    requests,
    timeOut: () => waking.shift()?.(),
    abort: () => controller.abort(),
  };
}
