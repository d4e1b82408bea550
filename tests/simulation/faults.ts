import type { Tuning } from "../../src/engine/context.ts";
import type { Conveyor } from "../../src/ports/conveyor.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import type { StoreFault } from "./fault-store.ts";
import type { Incarnation, Machine } from "./machine.ts";
import type { FaultClass, RunPlan } from "./plan.ts";

/** Draws what goes wrong, by the classes of the run. Nothing does before `begin` and after `heal`. */
export class Faults {
  readonly #random: SeededRandom;
  readonly #plan: RunPlan;
  readonly #classes: ReadonlySet<FaultClass>;
  readonly counts = new Map<string, number>();
  #isOn = false;
  #isFull = false;
  #isOtherZoneRelease = false;

  constructor(plan: RunPlan) {
    this.#plan = plan;
    this.#random = new SeededRandom(plan.seed * 31 + 3);
    this.#classes = new Set(plan.classes);
  }

  begin(): void {
    this.#isOn = true;
  }

  heal(): void {
    this.#isOn = false;
    this.#isFull = false;
  }

  has(fault: FaultClass): boolean {
    return this.#isOn && this.#classes.has(fault);
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Nothing can be written until it is called with false. */
  fillDisk(isFull: boolean): void {
    if (isFull && !this.has("disk")) return;
    if (isFull) this.count("full disk");
    this.#isFull = isFull;
  }

  strikeStore(name: string, writes: boolean): StoreFault | null {
    if (!this.#isOn) return null;
    // Heartbeats are most of what a quiet night does; faults should strike where something happens.
    const scale = name === "heartbeat" ? 0.02 : writes ? 1 : 0.15;
    const fault = this.#draw(scale, writes);
    if (fault !== null) this.count(fault);
    return fault;
  }

  #draw(scale: number, writes: boolean): StoreFault | null {
    const hits = (chance: number): boolean => this.#random.float() < chance * scale;
    if (this.#classes.has("crash") && hits(0.006)) {
      return writes
        ? this.#random.pick(["crash_before", "crash_inside", "crash_after", "crash_after"])
        : "crash_before";
    }
    if (this.#classes.has("store")) {
      if (hits(0.02)) return "busy";
      if (writes && hits(0.02)) return this.#random.pick(["unknown_lost", "unknown_done"]);
    }
    if (this.#isFull && writes && this.#random.float() < 0.8) return "full";
    if (this.#classes.has("pause") && hits(0.005)) return "pause";
    return null;
  }

  pauseMs(): number {
    return this.#random.float() < 0.5 ? 1000 + this.#random.below(5000) : 1000 + this.#random.below(299_000);
  }

  stepsBeforeCrash(): number {
    return this.#random.below(14);
  }

  downMs(): number {
    if (!this.#isOn) return 500;
    return this.#random.float() < 0.7 ? 300 + this.#random.below(10_000) : this.#random.below(1_800_000);
  }

  onBoot(owner: Incarnation): void {
    if (owner.number > 1 && this.#isOn && this.#random.float() < 0.1) {
      this.#isOtherZoneRelease = !this.#isOtherZoneRelease;
      this.count("zone release");
    }
  }

  zoneVersion(version: string): string {
    return this.#isOtherZoneRelease ? `${version}'` : version;
  }

  tuning(): Partial<Tuning> {
    return this.#plan.buggify ? { claimMax: 1, groupMax: 1, placingMax: 1 } : {};
  }

  /** Carries attempts at once, or (a fault) loses, doubles, delays and reorders what it carries. */
  conveyor(owner: Incarnation, machine: Machine, trace: (label: string) => void): Conveyor {
    let work: (attemptIds: readonly number[]) => void = () => {};
    const carry = (ids: readonly number[], ms: number): void => {
      if (ms === 0) work(ids);
      else machine.timeline.in(ms, () => machine.enter(owner, () => work(ids)));
    };
    return {
      deliver: (attemptIds) => {
        trace(`claimed ${attemptIds.join(" ")}`);
        if (!this.has("conveyor")) return work(attemptIds);
        for (const id of attemptIds) {
          const fate = this.#random.float();
          if (fate < 0.05) this.count("message lost");
          else if (fate < 0.15) {
            this.count("message doubled");
            carry([id], 0);
            carry([id], this.#random.below(4000));
          } else if (fate < 0.35) {
            this.count("message delayed");
            carry([id], 1 + this.#random.below(this.#random.float() < 0.7 ? 900 : 20_000));
          } else carry([id], 0);
        }
      },
      onWork: (worker) => {
        work = worker;
      },
      close: () => Promise.resolve(),
    };
  }

  chances(): { unavailable: number; redeliver: number } {
    return this.has("carrier") ? { unavailable: 0.3, redeliver: 0.5 } : { unavailable: 0, redeliver: 0.9 };
  }

  count(fault: string): void {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
  }

  /** For events at random instants: pauses, kills, steps of the clock. */
  get random(): SeededRandom {
    return this.#random;
  }
}
