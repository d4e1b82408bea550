import type { HoursInput, LineInput } from "../../src/engine/config-api.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { type Callers, actor } from "./callers.ts";
import type { Cap, Change, Edit, EditKind, History, HoursInForce, LimitsInForce } from "./history.ts";
import type { Answer, Host } from "./host.ts";
import type { Machine } from "./machine.ts";
import type { LinePlan, RunPlan } from "./plan.ts";

type BudgetInForce = {
  readonly perMinute: string;
  readonly perHour: string | null;
  readonly perDay: string | null;
};

const weekdays = ["mon", "tue", "wed", "thu", "fri"] as const;
const everyDay = [...weekdays, "sat", "sun"] as const;
const week = (days: readonly string[], ranges: readonly string[]): Record<string, readonly string[]> =>
  Object.fromEntries(days.map((day) => [day, ranges]));

const hoursAtFirst: readonly (HoursInForce & { readonly name: string })[] = [
  { name: "office", timezone: null, weekly: week(everyDay, ["09:00-20:00"]), closed: ["2026-12-26"] },
  { name: "night", timezone: null, weekly: week(everyDay, ["22:00-02:30"]), closed: [] },
  { name: "split", timezone: null, weekly: week(weekdays, ["09:00-12:00", "13:00-17:30"]), closed: [] },
  { name: "line hours", timezone: "America/Chicago", weekly: week(everyDay, ["00:30-23:30"]), closed: [] },
];
const otherWeeks = [
  week(everyDay, ["08:00-21:00"]),
  week(everyDay, ["10:00-10:45", "11:00-18:00"]),
  week(["mon", "wed", "fri", "sun"], ["07:00-22:00"]),
  week(everyDay, ["20:00-04:00"]),
] as const;
const always = week(everyDay, ["00:00-24:00"]);

/** People who look after calls, lines and calling hours. */
export class Operators {
  readonly #host: Host;
  readonly #machine: Machine;
  readonly #history: History;
  readonly #plan: RunPlan;
  readonly #callers: Callers;

  constructor(host: Host, machine: Machine, history: History, plan: RunPlan, callers: Callers) {
    this.#host = host;
    this.#machine = machine;
    this.#history = history;
    this.#plan = plan;
    this.#callers = callers;
  }

  /** The installation before anything is scheduled. */
  async setUp(): Promise<void> {
    for (const hours of hoursAtFirst) {
      await this.#insist("hours", (engine) => engine.createHours(actor, hoursInput(hours)));
      this.#history.hours.set(hours.name, [this.#done(hours)]);
    }
    for (const line of this.#plan.lines) {
      await this.#insist("line", (engine) => engine.createLine(actor, lineInput(line)));
      this.#history.limits.set(line.name, [this.#done(limitsOf(line))]);
      await this.#budget(line.name, line.budget);
    }
    await this.#insist("probe line", (engine) =>
      engine.createLine(actor, { name: "probe", carrier: "sandbox", slots_max: 1000 }),
    );
    this.#history.limits.set("probe", [this.#done({ slots: 1000, perSecond: 0, burst: 1, daily: 0 })]);
    const caps: readonly Cap[] = this.#plan.withCaps
      ? [
          { max: 2, windowMs: 3_600_000 },
          { max: 5, windowMs: 86_400_000 },
        ]
      : [];
    const defaultHours = this.#plan.withHours ? "office" : null;
    if (this.#plan.fastRetries) await this.#retryFast();
    await this.#insist("settings", (engine) =>
      engine.updateSettings(actor, {
        default_expires_after: this.#plan.expiresAfter,
        number_caps: caps,
        default_hours: defaultHours,
        ...(this.#plan.fastRetries ? { default_retry_policy: "fast" } : {}),
      }),
    );
    this.#history.caps.push(this.#done(caps));
    this.#history.defaultHours.push(this.#done(defaultHours));
  }

  #retryFast(): Promise<void> {
    const rule = { retries: 3, first_delay: "20s", factor: 2, max_delay: "10m" };
    return this.#insist("policy", (engine) =>
      engine.createRetryPolicy(actor, {
        name: "fast",
        rules: { busy: rule, no_answer: rule, voicemail: rule, declined: rule, network_error: rule },
        attempts_max: 6,
        jitter: 0.2,
      }),
    );
  }

  /** One thing that somebody does to a call. */
  act(): void {
    const { random, known } = this.#callers;
    if (known.length === 0) return;
    const callId = random.pick(known);
    const kind = random.pick<EditKind>(["cancel", "pause", "pause", "resume", "reschedule", "call_now"]);
    void this.#edit(kind, callId, `${random.below(10_800)}s`);
    if (kind === "pause" && random.float() < 0.7)
      this.#machine.timeline.in(1000 + random.below(3_600_000), () => void this.#edit("resume", callId, ""));
  }

  async #edit(kind: EditKind, callId: string, delay: string): Promise<void> {
    const edit: Edit = {
      kind,
      callId,
      sentAt: this.#machine.timeline.now,
      heard: "pending",
      heardAt: null,
      refusal: null,
      attemptId: null,
    };
    const answer = await this.#host.ask(`${kind} ${callId}`, (engine) => verbOf(engine, kind, callId, delay));
    if (answer.heard === "down") return;
    this.#history.edits.push(edit);
    edit.heard = answer.heard;
    edit.heardAt = this.#machine.timeline.now;
    if (answer.heard !== "no") return;
    edit.refusal = answer.refusal.code;
    const { attempt_id } = answer.refusal.extra as { attempt_id?: string };
    edit.attemptId = attempt_id ?? null;
  }

  /** One thing that somebody does to the installation. */
  operate(): void {
    const { random } = this.#callers;
    const kind = random.float();
    const line = random.pick(this.#plan.lines);
    if (kind < 0.3) void this.#stopAWhile();
    else if (kind < 0.5) void this.#pauseLineAWhile(line.name);
    else if (kind < 0.75) {
      const slots = random.pick([0, 1, 2, 10]);
      void this.#limit({ ...line, slots, perSecond: random.pick([line.perSecond, 0.5, 2]) });
      // A line without a slot is what somebody set by mistake, and repairs.
      if (slots === 0) this.#machine.timeline.in(1_200_000, () => void this.#limit(line));
      if (line.budget !== null)
        void this.#budget(line.name, { ...line.budget, perHour: random.pick([line.budget.perDay, "0.07"]) });
    } else if (kind < 0.9) void this.#changeHours("office", random.pick(otherWeeks));
    else
      void this.#suppress(
        `+1${random.pick(["212", "303", "808"])}55501${random.pick(["00", "01", "02", "77"])}`,
      );
  }

  /** The world is healed: nothing stands in the way of any call any more. */
  async heal(): Promise<void> {
    await this.#change(this.#history.dialing, true, (engine) => engine.resumeDialing(actor));
    for (const line of this.#plan.lines) {
      await this.#linePause(line.name, false);
      await this.#limit({ ...line, slots: 50, perSecond: 0, daily: 0, faults: {} });
      if (line.budget !== null)
        await this.#budget(line.name, { ...line.budget, perHour: null, perDay: null });
    }
    for (const hours of hoursAtFirst) await this.#changeHours(hours.name, always);
    await this.#change(this.#history.caps, [], (engine) => engine.updateSettings(actor, { number_caps: [] }));
    for (const callId of new Set(this.#callers.known)) {
      const answer = await this.#persist("resume", (engine) => engine.getCall(actor, callId));
      if (answer.heard === "yes" && answer.value.status === "paused") await this.#edit("resume", callId, "");
    }
  }

  /** Looks at a call as a dashboard does. */
  async look(): Promise<void> {
    const { random, known } = this.#callers;
    if (known.length === 0) return;
    const callId = random.pick(known);
    const answer = await this.#host.ask(`look ${callId}`, (engine) => engine.explain(actor, callId));
    if (answer.heard === "yes")
      this.#history.samples.push({
        at: this.#machine.timeline.now,
        wall: this.#machine.wall,
        view: answer.value.call,
      });
  }

  async #stopAWhile(): Promise<void> {
    await this.#change(this.#history.dialing, false, (engine) => engine.stopDialing(actor, "simulated"));
    await this.#callers.sleep(10_000 + this.#callers.random.below(1_500_000));
    await this.#change(this.#history.dialing, true, (engine) => engine.resumeDialing(actor));
  }

  async #pauseLineAWhile(line: string): Promise<void> {
    await this.#linePause(line, true);
    await this.#callers.sleep(10_000 + this.#callers.random.below(1_500_000));
    await this.#linePause(line, false);
  }

  async #linePause(line: string, isPaused: boolean): Promise<void> {
    const change = { ...this.#begun(isPaused), line };
    this.#history.linePauses.push(change);
    await this.#insist(`${isPaused ? "pause" : "resume"} ${line}`, (engine) =>
      isPaused ? engine.pauseLine(actor, line, "simulated") : engine.resumeLine(actor, line),
    );
    this.#finish(change);
  }

  async #budget(line: string, budget: BudgetInForce | null): Promise<void> {
    if (budget === null) return;
    const { perMinute, perHour, perDay } = budget;
    await this.#insist("budget", (engine) =>
      engine.setBudget(actor, line, {
        price_per_minute: perMinute,
        per_hour_max: perHour,
        per_day_max: perDay,
      }),
    );
  }

  #limit(line: LinePlan): Promise<void> {
    const { name: _name, carrier: _carrier, ...patch } = lineInput(line);
    const changes = this.#history.limits.get(line.name) ?? [];
    return this.#change(changes, limitsOf(line), (engine) => engine.updateLine(actor, line.name, patch));
  }

  #changeHours(name: string, weekly: HoursInForce["weekly"]): Promise<void> {
    const changes = this.#history.hours.get(name) ?? [];
    const before = changes.at(-1)?.value;
    if (before === undefined) return Promise.resolve();
    return this.#change(changes, { ...before, weekly, closed: [] }, (engine) =>
      engine.updateHours(actor, name, { weekly, closed_dates: [] }),
    );
  }

  #suppress(to: string): Promise<void> {
    return this.#change(this.#history.suppressions, { to, id: null }, (engine) =>
      engine.createSuppression(actor, { to, reason: "asked" }),
    );
  }

  async #change<T>(into: Change<T>[], value: T, verb: (engine: Engine) => Promise<unknown>): Promise<void> {
    const change = this.#begun(value);
    into.push(change);
    await this.#insist("operate", verb);
    this.#finish(change);
  }

  /** Tries until it is known to have happened. */
  async #insist(label: string, verb: (engine: Engine) => Promise<unknown>): Promise<void> {
    const answer = await this.#persist(label, verb);
    // After a lost answer the same name is taken by ourselves, which is as good as made.
    if (
      answer.heard === "no" &&
      answer.refusal.code !== "name_taken" &&
      answer.refusal.code !== "precondition_failed"
    )
      this.#history.complaints.push(`${label}: ${answer.refusal.code} ${answer.refusal.message}`);
    if (answer.heard === "no" && answer.refusal.code === "precondition_failed") {
      await this.#callers.sleep(500);
      await this.#insist(label, verb);
    }
  }

  async #persist<T>(label: string, verb: (engine: Engine) => Promise<T>): Promise<Answer<T>> {
    for (;;) {
      const answer = await this.#host.ask(label, verb);
      if (answer.heard === "yes" || answer.heard === "no") return answer;
      await this.#callers.sleep(500 + this.#callers.random.below(5000));
    }
  }

  #begun<T>(value: T): Change<T> {
    return { value, sentAt: this.#machine.timeline.now, heardAt: null, heard: "pending" };
  }

  #done<T>(value: T): Change<T> {
    const change = this.#begun(value);
    this.#finish(change);
    return change;
  }

  #finish<T>(change: Change<T>): void {
    change.heard = "yes";
    change.heardAt = this.#machine.timeline.now;
  }
}

function verbOf(engine: Engine, kind: EditKind, callId: string, delay: string): Promise<unknown> {
  switch (kind) {
    case "cancel":
      return engine.cancel(actor, callId);
    case "pause":
      return engine.pause(actor, callId);
    case "resume":
      return engine.resume(actor, callId);
    case "reschedule":
      return engine.reschedule(actor, callId, { in: delay });
    case "call_now":
      return engine.callNow(actor, callId);
  }
}

function hoursInput({ name, timezone, weekly, closed }: HoursInForce & { name: string }): HoursInput {
  return { name, timezone, weekly, closed_dates: closed };
}

function limitsOf(line: LinePlan): LimitsInForce {
  return { slots: line.slots, perSecond: line.perSecond, burst: line.burst, daily: line.daily };
}

function lineInput(line: LinePlan): LineInput {
  return {
    name: line.name,
    carrier: "sandbox",
    settings: { faults: line.faults },
    slots_max: line.slots,
    calls_per_second: line.perSecond,
    burst: line.burst,
    daily_max: line.daily,
    ring_timeout_seconds: line.ringTimeoutSeconds,
    max_duration_seconds: line.maxDurationSeconds,
    timezone: line.timezone,
    hours: line.hours,
  };
}
