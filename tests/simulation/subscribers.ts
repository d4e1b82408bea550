import type { Engine } from "../../src/engine/engine.ts";
import type { SeriesInput, SeriesPolicies, SeriesView } from "../../src/engine/series-api.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type Callers, actor } from "./callers.ts";
import type { History } from "./history.ts";
import type { Answer, Host } from "./host.ts";
import type { Machine } from "./machine.ts";
import type { RunPlan } from "./plan.ts";
import { drawRule } from "./series-rules.ts";

const zones = [
  "UTC",
  "America/New_York",
  "Europe/London",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "America/St_Johns",
] as const;

/** People who have calls made again and again. */
export class Subscribers {
  readonly #host: Host;
  readonly #machine: Machine;
  readonly #history: History;
  readonly #plan: RunPlan;
  readonly #callers: Callers;
  readonly #random: SeededRandom;
  readonly #known: string[] = [];
  #made = 0;

  constructor(host: Host, machine: Machine, history: History, plan: RunPlan, callers: Callers) {
    this.#host = host;
    this.#machine = machine;
    this.#history = history;
    this.#plan = plan;
    this.#callers = callers;
    this.#random = new SeededRandom(plan.seed * 193 + 11);
  }

  get random(): SeededRandom {
    return this.#random;
  }

  /** Asks for a series until it is known to be there. */
  async begin(): Promise<void> {
    this.#made += 1;
    const random = this.#random;
    const key = `series ${this.#made}`;
    const input: SeriesInput = {
      to: `+1${random.pick(["212", "303", "808"])}55501${random.pick(["00", "01", "02", "05", "20"])}`,
      line: random.pick(this.#plan.lines).name,
      metadata: { wish: key },
      ...this.#rule(),
      ...this.#policies(),
      ...(random.float() < 0.3 ? { sandbox: { script: ["busy", "answered"] } } : {}),
    };
    const answer = await this.#persist(key, (engine) =>
      engine.createSeries(actor, input, { key, fingerprint: key }),
    );
    if (answer.heard !== "yes") return;
    const { series } = answer.value;
    this.#known.push(series.id);
    this.#history.rulesKept.push({ seriesId: series.id, rule: JSON.stringify(input.rule) });
    this.#know(series);
  }

  /** One thing that somebody does to a series. */
  act(): void {
    if (this.#known.length === 0) return;
    void this.#act(this.#random.pick(this.#known));
  }

  /** What somebody does just when a slot has come. */
  async actAtSlot(): Promise<void> {
    if (this.#known.length === 0) return;
    const id = this.#random.pick(this.#known);
    const answer = await this.#host.ask(`look ${id}`, (engine) => engine.getSeries(actor, id));
    if (answer.heard !== "yes" || answer.value.nextAt === null) return;
    const waitMs = answer.value.nextAt - this.#machine.wall + this.#random.below(1500) - 300;
    if (waitMs < 0 || waitMs > 43_200_000) return;
    this.#machine.timeline.in(waitMs, () => void this.#act(id));
  }

  async #act(id: string): Promise<void> {
    const random = this.#random;
    const kind = random.float();
    if (kind < 0.25) await this.#change(id, this.#rule());
    else if (kind < 0.35) await this.#change(id, { metadata: { wish: `change ${random.below(1e6)}` } });
    else if (kind < 0.45) await this.#change(id, this.#policies());
    else if (kind < 0.7) {
      await this.#ask(`pause ${id}`, (engine) => engine.pauseSeries(actor, id));
      const hasNewRule = random.float() < 0.3;
      const isCaughtUp = random.float() < 0.5;
      this.#machine.timeline.in(1000 + random.below(10_800_000), () => {
        void (hasNewRule ? this.#change(id, this.#rule()) : Promise.resolve()).then(() =>
          this.#resume(id, isCaughtUp),
        );
      });
    } else if (kind < 0.8) await this.#ask(`run ${id}`, (engine) => engine.runSeriesNow(actor, id));
    else if (kind < 0.9) {
      const to = this.#machine.wall - 60_000;
      const stretch = { from: to - random.below(10_800_000) - 1, to, dryRun: false };
      await this.#ask(`backfill ${id}`, (engine) => engine.backfillSeries(actor, id, stretch));
    } else if (kind < 0.93) await this.#ask(`end ${id}`, (engine) => engine.endSeries(actor, id));
    else await this.#look(id);
  }

  /** Nothing is paused any more. */
  async heal(): Promise<void> {
    for (const id of this.#known) await this.#resume(id, this.#random.float() < 0.5);
  }

  /** Every series ends, so that everything can. */
  async end(): Promise<void> {
    for (const id of this.#known) {
      const answer = await this.#persist(`end ${id}`, (engine) => engine.endSeries(actor, id));
      if (answer.heard === "no") this.#history.complaints.push(`end ${id}: ${answer.refusal.code}`);
    }
  }

  #rule(): Pick<SeriesInput, "rule" | "timezone" | "start_at"> {
    const random = this.#random;
    const startAt = this.#machine.wall + random.below(10_800_000) - 7_200_000;
    return {
      rule: drawRule(random),
      timezone: random.pick(zones),
      start_at: new Date(Math.floor(startAt / 60_000) * 60_000).toISOString(),
    };
  }

  #policies(): SeriesPolicies {
    const random = this.#random;
    return {
      on_gap: random.pick(["forward", "next_valid", "skip"]),
      on_repeat: random.pick(["first", "second", "both"]),
      misfire: random.pick(["skip", "run_once", "run_all"]),
      misfire_grace: random.pick(["1m", "10m", "1h", "5h"]),
      misfire_max: random.pick([1, 3, 10]),
      overlap: random.pick(["skip", "buffer_one", "allow"]),
      ...(random.float() < 0.2 ? { jitter: "5m" } : {}),
    };
  }

  async #change(id: string, patch: Partial<SeriesInput>): Promise<void> {
    const answer = await this.#ask(`change ${id}`, (engine) => engine.updateSeries(actor, id, patch));
    if (answer.heard !== "yes") return;
    if (patch.rule !== undefined)
      this.#history.rulesKept.push({ seriesId: id, rule: JSON.stringify(patch.rule) });
    this.#know(answer.value);
  }

  async #resume(id: string, catchUp: boolean): Promise<void> {
    const answer = await this.#persist(`resume ${id}`, (engine) => engine.resumeSeries(actor, id, catchUp));
    if (answer.heard === "yes") this.#know(answer.value);
    else if (answer.heard === "no" && answer.refusal.code === "precondition_failed") {
      await this.#callers.sleep(500);
      await this.#resume(id, catchUp);
    } else if (answer.heard === "no" && answer.refusal.code !== "already_ended")
      this.#history.complaints.push(`resume ${id}: ${answer.refusal.code}`);
  }

  async #look(id: string): Promise<void> {
    const answer = await this.#ask(`look ${id}`, (engine) => engine.getSeries(actor, id));
    if (answer.heard === "yes") this.#know(answer.value);
  }

  #ask<T>(label: string, verb: (engine: Engine) => Promise<T>): Promise<Answer<T>> {
    return this.#host.ask(label, verb);
  }

  async #persist<T>(label: string, verb: (engine: Engine) => Promise<T>): Promise<Answer<T>> {
    for (;;) {
      const answer = await this.#host.ask(label, verb);
      if (answer.heard === "yes" || answer.heard === "no") return answer;
      await this.#callers.sleep(500 + this.#random.below(5000));
    }
  }

  /** Some of its calls are handled like any other. */
  #know(series: SeriesView): void {
    if (series.nextCallId !== null && this.#random.float() < 0.5) this.#callers.known.push(series.nextCallId);
  }
}
