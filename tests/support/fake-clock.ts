import { setImmediate } from "node:timers/promises";
import type { Clock, Timer } from "../../src/ports/clock.ts";

/** 2026-12-01T15:00:00Z, a Tuesday: 10:00 in New York. */
export const FAKE_START = 1_796_137_200_000;

type Armed = { readonly instant: number; readonly order: number; wake: (() => void) | null };

/**
 * A clock that stands still until a test moves it. Timers run only inside `advance`, `advanceTo` and `settle`, in the
 * order of their instants (then of arming), and everything that a timer set off is drained before the next one runs.
 * A timer that is already due when armed runs at the next of these calls. `tick` needs no advance: it runs on `await`.
 */
export class FakeClock implements Clock {
  #now: number;
  #mono = 0;
  #order = 0;
  /** A binary heap by (instant, order). */
  readonly #heap: Armed[] = [];

  constructor(start: number = FAKE_START) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  mono(): number {
    return this.#mono;
  }

  at(instant: number, wake: () => void): Timer {
    const armed: Armed = { instant, order: this.#order++, wake };
    push(this.#heap, armed);
    return {
      cancel: () => {
        armed.wake = null;
      },
    };
  }

  tick(then: () => void): void {
    queueMicrotask(then);
  }

  /** Moves time forward by `ms`, running what falls due on the way. */
  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#now + ms);
  }

  /** Moves time forward to `instant` (UTC ms), running what falls due on the way, also what is armed meanwhile. */
  async advanceTo(instant: number): Promise<void> {
    await setImmediate();
    for (let next = this.#nextDue(instant); next !== undefined; next = this.#nextDue(instant)) {
      this.#moveTo(Math.max(this.#now, next.instant));
      next.wake?.();
      await setImmediate();
    }
    this.#moveTo(Math.max(this.#now, instant));
  }

  /** Runs what is due now and drains what is pending, without moving time. */
  settle(): Promise<void> {
    return this.advance(0);
  }

  /** The wall clock jumps by `ms` (either way); `mono` does not, and nothing runs. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** The instant of the earliest armed timer (UTC ms), or undefined when nothing is armed. */
  nextAt(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.instant;
  }

  #moveTo(instant: number): void {
    this.#mono += instant - this.#now;
    this.#now = instant;
  }

  #nextDue(limit: number): Armed | undefined {
    this.#dropCancelled();
    const head = this.#heap[0];
    return head !== undefined && head.instant <= limit ? pop(this.#heap) : undefined;
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].wake === null) pop(this.#heap);
  }
}

function isBefore(a: Armed, b: Armed): boolean {
  return a.instant < b.instant || (a.instant === b.instant && a.order < b.order);
}

function push(heap: Armed[], armed: Armed): void {
  let place = heap.length;
  heap.push(armed);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(armed, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = armed;
}

function pop(heap: Armed[]): Armed | undefined {
  const head = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return head;
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
  return head;
}
