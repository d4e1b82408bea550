import { type SurePorts, runSure } from "./run-sure.ts";

export const idNames = [
  "call",
  "attempt",
  "ledger",
  "config",
  "outbox",
  "node",
  "delivery",
  "series",
  "record",
] as const;
export type IdName = (typeof idNames)[number];
type Needs = Partial<Record<IdName, number>>;

const blockSize = {
  call: 20_000,
  attempt: 20_000,
  ledger: 200_000,
  config: 50,
  outbox: 1000,
  node: 1,
  delivery: 2000,
  series: 1000,
  record: 2000,
} as const satisfies Record<IdName, number>;

type Block = { next: number; end: number };
/** `top`: up to here ids were given out in some run, so they may stand in the store. */
type Range = Block & { readonly first: number; top: number };

/**
 * Ids set aside for one transaction. One that runs again starts over with the same ids: it looks first whether the run
 * before it was committed, and then writes nothing anew.
 */
export class Lease {
  readonly ranges: Map<IdName, Range>;

  constructor(ranges: Map<IdName, Range>) {
    this.ranges = ranges;
  }

  next(name: IdName): number {
    const range = this.ranges.get(name);
    if (range === undefined || range.next >= range.end) throw new Error(`Too few ${name} ids were set aside`);
    range.next += 1;
    range.top = Math.max(range.top, range.next);
    return range.next - 1;
  }

  /** Gives the ids of one kind out anew, for a transaction that runs again from its start. */
  rewind(name: IdName): void {
    const range = this.ranges.get(name);
    if (range !== undefined) range.next = range.first;
  }
}

/**
 * Ids that are known before the insert and rise with time: taken from the store in blocks, handed out from memory. What
 * is set aside and not used is lost, like the rest of a block at a stop; gaps mean nothing.
 */
export class Ids {
  readonly #ports: SurePorts;
  readonly #blocks = new Map<IdName, Block>();
  readonly #filling = new Map<IdName, Promise<void>>();

  constructor(ports: SurePorts) {
    this.#ports = ports;
  }

  /** Sets ids aside for the caller alone. */
  async reserve(needs: Needs): Promise<Lease> {
    const ranges = new Map<IdName, Range>();
    for (const name of idNames) {
      const count = needs[name] ?? 0;
      if (count === 0) continue;
      while (!this.#has(name, count)) await this.#fill(name, count);
      const block = this.#blocks.get(name) as Block;
      ranges.set(name, {
        first: block.next,
        next: block.next,
        top: block.next,
        end: block.next + count,
      });
      block.next += count;
    }
    return new Lease(ranges);
  }

  /**
   * Takes back what a lease did not use in any run, as far as nothing was set aside after it: a run whose commit was not
   * answered may have used more than the one after it.
   */
  release(lease: Lease): void {
    for (const [name, range] of lease.ranges) {
      const block = this.#blocks.get(name);
      if (block !== undefined && block.next === range.end) block.next = range.top;
      range.end = range.next;
    }
  }

  #has(name: IdName, count: number): boolean {
    const block = this.#blocks.get(name);
    return block !== undefined && block.end - block.next >= count;
  }

  #fill(name: IdName, count: number): Promise<void> {
    const running = this.#filling.get(name);
    if (running !== undefined) return running;
    const size = Math.max(blockSize[name], count);
    // A block whose commit was not answered is left to be a gap, and another is taken.
    const filling = runSure(this.#ports, "take ids", () =>
      this.#ports.store.statements.ids.take({ name, count: size }),
    )
      .then(([row]) => {
        const end = row?.next_id ?? 0;
        this.#blocks.set(name, { next: end - size, end });
      })
      .finally(() => this.#filling.delete(name));
    this.#filling.set(name, filling);
    return filling;
  }
}
