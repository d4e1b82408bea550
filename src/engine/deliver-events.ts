import { forever } from "../domain/ids.ts";
import type { Message, Sent, Target } from "../ports/channel.ts";
import type { DeliveryDueRow, DeliveryRow, SubscriberRow } from "../ports/rows.ts";
import { StoreError } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { Group } from "./group.ts";
import { runSure } from "./run-sure.ts";
import { type Tried, recordTries } from "./record-tries.ts";
import { type Subscribers, bodyPlace, oldSecretPlace, secretPlace, targetPlace } from "./subscribers.ts";

/** Longer than any channel takes for a try; what is taken and not recorded by then is sent again. */
const leaseMs = 90_000;
const groupMax = 200;

type Claimed = {
  readonly row: DeliveryRow;
  readonly due: DeliveryDueRow;
  readonly subscriber: SubscriberRow;
};

/**
 * Sends what subscribers are owed: 1. take what is due, subscriber by subscriber, as far as there is room; 2. send it,
 * outside every transaction; 3. record together what came of it. Each subscriber has only so much room, so that a slow one
 * keeps nobody else waiting. At least once: what was taken and not recorded is due again after the lease.
 */
export class DeliverEvents {
  readonly #context: Context;
  readonly #subscribers: Subscribers;
  readonly #records: Group<Tried, null>;
  readonly #sending = new Map<number, number>();
  #total = 0;
  #stopped = false;

  constructor(context: Context, subscribers: Subscribers) {
    this.#context = context;
    this.#subscribers = subscribers;
    this.#records = new Group({
      clock: context.clock,
      max: groupMax,
      lanes: 1,
      commit: async (tried) => {
        if (await recordTries(context, tried)) await subscribers.load();
        return tried.map(() => null);
      },
    });
  }

  /** True when nothing is under way. */
  get quiet(): boolean {
    return this.#total === 0 && this.#records.quiet;
  }

  /** No further try is begun. */
  stop(): void {
    this.#stopped = true;
  }

  /** The duty. */
  async run(): Promise<number> {
    const { clock } = this.#context;
    await this.#subscribers.refresh(clock.mono());
    if (this.#stopped || !this.#subscribers.any) return forever;
    const now = clock.now();
    const due = (await this.#heads()).filter(({ due_at }) => due_at <= now);
    for (const claimed of await this.#claim(due, now)) this.#start(claimed);
    // Whoever has no room left is looked at again when one of its tries has ended.
    const heads = (await this.#heads()).filter((head) => this.#roomOf(head.subscriber_id) > 0);
    return Math.min(forever, ...heads.map(({ due_at }) => Math.max(due_at, now)));
  }

  #heads(): Promise<Pick<DeliveryDueRow, "subscriber_id" | "due_at">[]> {
    const { store } = this.#context;
    const rows = this.#subscribers.enabled.map(({ id }) => ({ subscriber_id: id }));
    return store.read("look for due messages", () => store.statements.deliveryDue.heads(rows));
  }

  /** Room is used when there is a quarter of it, so that what is taken shares its transaction. */
  #roomOf(subscriberId: number): number {
    const { sendingMax, sendingEachMax } = this.#context.tuning;
    const room = Math.min(sendingEachMax - this.#under(subscriberId), sendingMax - this.#total);
    return room >= sendingEachMax / 4 || this.#total === 0 ? room : 0;
  }

  /** Takes what there is room for; a message that was settled meanwhile is only dropped from the queue. */
  async #claim(heads: readonly { readonly subscriber_id: number }[], now: number): Promise<Claimed[]> {
    const { statements } = this.#context.store;
    const shares: { subscriber_id: number; limit: number }[] = [];
    let left = this.#context.tuning.sendingMax - this.#total;
    // Whoever has the least under way comes first.
    const inTurn = heads.toSorted((a, b) => this.#under(a.subscriber_id) - this.#under(b.subscriber_id));
    for (const { subscriber_id } of inTurn) {
      const limit = Math.min(this.#roomOf(subscriber_id), left);
      if (limit <= 0) continue;
      left -= limit;
      shares.push({ subscriber_id, limit });
    }
    if (shares.length === 0) return [];
    const leased = now + leaseMs;
    const byId = new Map(this.#subscribers.enabled.map((one) => [one.id, one]));
    return runSure(this.#context, "take due messages", function* () {
      const claimed: Claimed[] = [];
      for (const { subscriber_id, limit } of shares) {
        const subscriber = byId.get(subscriber_id);
        const taken = yield* statements.deliveryDue.take({ subscriber_id, now, limit });
        if (subscriber === undefined) continue;
        for (const row of yield* statements.deliveries.byIds(taken.map((one) => ({ id: one.delivery_id })))) {
          if (row.status === "pending")
            claimed.push({ row, subscriber, due: { subscriber_id, due_at: leased, delivery_id: row.id } });
        }
      }
      yield* statements.deliveryDue.insert(claimed.map(({ due }) => due));
      return claimed;
    });
  }

  #under(subscriberId: number): number {
    return this.#sending.get(subscriberId) ?? 0;
  }

  #start(claimed: Claimed): void {
    this.#count(claimed.subscriber.id, 1);
    void this.#sendAndRecord(claimed).finally(() => {
      this.#count(claimed.subscriber.id, -1);
      if (!this.#stopped) this.#context.wake("deliver-events");
    });
  }

  #count(subscriberId: number, by: number): void {
    this.#total += by;
    const count = this.#under(subscriberId) + by;
    if (count === 0) this.#sending.delete(subscriberId);
    else this.#sending.set(subscriberId, count);
  }

  async #sendAndRecord({ row, due, subscriber }: Claimed): Promise<void> {
    const { clock, log, meter } = this.#context;
    const startedAt = clock.mono();
    const sent = await this.#send(row, subscriber);
    try {
      await this.#records.add({
        row,
        due,
        subscriber,
        sent,
        at: clock.now(),
        durationMs: Math.round(clock.mono() - startedAt),
      });
    } catch (error) {
      // The message is due again after its lease.
      meter.error("deliver-events");
      if (!this.#stopped || !(error instanceof StoreError))
        log.error("What came of a message could not be recorded; it will be sent again.", {
          delivery: this.#context.secrets.publicId("delivery", row.id),
          error: error as Error,
        });
    }
  }

  async #send(row: DeliveryRow, subscriber: SubscriberRow): Promise<Sent> {
    const { channels, log } = this.#context;
    const channel = channels?.[subscriber.channel];
    if (channel === undefined)
      return { kind: "retry", detail: `There is no channel ${subscriber.channel} here.` };
    try {
      return await channel.send(this.#messageOf(row, subscriber));
    } catch (error) {
      log.error("A channel failed; the message will be sent again.", {
        channel: subscriber.channel,
        error: error as Error,
      });
      return { kind: "retry", detail: "The channel failed." };
    }
  }

  #messageOf(row: DeliveryRow, subscriber: SubscriberRow): Message {
    const { secrets, clock, testClock } = this.#context;
    const sentAt = clock.now() - (testClock?.offsetMs ?? 0);
    const { id, secret, old_secret: old, old_secret_until: oldUntil } = subscriber;
    return {
      id: row.message_id,
      type: row.event_type,
      body: secrets.open(row.body, bodyPlace(row.id)),
      target: JSON.parse(secrets.open(subscriber.target, targetPlace(id))) as Target,
      secrets: [
        ...(secret === null ? [] : [secrets.open(secret, secretPlace(id))]),
        ...(old !== null && oldUntil !== null && oldUntil > clock.now()
          ? [secrets.open(old, oldSecretPlace(id))]
          : []),
      ],
      sentAt,
    };
  }
}
