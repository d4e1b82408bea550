import type { Store } from "../ports/store.ts";

export const idNames = ["call", "attempt", "ledger", "config", "outbox", "node"] as const;
export type IdName = (typeof idNames)[number];

const blockSize = {
  call: 20_000,
  attempt: 20_000,
  ledger: 60_000,
  config: 50,
  outbox: 1000,
  node: 1,
} as const satisfies Record<IdName, number>;

type Block = { next: number; end: number };

/**
 * Ids that are known before the insert and rise with time: taken from the store in blocks, handed out from memory. A
 * block that was not used up before a stop is lost; gaps mean nothing.
 */
export class Ids {
  readonly #store: Store;
  readonly #blocks = new Map<IdName, Block>();
  readonly #filling = new Map<IdName, Promise<void>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Makes sure that `count` ids of each name can be taken without waiting; resolves at once when they are there. */
  async reserve(needs: Partial<Record<IdName, number>>): Promise<void> {
    for (const name of idNames) {
      const count = needs[name] ?? 0;
      while (count > 0 && !this.#has(name, count)) await this.#fill(name, count);
    }
  }

  /** The next id. `reserve` must have been awaited for it. */
  next(name: IdName): number {
    const block = this.#blocks.get(name);
    if (block === undefined || block.next >= block.end) throw new Error(`No ${name} id was reserved`);
    const id = block.next;
    block.next += 1;
    return id;
  }

  /** Are so many ids at hand? Then `reserve` would resolve at once. */
  ready(needs: Partial<Record<IdName, number>>): boolean {
    return idNames.every((name) => (needs[name] ?? 0) === 0 || this.#has(name, needs[name] ?? 0));
  }

  #has(name: IdName, count: number): boolean {
    const block = this.#blocks.get(name);
    return block !== undefined && block.end - block.next >= count;
  }

  #fill(name: IdName, count: number): Promise<void> {
    const running = this.#filling.get(name);
    if (running !== undefined) return running;
    const size = Math.max(blockSize[name], count);
    const filling = this.#store
      .run("take ids", () => this.#store.statements.ids.take({ name, count: size }))
      .then((rows) => {
        const end = rows[0]?.next_id ?? 0;
        this.#blocks.set(name, { next: end - size, end });
      })
      .finally(() => this.#filling.delete(name));
    this.#filling.set(name, filling);
    return filling;
  }
}
