import { setImmediate as realTurn } from "node:timers/promises";
import type { Armed, Timeline } from "./timeline.ts";

/** One start of the program. What belongs to a dead one never happens. */
export type Incarnation = { readonly number: number; readonly startedAt: number; alive: boolean };

type Tick = { readonly owner: Incarnation | null; readonly run: () => void };
type Handle = { armed: Armed };

const ticksInARow = 60;
const longestTimerMs = 60_000;

/**
 * The machine on which Carillon runs: its clocks, its event loop and its one process. The real `system/clock` runs on it,
 * because the globals that it touches are the machine's for as long as a run lasts.
 */
export class Machine {
  readonly timeline: Timeline;
  /** How far the machine's wall clock is ahead of true time (ms). */
  wallOffsetMs = 0;
  /** How long the machine has slept, which its steady clock does not count (ms). */
  sleptMs = 0;
  current: Incarnation | null = null;
  incarnations = 0;
  /** The longest delay that was passed to a real timer. */
  longestTimerMs = 0;
  #pausedUntil = -Infinity;
  #asleepUntil = -Infinity;
  #ticks: Tick[] = [];
  readonly #startedAt: number;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
    this.#startedAt = timeline.now;
  }

  /** What the machine's wall clock shows. */
  get wall(): number {
    return this.timeline.now + this.wallOffsetMs;
  }

  get mono(): number {
    return this.timeline.now - this.#startedAt - this.sleptMs;
  }

  get paused(): boolean {
    return this.#pausedUntil > this.timeline.now;
  }

  boot(): Incarnation {
    this.incarnations += 1;
    this.current = { number: this.incarnations, startedAt: this.timeline.now, alive: true };
    return this.current;
  }

  /** The process is gone: its promises never settle, its timers never fire. */
  kill(): void {
    if (this.current !== null) this.current.alive = false;
    this.current = null;
    this.#pausedUntil = -Infinity;
  }

  /** The process stands still (SIGSTOP); with `sleeping` the whole machine does, and its steady clock with it. */
  pause(ms: number, sleeping: boolean): void {
    const until = this.timeline.now + ms;
    if (sleeping && until > this.#asleepUntil) {
      const from = Math.max(this.timeline.now, this.#asleepUntil);
      this.#asleepUntil = until;
      this.timeline.at(until, () => void (this.sleptMs += until - from));
    }
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  /** Runs `work` in the process once it runs; never when it is gone by then. */
  enter(owner: Incarnation, work: () => void): void {
    if (!owner.alive) return;
    if (this.paused) this.timeline.at(this.#pausedUntil, () => this.enter(owner, work));
    else work();
  }

  /** Resolves in the process once it runs, and never when it is gone. */
  arrive(owner: Incarnation): Promise<void> {
    return new Promise((resolve) => this.enter(owner, resolve));
  }

  /** Runs what is pending in the event loop until it is calm. A loop that does not become calm takes time. */
  readonly drain = async (): Promise<void> => {
    for (let round = 0; ; round += 1) {
      await realTurn();
      if (this.#ticks.length === 0) return;
      const ticks = this.#ticks;
      this.#ticks = [];
      for (const { owner, run } of ticks) {
        if (owner === null) run();
        else if (round >= ticksInARow) this.timeline.in(1, () => this.enter(owner, run));
        else this.enter(owner, run);
      }
    }
  };

  /** Makes the globals of time the machine's, and those of chance and network forbidden; returns how to undo it. */
  takeGlobals(): () => void {
    const { setTimeout, clearTimeout, setImmediate, fetch } = globalThis;
    const { now } = Date;
    const { random } = Math;
    const monotonic = performance.now;
    Date.now = () => this.wall;
    performance.now = () => this.mono;
    Math.random = () => forbidden("Math.random");
    globalThis.fetch = () => forbidden("fetch");
    globalThis.setImmediate = ((run: () => void) => {
      this.#ticks.push({ owner: this.current, run });
    }) as unknown as typeof setImmediate;
    globalThis.setTimeout = ((run: () => void, ms = 0) => this.#arm(run, ms)) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((handle: Handle | undefined) =>
      handle?.armed.cancel()) as unknown as typeof clearTimeout;
    return () => {
      Date.now = now;
      performance.now = monotonic;
      Math.random = random;
      Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate, fetch });
    };
  }

  #arm(run: () => void, ms: number): Handle {
    const owner = this.current;
    this.longestTimerMs = Math.max(this.longestTimerMs, ms);
    // As in Node, a delay beyond 31 bits fires at once.
    const delay = ms > 0x7fff_ffff ? 1 : ms;
    return {
      armed: this.timeline.in(delay, () => {
        if (owner !== null) this.enter(owner, run);
      }),
    };
  }
}

export function isTimerTooLong(ms: number): boolean {
  return ms > longestTimerMs;
}

function forbidden(name: string): never {
  throw new Error(`${name} was used outside system/`);
}
