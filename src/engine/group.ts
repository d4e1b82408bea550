import type { Clock } from "../ports/clock.ts";

type Waiting<Item, Answer> = {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Group commit: everything that arrives in one turn of the event loop shares one transaction. While a transaction of a
 * networked store is under way the next group gathers.
 */
export class Group<Item, Answer> {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #lanes: number;
  readonly #commit: (items: readonly Item[]) => Promise<readonly Answer[]>;
  #waiting: Waiting<Item, Answer>[] = [];
  #ticking = false;
  #running = 0;

  /** `commit` answers each item at its place; when it throws, every item of the group fails. */
  constructor(options: {
    readonly clock: Clock;
    readonly max: number;
    readonly lanes: number;
    readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>;
  }) {
    this.#clock = options.clock;
    this.#max = options.max;
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

  async #close(): Promise<void> {
    const group = this.#waiting.splice(0, this.#max);
    if (group.length === 0) return;
    this.#running += 1;
    this.#arm();
    try {
      const answers = await this.#commit(group.map((one) => one.item));
      for (const [index, one] of group.entries()) one.resolve(answers[index] as Answer);
    } catch (error) {
      for (const one of group) one.reject(error);
    } finally {
      this.#running -= 1;
      this.#arm();
    }
  }
}
