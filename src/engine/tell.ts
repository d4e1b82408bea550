import { forever } from "../domain/ids.ts";
import {
  type Letter,
  type MessageChannel,
  type Messenger,
  type Told,
  messageChannels,
} from "../ports/messenger.ts";
import { StoreError } from "../ports/store.ts";
import { isClockFenced } from "./clock-watch.ts";
import type { Context } from "./context.ts";
import { Group } from "./group.ts";
import { lanesOf } from "./notification-write.ts";
import { type Claimed, type Share, claimDue, notNow } from "./tell-claim.ts";
import { type Tried, recordTold } from "./tell-record.ts";
import { sweepUnconfirmed } from "./tell-sweep.ts";

const pollMs = 1000;
const sweepMs = 60_000;
const groupMax = 200;
const batchMax = 200;
/** A messenger answers within half a minute; one that does not is not waited for. */
const answerWithinMs = 60_000;
/** A provider that asks for time gets it for the whole channel, within these bounds. */
const holdMinMs = 1000;
const holdMaxMs = 60_000;

/**
 * Tells people: 1. claims what is due, the most urgent queue first, as far as its channel has room; 2. looks once more
 * whether it may leave now; 3. sends each message to each address once, outside every transaction; 4. records together what
 * came of it. Each channel has room of its own, so that a slow provider keeps no other waiting. At most once: what was
 * begun and not recorded is never sent again.
 */
export class Tell {
  readonly #context: Context;
  readonly #records: Group<Tried, null>;
  readonly #under = new Map<MessageChannel, number>(messageChannels.map((channel) => [channel, 0]));
  readonly #heldUntil = new Map<MessageChannel, number>();
  #sweepAt = 0;
  /** Something may be marked as being sent, by this process or by one before it. */
  #mayBeLost = true;
  #stopped = false;

  constructor(context: Context) {
    this.#context = context;
    this.#records = new Group({
      clock: context.clock,
      max: groupMax,
      lanes: 1,
      commit: async (tried) => {
        const next = await recordTold(context, tried);
        if (next !== null) context.wake("tell", next);
        return tried.map(() => null);
      },
    });
  }

  /** True when nothing is under way. */
  get quiet(): boolean {
    return this.#records.quiet && [...this.#under.values()].every((count) => count === 0);
  }

  /** No further message is begun. */
  stop(): void {
    this.#stopped = true;
  }

  /** The duty. */
  async run(): Promise<number> {
    const { clock, messengers, state, store } = this.#context;
    if (messengers === undefined || this.#stopped || state.draining) return forever;
    if (clock.now() >= this.#sweepAt) {
      this.#mayBeLost = await sweepUnconfirmed(this.#context);
      this.#sweepAt = clock.now() + sweepMs;
    }
    if (isClockFenced(this.#context)) return Math.max(state.fencedUntil, clock.now() + 1);
    if (!store.roomForMore()) return clock.now() + pollMs;
    const now = clock.now();
    const shares = this.#shares((await this.#heads()).filter(({ dueAt }) => dueAt <= now));
    for (const claimed of shares.length === 0 ? [] : await claimDue(this.#context, shares, now))
      this.#start(claimed, messengers[claimed.row.channel]);
    // A channel without room is looked at again when one of its tries has ended.
    const heads = (await this.#heads()).filter(({ channel }) => this.#roomOf(channel) > 0);
    const next = heads.map(({ channel, dueAt }) => Math.max(dueAt, this.#heldUntil.get(channel) ?? 0, now));
    // Alone, and with nothing on its way, nobody can have left anything behind.
    const sweepAt = store.singleOwner && !this.#mayBeLost ? forever : this.#sweepAt;
    return Math.min(sweepAt, store.singleOwner ? forever : now + pollMs, ...next);
  }

  async #heads() {
    const { store, works } = this.#context;
    const lanes = lanesOf(works.queues);
    const rows = await store.read("look for due notifications", () =>
      store.statements.notificationDue.heads(lanes.map(({ lane }) => ({ lane }))),
    );
    const dueAt = new Map(rows.map((row) => [row.lane, row.due_at]));
    return lanes.flatMap(({ lane, channel }) => {
      const at = dueAt.get(lane);
      return at === undefined ? [] : [{ lane, channel, dueAt: at }];
    });
  }

  /** Room is used when there is a quarter of it, so that what is taken shares its transaction. */
  #roomOf(channel: MessageChannel): number {
    const { tellingMax } = this.#context.tuning;
    const under = this.#under.get(channel) ?? 0;
    const room = Math.min(tellingMax - under, batchMax);
    return room >= tellingMax / 4 || under === 0 ? room : 0;
  }

  #shares(heads: readonly { readonly lane: number; readonly channel: MessageChannel }[]): Share[] {
    const now = this.#context.clock.now();
    const left = new Map(
      messageChannels.map((channel) => [
        channel,
        (this.#heldUntil.get(channel) ?? 0) > now ? 0 : this.#roomOf(channel),
      ]),
    );
    return heads.flatMap(({ lane, channel }) => {
      const limit = left.get(channel) ?? 0;
      // An urgent queue that has much to say takes it all; what is less urgent comes when there is room again.
      left.set(channel, 0);
      return limit <= 0 ? [] : [{ lane, limit }];
    });
  }

  #start(claimed: Claimed, messenger: Messenger): void {
    const { channel } = claimed.row;
    this.#mayBeLost = true;
    this.#count(channel, 1);
    void this.#tell(claimed, messenger).finally(() => {
      this.#count(channel, -1);
      if (!this.#stopped) this.#context.wake("tell");
    });
  }

  #count(channel: MessageChannel, by: number): void {
    this.#under.set(channel, (this.#under.get(channel) ?? 0) + by);
  }

  async #tell(claimed: Claimed, messenger: Messenger): Promise<void> {
    const { clock, log, meter } = this.#context;
    const late = notNow(claimed, clock.now());
    const told = late === null ? await this.#sendAll(claimed, messenger) : null;
    try {
      await this.#records.add({ claimed, told, provider: messenger.provider, at: clock.now() });
    } catch (error) {
      // It stays as it was begun, and is given up as unconfirmed.
      meter.error("tell");
      if (!this.#stopped || !(error instanceof StoreError))
        log.error("What came of a notification could not be recorded; it will not be sent again.", {
          notification: this.#context.secrets.publicId("notification", claimed.row.id),
          error: error as Error,
        });
    }
  }

  #sendAll({ letters, row }: Claimed, messenger: Messenger): Promise<NonNullable<Tried["told"]>> {
    return Promise.all(
      letters.map(async ({ device, letter }) => {
        const told = await this.#send(messenger, letter);
        if (told.kind === "not_sent" && told.afterMs !== undefined) this.#hold(row.channel, told.afterMs);
        return { device, told };
      }),
    );
  }

  #hold(channel: MessageChannel, ms: number): void {
    const until = this.#context.clock.now() + Math.min(Math.max(ms, holdMinMs), holdMaxMs);
    this.#heldUntil.set(channel, Math.max(this.#heldUntil.get(channel) ?? 0, until));
  }

  async #send(messenger: Messenger, letter: Letter): Promise<Told> {
    const { clock, log } = this.#context;
    const late = Promise.withResolvers<Told>();
    const timer = clock.at(clock.now() + answerWithinMs, () =>
      late.resolve({ kind: "unknown", code: "no_answer", detail: "The provider did not answer in time." }),
    );
    try {
      return await Promise.race([messenger.send(letter), late.promise]);
    } catch (error) {
      log.error("A messenger failed; the message may have been sent, so it is not sent again.", {
        channel: messenger.channel,
        provider: messenger.provider,
        error: error as Error,
      });
      return { kind: "unknown", code: "messenger_failed", detail: "The messenger failed." };
    } finally {
      timer.cancel();
    }
  }
}
