import { forever } from "../domain/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Meter } from "../ports/meter.ts";
import type { DutyName } from "./context.ts";

/** One bounded piece of work; resolves to the instant (UTC ms) at which it wants to run again, `forever` for never. */
export type Duty = () => Promise<number>;

type Slot = { readonly duty: Duty; nextAt: number; running: boolean; timer: Timer | null; timerAt: number };

const retryMs = 1000;

/**
 * Runs the duties, each when it asked for or when it is woken, never two runs of one at a time. A duty that fails is
 * logged, counted and run again a second later: nothing may stop the loop.
 */
export class Loop {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #meter: Meter;
  readonly #slots = new Map<DutyName, Slot>();
  #stopped = true;

  constructor(ports: { readonly clock: Clock; readonly log: Log; readonly meter: Meter }) {
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#meter = ports.meter;
  }

  add(name: DutyName, duty: Duty): void {
    this.#slots.set(name, { duty, nextAt: forever, running: false, timer: null, timerAt: forever });
  }

  start(): void {
    this.#stopped = false;
    for (const [name, slot] of this.#slots) {
      slot.nextAt = this.#clock.now();
      this.#arm(name, slot);
    }
  }

  /** The duty has something to do at `at` (default: now). */
  wake(name: DutyName, at: number = this.#clock.now()): void {
    const slot = this.#slots.get(name);
    if (slot === undefined || at >= slot.nextAt) return;
    slot.nextAt = at;
    if (!slot.running) this.#arm(name, slot);
  }

  /** True when no duty runs and none is due now. */
  get quiet(): boolean {
    const now = this.#clock.now();
    for (const slot of this.#slots.values()) {
      if (slot.running || (!this.#stopped && slot.nextAt <= now)) return false;
    }
    return true;
  }

  stop(): void {
    this.#stopped = true;
    for (const slot of this.#slots.values()) slot.timer?.cancel();
  }

  #arm(name: DutyName, slot: Slot): void {
    if (this.#stopped || slot.nextAt >= forever) return;
    if (slot.timer !== null && slot.timerAt <= slot.nextAt) return;
    slot.timer?.cancel();
    slot.timerAt = slot.nextAt;
    slot.timer = this.#clock.at(slot.nextAt, () => {
      slot.timer = null;
      slot.timerAt = forever;
      if (slot.nextAt > this.#clock.now()) this.#arm(name, slot);
      else void this.#run(name, slot);
    });
  }

  async #run(name: DutyName, slot: Slot): Promise<void> {
    if (slot.running || this.#stopped) return;
    slot.running = true;
    slot.nextAt = forever;
    let next: number;
    try {
      next = await slot.duty();
    } catch (error) {
      this.#meter.error(name);
      this.#log.error("A duty failed and will be tried again.", { duty: name, error: error as Error });
      next = this.#clock.now() + retryMs;
    }
    slot.running = false;
    slot.nextAt = Math.min(slot.nextAt, next);
    this.#arm(name, slot);
  }
}
