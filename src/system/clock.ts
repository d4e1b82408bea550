import type { Clock, Timer } from "../ports/clock.ts";

type Entry = { readonly instant: number; readonly order: number; readonly wake: () => void; live: boolean };

const longestMs = 60_000;

/**
 * The machine's clock, plus an offset: that of the database server which all nodes follow, and that of a test clock. All
 * timers stand in one heap under one real timer, so that a test clock can step from each to the next.
 */
export class SystemClock implements Clock {
  #offset = 0;
  #serverOffset = 0;
  #order = 0;
  readonly #heap: Entry[] = [];
  #armed: NodeJS.Timeout | null = null;

  now(): number {
    return Date.now() + this.#offset + this.#serverOffset;
  }

  mono(): number {
    return performance.now() + this.#offset;
  }

  at(instant: number, wake: () => void): Timer {
    const entry: Entry = { instant, order: (this.#order += 1), wake, live: true };
    push(this.#heap, entry);
    if (this.#heap[0] === entry) this.#arm();
    return { cancel: () => void (entry.live = false) };
  }

  tick(then: () => void): void {
    setImmediate(then);
  }

  /** Follows the clock of the database server, which is `ms` ahead of what this clock shows. */
  follow(ms: number): void {
    this.#serverOffset += Math.round(ms);
    this.#arm();
  }

  /** How far a test clock is ahead. */
  get offsetMs(): number {
    return this.#offset;
  }

  /** Sets the offset at once, as after a restart; used before anything is armed. */
  restore(offsetMs: number): void {
    this.#offset = offsetMs;
  }

  /** Moves the clock to `target`, stopping at every armed timer on the way and waiting each time until all is quiet. */
  async advanceTo(target: number, quiet: () => Promise<void>): Promise<void> {
    await quiet();
    while (this.now() < target) {
      this.#dropDead();
      const next = Math.min(this.#heap[0]?.instant ?? Infinity, target);
      this.#offset += Math.max(0, next - this.now());
      this.#fire();
      await quiet();
    }
  }

  /** Cancels everything that is armed, so that the process may end. */
  close(): void {
    for (const entry of this.#heap) entry.live = false;
    this.#heap.length = 0;
    if (this.#armed !== null) clearTimeout(this.#armed);
  }

  #arm(): void {
    if (this.#armed !== null) clearTimeout(this.#armed);
    this.#armed = null;
    this.#dropDead();
    const first = this.#heap[0];
    if (first === undefined) return;
    const wait = Math.min(longestMs, Math.max(0, first.instant - this.now()));
    this.#armed = setTimeout(() => {
      this.#armed = null;
      this.#fire();
    }, wait);
  }

  #fire(): void {
    for (;;) {
      this.#dropDead();
      const first = this.#heap[0];
      if (first === undefined || first.instant > this.now()) break;
      pop(this.#heap);
      first.wake();
    }
    this.#arm();
  }

  #dropDead(): void {
    while (this.#heap[0]?.live === false) pop(this.#heap);
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.instant < b.instant || (a.instant === b.instant && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !before(entry, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    let child = left;
    const leftEntry = heap[left];
    const rightEntry = heap[left + 1];
    if (leftEntry === undefined) break;
    if (rightEntry !== undefined && before(rightEntry, leftEntry)) child = left + 1;
    const chosen = heap[child];
    if (chosen === undefined || !before(chosen, last)) break;
    heap[at] = chosen;
    at = child;
  }
  heap[at] = last;
}
