import type { SeededRandom } from "../support/seeded-random.ts";

type Event = { readonly at: number; readonly tie: number; readonly order: number; run: (() => void) | null };

/** A run has some 100,000 events; one that does not come to rest has no end. */
const eventsMax = 3_000_000;

export type Armed = { cancel(): void };

/** True time, and everything that will happen: a priority queue by (instant, a draw of the seed, order of arming). */
export class Timeline {
  readonly #random: SeededRandom;
  readonly #heap: Event[] = [];
  #now: number;
  #order = 0;
  /** How many events have happened. */
  happened = 0;

  constructor(startAt: number, random: SeededRandom) {
    this.#now = startAt;
    this.#random = random;
  }

  get now(): number {
    return this.#now;
  }

  /** Lets `run` happen at `at` (true UTC ms), or now when that has passed. */
  at(at: number, run: () => void): Armed {
    const event: Event = {
      at: Math.max(at, this.#now),
      tie: this.#random.float(),
      order: (this.#order += 1),
      run,
    };
    push(this.#heap, event);
    return { cancel: () => void (event.run = null) };
  }

  in(ms: number, run: () => void): Armed {
    return this.at(this.#now + ms, run);
  }

  /** Lets everything up to `limit` happen, and after each event whatever it set off. Ends early when `done` says so. */
  async runUntil(limit: number, drain: () => Promise<void>, done: () => boolean): Promise<void> {
    for (;;) {
      while (this.#heap[0] !== undefined && this.#heap[0].run === null) pop(this.#heap);
      const next = this.#heap[0];
      if (next === undefined || next.at > limit) break;
      pop(this.#heap);
      this.#now = next.at;
      this.happened += 1;
      if (this.happened > eventsMax) throw new Error("The run does not come to rest");
      next.run?.();
      await drain();
      if (done()) return;
    }
    this.#now = Math.max(this.#now, limit);
  }
}

function isBefore(a: Event, b: Event): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.tie < b.tie || (a.tie === b.tie && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let place = heap.length;
  heap.push(event);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(event, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    let below = 2 * place + 1;
    let child = heap[below];
    const right = heap[below + 1];
    if (child !== undefined && right !== undefined && isBefore(right, child)) {
      child = right;
      below += 1;
    }
    if (child === undefined || !isBefore(child, last)) break;
    heap[place] = child;
    place = below;
  }
  heap[place] = last;
}
