import type { Clock } from "../ports/clock.ts";

type Waiting<Item, Answer> = {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

const sizeFirst = 200;
/** The smallest that a batch is made. */
export const sizeMin = 32;

/** The next size of batches of which one of `count` took `tookMs`: halfway to what would take `targetMs`. */
export function adaptedSize(
  size: number,
  count: number,
  tookMs: number,
  targetMs: number,
  min: number,
  max: number,
): number {
  // A small one says little, and time that was not seen to pass nothing.
  if (count < size / 2 || tookMs === 0) return size;
  const wanted = Math.round((size + (size * targetMs) / tookMs) / 2);
  return Math.max(Math.min(min, max), Math.min(max, wanted));
}

/**
 * Group commit: everything that arrives in one turn of the event loop shares one transaction. While a transaction of a
 * networked store is under way the next group gathers. A store that works in this thread keeps everything else waiting
 * meanwhile; while `target` names a time (ms), a group is made as large as is committed in about that time.
 */
export class Group<Item, Answer> {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #target: () => number | null;
  readonly #lanes: number;
  readonly #commit: (items: readonly Item[]) => Promise<readonly Answer[]>;
  #waiting: Waiting<Item, Answer>[] = [];
  #ticking = false;
  #running = 0;
  #size: number;

  /** `commit` answers each item at its place; when it throws, every item of the group fails. */
  constructor(options: {
    readonly clock: Clock;
    readonly max: number;
    readonly lanes: number;
    readonly target?: () => number | null;
    readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>;
  }) {
    this.#clock = options.clock;
    this.#max = options.max;
    this.#target = options.target ?? (() => null);
    this.#size = Math.min(sizeFirst, this.#max);
    this.#lanes = options.lanes;
    this.#commit = options.commit;
  }

  /** True when nothing waits and nothing is being committed. */
  get quiet(): boolean {
    return this.#waiting.length === 0 && this.#running === 0;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#ticking || this.#waiting.length === 0 || this.#running >= this.#lanes) return;
    this.#ticking = true;
    this.#clock.tick(() => {
      this.#ticking = false;
      void this.#close();
    });
  }

  #adapt(count: number, tookMs: number): void {
    const targetMs = this.#target();
    if (targetMs !== null) this.#size = adaptedSize(this.#size, count, tookMs, targetMs, sizeMin, this.#max);
  }

  async #close(): Promise<void> {
    const group = this.#waiting.splice(0, this.#target() === null ? this.#max : this.#size);
    if (group.length === 0) return;
    this.#running += 1;
    this.#arm();
    const before = this.#clock.mono();
    try {
      const answers = await this.#commit(group.map((one) => one.item));
      this.#adapt(group.length, this.#clock.mono() - before);
      for (const [index, one] of group.entries()) one.resolve(answers[index] as Answer);
    } catch (error) {
      for (const one of group) one.reject(error);
    } finally {
      this.#running -= 1;
      this.#arm();
    }
  }
}
