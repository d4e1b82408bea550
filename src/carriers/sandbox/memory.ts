import type { CarrierPorts, Order, Report } from "../../ports/carrier.ts";
import { Journal } from "./journal.ts";
import { parseScriptWord } from "./script.ts";
import type { Behaviour } from "./script.ts";
import type { SandboxSettings } from "./settings.ts";
import { carrierRefOf, deliveriesOf, timelineOf, truthOf } from "./timeline.ts";
import type { Delivery, Dial } from "./timeline.ts";

/** A dial as the network remembers it. */
export type Dialed = Dial & {
  readonly to: string | null;
  readonly word: string;
  /** UTC ms. */
  readonly endedAt: number;
  /** What comes after the answer to the request, by instant. */
  readonly deliveries: readonly Delivery[];
  /** When all callbacks have come, its end among them (UTC ms); null when one would have to ask for the end. */
  readonly toldAt: number | null;
};

/** How long (ms after its end) and how many calls are remembered. */
export type Keep = { readonly ms: number; readonly calls: number };

/** A line of the journal. It holds no phone number. */
type Line =
  | { readonly event: "since"; readonly at: number }
  | { readonly event: "limited"; readonly callId: string; readonly at: number }
  | { readonly event: "cut"; readonly attemptKey: string; readonly ordinal: number; readonly at: number }
  | {
      readonly event: "taken";
      readonly attemptKey: string;
      readonly ordinal: number;
      readonly at: number;
      readonly word: string;
      readonly ringTimeoutMs: number;
      readonly maxDurationMs: number;
      readonly settings: SandboxSettings;
    };

/** What the sandbox network took, in order; in a journal where it has one. */
export class Memory {
  readonly #keep: Keep;
  readonly #journal: Journal | null = null;
  /** By attempt key; a second dial of the same key by `keyOf`. */
  readonly #dials = new Map<string, Dialed>();
  /** The calls that were told to come back later, and when (UTC ms). */
  readonly #limited = new Map<string, number>();
  #remembersSince: number;
  #pruneBeyond: number;
  #compactBeyond = COMPACT_BYTES;

  constructor(ports: CarrierPorts, keep: Keep) {
    const now = ports.clock.now();
    this.#keep = keep;
    this.#pruneBeyond = keep.calls * 2;
    this.#remembersSince = now;
    if (ports.journalPath === null) return;

    const { journal, values, damaged } = Journal.open(ports.journalPath, ports.clock, ports.log);
    this.#journal = journal;
    for (const value of values) this.#replay(value as Line);
    if (damaged) this.#remembersSince = now;
    const dropped = this.#forgetBefore(now - keep.ms);
    if (dropped || damaged || values.length === 0) journal.rewrite(this.#lines());
  }

  /** Of requests made at or after this instant (UTC ms) the memory is complete. */
  get remembersSince(): number {
    return this.#remembersSince;
  }

  all(): IterableIterator<Dialed> {
    return this.#dials.values();
  }

  /** The newest state of a dial, by `keyOf`. */
  get(key: string): Dialed | undefined {
    return this.#dials.get(key);
  }

  keyOf(dialed: Dial): string {
    return dialed.ordinal === 1 ? dialed.attemptKey : `${dialed.attemptKey}#${dialed.ordinal}`;
  }

  /** The dials of an attempt key: none, one, or more when the same request was sent again. */
  dialsOf(attemptKey: string): readonly Dialed[] {
    const dials: Dialed[] = [];
    for (let key = attemptKey; ; key = `${attemptKey}#${dials.length + 1}`) {
      const dialed = this.#dials.get(key);
      if (dialed === undefined) return dials;
      dials.push(dialed);
    }
  }

  /** Remembers a request that is taken at `now`, also when its answer will be lost; `write` makes it last. */
  take(order: Order, word: string, behaviour: Behaviour, now: number, isAnswerLost: boolean): Taken {
    const { attemptKey } = order;
    const ordinal = this.#dials.has(attemptKey) ? this.dialsOf(attemptKey).length + 1 : 1;
    const taken = toTaken({
      attemptKey,
      ordinal,
      carrierRef: carrierRefOf(attemptKey, ordinal),
      to: order.to,
      acceptedAt: now,
      word,
      behaviour,
      settings: order.settings as SandboxSettings,
      ringTimeoutMs: order.ringTimeoutMs,
      maxDurationMs: order.maxDurationMs,
      cutAt: null,
    });
    const { dialed } = taken;
    // What the lost answer said, nobody was told.
    const isUntold = isAnswerLost && dialed.toldAt !== null && dialed.toldAt <= now;
    this.#dials.set(this.keyOf(dialed), isUntold ? { ...dialed, toldAt: null } : dialed);
    if (this.#dials.size > this.#pruneBeyond) this.#prune(now);
    return taken;
  }

  /** Resolves to false when the dial could not be kept; it is forgotten then. Null when there is nothing to wait for. */
  write(dialed: Dialed): Promise<boolean> | null {
    const written = this.#journal?.append(takenLine(dialed));
    if (written === undefined) return null;
    return written.then((kept) => {
      if (!kept) this.#dials.delete(this.keyOf(dialed));
      return kept;
    });
  }

  /** The dial, hung up at `now`. */
  cut(dialed: Dialed, now: number): Dialed {
    const cut = toTaken({ ...dialed, cutAt: now }).dialed;
    this.#dials.set(this.keyOf(cut), cut);
    // Not waited for: a cut that is lost in a crash only makes the call longer.
    void this.#journal?.append(cutLine(cut, now));
    return cut;
  }

  /** Is this the first request of the call? Then it is to come back later, and remembered. */
  async limits(callId: string, now: number): Promise<boolean> {
    if (this.#limited.has(callId)) return false;
    this.#limited.set(callId, now);
    if (this.#limited.size > LIMITED_MAX) this.#forgetLimited(LIMITED_MAX / 2);
    await this.#journal?.append({ event: "limited", callId, at: now } satisfies Line);
    return true;
  }

  /** Resolves when all that was taken is in the journal. */
  async settled(): Promise<void> {
    await this.#journal?.settled();
  }

  close(): void {
    this.#journal?.close();
  }

  /** A line that another version wrote and this one cannot follow is passed over; its call is then not remembered. */
  #replay(line: Line): void {
    switch (line.event) {
      case "since":
        this.#remembersSince = line.at;
        return;
      case "limited":
        this.#limited.set(line.callId, line.at);
        return;
      case "taken": {
        const behaviour = parseScriptWord(line.word);
        if (behaviour === undefined) return;
        const carrierRef = carrierRefOf(line.attemptKey, line.ordinal);
        const { dialed } = toTaken({
          ...line,
          carrierRef,
          to: null,
          acceptedAt: line.at,
          behaviour,
          cutAt: null,
        });
        this.#dials.set(this.keyOf(dialed), dialed);
        return;
      }
      case "cut": {
        const dialed = this.dialsOf(line.attemptKey)[line.ordinal - 1];
        if (dialed === undefined) return;
        this.#dials.set(this.keyOf(dialed), toTaken({ ...dialed, cutAt: line.at }).dialed);
      }
    }
  }

  /** Forgets the oldest of those that need not be asked for, down to the limit. */
  #prune(now: number): void {
    let surplus = this.#dials.size - this.#keep.calls;
    for (const dialed of this.#dials.values()) {
      if (surplus <= 0) break;
      const isTold = dialed.toldAt !== null && dialed.toldAt <= now;
      if (!isTold && dialed.endedAt >= now - this.#keep.ms) continue;
      this.#forget(dialed);
      surplus -= 1;
    }
    this.#pruneBeyond = this.#dials.size + this.#keep.calls;
    if (this.#journal !== null && this.#journal.length > this.#compactBeyond) {
      this.#journal.rewrite(this.#lines());
      this.#compactBeyond = Math.max(COMPACT_BYTES, 2 * this.#journal.length);
    }
  }

  /** Forgets what ended before `instant`; true when there was something. */
  #forgetBefore(instant: number): boolean {
    const before = this.#dials.size;
    for (const dialed of this.#dials.values()) {
      if (dialed.endedAt < instant) this.#forget(dialed);
    }
    for (const [callId, at] of this.#limited) {
      if (at < instant) this.#limited.delete(callId);
    }
    return this.#dials.size < before;
  }

  #forget(dialed: Dialed): void {
    this.#dials.delete(this.keyOf(dialed));
    this.#remembersSince = Math.max(this.#remembersSince, dialed.acceptedAt + 1);
  }

  #forgetLimited(count: number): void {
    let left = count;
    for (const callId of this.#limited.keys()) {
      if (left-- <= 0) return;
      this.#limited.delete(callId);
    }
  }

  /** The journal anew. */
  *#lines(): Generator<Line> {
    yield { event: "since", at: this.#remembersSince };
    for (const [callId, at] of this.#limited) yield { event: "limited", callId, at };
    for (const dialed of this.#dials.values()) {
      yield takenLine(dialed);
      if (dialed.cutAt !== null) yield cutLine(dialed, dialed.cutAt);
    }
  }
}

/** The journal is compacted while running when it is larger than this. */
const COMPACT_BYTES = 32 * 1024 * 1024;
const LIMITED_MAX = 20_000;

/** A dial to remember, and what the answer to its request already says. */
export type Taken = { readonly dialed: Dialed; readonly told: readonly Report[] };

function toTaken(dial: Dial & { readonly to: string | null; readonly word: string }): Taken {
  const truth = truthOf(dial);
  const all = deliveriesOf(dial, timelineOf(dial, truth));
  const told: Report[] = [];
  let later = NONE;
  let isEndTold = false;
  let lastAt = dial.acceptedAt;
  for (const delivery of all) {
    isEndTold ||= delivery.report.kind === "ended";
    lastAt = delivery.at;
    if (delivery.at <= dial.acceptedAt) told.push(delivery.report);
    else if (later === NONE) later = all.slice(told.length);
  }
  const dialed: Dialed = {
    attemptKey: dial.attemptKey,
    ordinal: dial.ordinal,
    carrierRef: dial.carrierRef,
    to: dial.to,
    acceptedAt: dial.acceptedAt,
    word: dial.word,
    behaviour: dial.behaviour,
    settings: dial.settings,
    ringTimeoutMs: dial.ringTimeoutMs,
    maxDurationMs: dial.maxDurationMs,
    cutAt: dial.cutAt,
    endedAt: truth.endedAt,
    deliveries: later,
    toldAt: isEndTold ? lastAt : null,
  };
  return { dialed, told };
}

const NONE: readonly Delivery[] = [];

function takenLine(dialed: Dialed): Line {
  return {
    event: "taken",
    attemptKey: dialed.attemptKey,
    ordinal: dialed.ordinal,
    at: dialed.acceptedAt,
    word: dialed.word,
    ringTimeoutMs: dialed.ringTimeoutMs,
    maxDurationMs: dialed.maxDurationMs,
    settings: dialed.settings,
  };
}

function cutLine(dialed: Dialed, at: number): Line {
  return { event: "cut", attemptKey: dialed.attemptKey, ordinal: dialed.ordinal, at };
}
