import type { Engine } from "../../src/engine/engine.ts";
import {
  bookAppointment,
  doWithAppointment,
  listMessages,
  requireAppointment,
} from "../../src/programs/appointments/appointments.ts";
import type { Context } from "../../src/programs/appointments/context.ts";
import {
  createBusiness,
  createClient,
  createService,
  updateClient,
} from "../../src/programs/appointments/directory.ts";
import type { AppointmentRow, TellChannel } from "../../src/programs/appointments/rows.ts";
import { type AppointmentVerb, statusAfter } from "../../src/programs/appointments/status.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { type Callers, actor } from "./callers.ts";
import type { Guest, History, QuietText, Shop, Visit, VisitStep } from "./history.ts";
import type { Answer, Host } from "./host.ts";
import type { Machine } from "./machine.ts";
import type { RunPlan } from "./plan.ts";

const minuteMs = 60_000;
const hourMs = 3_600_000;
const guestsMax = 12;

/** Zones whose clocks are changed on some of the days that are simulated. */
const zones = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/St_Johns"] as const;
const reminders = [["24h", "2h"], ["1d", "3h", "1h"], ["2h", "30m"], ["5h"]] as const;
const quiets: readonly (QuietText | null)[] = [
  null,
  { from: "21:00", to: "08:00" },
  { from: "22:30", to: "06:15" },
  { from: "12:00", to: "14:00" },
  { from: "01:30", to: "03:00" },
];
/** Area codes that nobody else calls. */
const areas = ["415", "617"] as const;

type ShopRow = Shop & { readonly id: number; readonly serviceId: number };
type GuestRow = Guest & { readonly id: number; readonly number: number };
/** An appointment that is there. Whoever asks something of it waits for the answer first. */
type Known = {
  readonly visit: Visit;
  readonly id: number;
  status: AppointmentRow["status"];
  startsAt: number;
  isBusy: boolean;
};
type Deed = { readonly verb: AppointmentVerb; readonly startsAt?: number };

/** Businesses, and people who book, move and cancel appointments with them. */
export class Bookers {
  readonly #host: Host;
  readonly #machine: Machine;
  readonly #history: History;
  readonly #plan: RunPlan;
  readonly #callers: Callers;
  readonly #random: SeededRandom;
  readonly #shops: ShopRow[] = [];
  readonly #guests: GuestRow[] = [];
  readonly #known: Known[] = [];
  #made = 0;

  constructor(host: Host, machine: Machine, history: History, plan: RunPlan, callers: Callers) {
    this.#host = host;
    this.#machine = machine;
    this.#history = history;
    this.#plan = plan;
    this.#callers = callers;
    this.#random = new SeededRandom(plan.seed * 389 + 13);
  }

  get random(): SeededRandom {
    return this.#random;
  }

  /** Two businesses and their clients, before anything goes wrong. Calls that recall appointments use the first line. */
  async setUp(): Promise<void> {
    const random = this.#random;
    const line = this.#plan.lines[0]?.name ?? null;
    await this.#persist("default line", (engine) => engine.updateSettings(actor, { default_line: line }));
    for (const name of ["Aurora", "Borealis"]) {
      const shop: Shop = {
        name,
        timezone: random.pick(zones),
        reminders: random.pick(reminders),
        quiet: random.pick(quiets),
      };
      const channel = random.pick<TellChannel>(["push", "email", "sms", "call"]);
      const { timezone, quiet } = shop;
      const id = await this.#make(name, (context) =>
        createBusiness(context, actor, {
          name,
          timezone,
          reminders: [...shop.reminders],
          channel,
          quiet_hours: quiet,
        }),
      );
      const serviceId = await this.#make(`service of ${name}`, (context) =>
        createService(context, actor, id, { business_id: name, name: "Haircut", duration: "45m" }),
      );
      this.#shops.push({ ...shop, id, serviceId });
    }
    for (let number = 0; number < guestsMax; number += 1) await this.#invite(number);
  }

  async #invite(number: number): Promise<void> {
    const random = this.#random;
    const isAtHome = random.float() < 0.6;
    const guest: Guest = {
      name: `guest ${number}`,
      timezone: isAtHome ? null : random.pick(zones),
      quiet: isAtHome ? null : random.pick(quiets),
    };
    const channel = random.pick<TellChannel | null>([null, "push", "email", "sms", "call"]);
    const recipientId = `uid ${number}`;
    const id = await this.#make(guest.name, (context) =>
      createClient(context, actor, {
        name: guest.name,
        timezone: guest.timezone,
        channel,
        recipient_id: recipientId,
        ...(guest.quiet !== null && { quiet_hours: guest.quiet }),
        ...this.#addresses(number),
      }),
    );
    this.#guests.push({ ...guest, id, number });
    // One in four has no device at first, so that there is nobody to push to.
    for (let device = 0; device < number % 4; device += 1) await this.#register(number, device);
  }

  /** Where a client can be reached now; another time it is somewhere else. */
  #addresses(number: number): { phone: string; email: string } {
    const random = this.#random;
    const tail = String(number % 10);
    const ending = random.pick(["00", "00", "01", "02", "05", "20"]);
    return {
      phone: `+1${random.pick(areas)}555${tail}1${ending}`,
      email: `guest-${number}-${random.below(1000)}@example.com`,
    };
  }

  async #register(number: number, device: number): Promise<void> {
    const token = `${"t".repeat(120)}${number}-${device}`;
    await this.#persist(`device ${number}-${device}`, (engine) =>
      engine.registerDevice(actor, { recipientId: `uid ${number}`, token }),
    );
  }

  /** Wants an appointment within the next two days, and asks until it is known to be there, or refused. */
  async begin(withinMs = 48 * hourMs): Promise<void> {
    this.#made += 1;
    const random = this.#random;
    const shop = random.pick(this.#shops);
    const guest = random.pick(this.#guests);
    const { id: _id, serviceId: _serviceId, ...shown } = shop;
    const visit: Visit = { external: `visit ${this.#made}`, shop: shown, guest, steps: [] };
    this.#history.visits.push(visit);
    const startsAt = this.#soon(visit, withinMs);
    const status = random.float() < 0.25 ? "pending" : "confirmed";
    const step = this.#step(visit, "book", startsAt);
    const answer = await this.#book(`book ${visit.external}`, (context) =>
      this.#find(context, visit.external).then(
        (row) =>
          row ??
          bookAppointment(context, actor, {
            businessId: shop.id,
            clientId: guest.id,
            serviceId: shop.serviceId,
            startsAt,
            endsAt: null,
            staff: null,
            notes: null,
            externalId: visit.external,
            status,
            confirms: true,
          }),
      ),
    );
    this.#hear(step, answer);
    if (answer.heard !== "yes") return;
    const row = answer.value;
    this.#known.push({ visit, id: row.id, status: row.status, startsAt, isBusy: false });
  }

  /** One thing that somebody asks of an appointment. */
  act(): void {
    const known = this.#free();
    if (known !== undefined) void this.#do(known, this.#deed(known));
  }

  /** What somebody asks just when a client is to be told something, or while a letter is on its way. */
  async actAtReminder(): Promise<void> {
    const known = this.#free();
    if (known === undefined) return;
    const answer = await this.#host.book(`look ${known.visit.external}`, (context) =>
      listMessages(context, actor, known.id),
    );
    if (answer.heard !== "yes") return;
    const next = answer.value.find(({ status, at }) => status === "planned" && at > this.#machine.wall);
    if (next === undefined || next.at - this.#machine.wall > 12 * hourMs) return;
    const random = this.#random;
    const lateMs = random.float() < 0.5 ? random.below(1500) - 300 : random.below(26_000);
    const verb = random.pick<AppointmentVerb>(["cancel", "cancel", "move", "reschedule", "complete"]);
    this.#machine.timeline.in(Math.max(0, next.at - this.#machine.wall + lateMs), () => {
      if (!known.isBusy && known.visit.steps.at(-1)?.heard !== "pending")
        void this.#do(known, this.#with(known, verb));
    });
  }

  /** A client is reached elsewhere from now on, or has an app at last. */
  async moveHouse(): Promise<void> {
    const guest = this.#random.pick(this.#guests);
    if (this.#random.float() < 0.4) return this.#register(guest.number, this.#random.below(6));
    const addresses = this.#addresses(guest.number);
    await this.#insist(`move ${guest.name}`, (context) => updateClient(context, actor, guest.id, addresses));
  }

  /** The world is healed: what lies far ahead is canceled or moved nearer, so that everything can end soon. */
  async heal(): Promise<void> {
    for (const known of this.#known) {
      if (known.startsAt < this.#machine.wall + 3 * hourMs) continue;
      const verb = this.#random.float() < 0.4 ? "cancel" : "move";
      await this.#do(known, this.#with(known, verb, 150 * minuteMs));
    }
    for (let i = 0; i < 3; i += 1) await this.begin(150 * minuteMs);
  }

  /** An appointment of which nothing is asked at the moment. */
  #free(): Known | undefined {
    const free = this.#known.filter(({ isBusy }) => !isBusy);
    return free.length === 0 ? undefined : this.#random.pick(free);
  }

  #deed(known: Known): Deed {
    const random = this.#random;
    const isOver = known.startsAt < this.#machine.wall;
    const verb = isOver
      ? random.pick<AppointmentVerb>(["complete", "complete", "no-show", "start"])
      : random.pick<AppointmentVerb>(["move", "move", "move", "cancel", "confirm", "confirm", "reschedule"]);
    return this.#with(known, verb);
  }

  #with({ visit }: Known, verb: AppointmentVerb, withinMs = 48 * hourMs): Deed {
    return verb === "move" ? { verb, startsAt: this.#soon(visit, withinMs) } : { verb };
  }

  /** A start that the appointment never had, so that what is told of it tells which one is meant. */
  #soon({ steps }: Visit, withinMs: number): number {
    const random = this.#random;
    const span = random.float() < 0.5 ? Math.min(withinMs, 6 * hourMs) : withinMs;
    for (;;) {
      const ahead = 20 * minuteMs + random.below(span - 20 * minuteMs);
      const at = Math.floor((this.#machine.wall + ahead) / minuteMs) * minuteMs;
      if (steps.every(({ startsAt }) => startsAt !== at)) return at;
    }
  }

  async #do(known: Known, { verb, startsAt = known.startsAt }: Deed): Promise<void> {
    known.isBusy = true;
    const step = this.#step(known.visit, verb, startsAt);
    const { external } = known.visit;
    const answer = await this.#book(`${verb} ${external}`, async (context) => {
      // Whoever did not hear the answer looks first: the request may have been served.
      const row = await requireAppointment(context, actor, known.id);
      const isDone = row.starts_at === startsAt && row.status === statusAfter(known.status, verb);
      if (isDone && verb !== "confirm") return row;
      return doWithAppointment(context, actor, known.id, verb, verb === "move" ? { startsAt } : {});
    });
    this.#hear(step, answer);
    known.isBusy = false;
    if (answer.heard !== "yes") return;
    known.status = answer.value.status;
    known.startsAt = answer.value.starts_at;
  }

  #step({ steps }: Visit, what: VisitStep["what"], startsAt: number): VisitStep {
    const sentAt = this.#machine.timeline.now;
    const step: VisitStep = { what, startsAt, sentAt, heardAt: null, heard: "pending", status: null };
    steps.push(step);
    return step;
  }

  #hear(step: VisitStep, answer: Answer<AppointmentRow>): void {
    step.heardAt = this.#machine.timeline.now;
    step.heard = answer.heard === "yes" ? "yes" : "no";
    step.status = answer.heard === "yes" ? answer.value.status : null;
  }

  #find(context: Context, external: string): Promise<AppointmentRow | undefined> {
    const wanted = { workspace_id: actor.workspaceId, external_id: external };
    return context.house
      .read("look for an appointment", () => context.statements.appointments.byExternalId(wanted))
      .then(([row]) => row);
  }

  async #make(label: string, verb: (context: Context) => Promise<{ readonly id: number }>): Promise<number> {
    const answer = await this.#book(label, verb);
    if (answer.heard !== "yes") throw new Error(`${label} was refused: ${answer.refusal.message}`);
    return answer.value.id;
  }

  /** Tries until it has happened, also when somebody else was faster. */
  async #insist(label: string, verb: (context: Context) => Promise<unknown>): Promise<void> {
    const answer = await this.#book(label, verb);
    if (answer.heard === "yes") return;
    if (answer.refusal.code === "precondition_failed") await this.#insist(label, verb);
    else this.#history.complaints.push(`${label}: ${answer.refusal.code} ${answer.refusal.message}`);
  }

  #book<T>(label: string, verb: (context: Context) => Promise<T>): Promise<Certain<T>> {
    return this.#until(() => this.#host.book(label, verb));
  }

  #persist<T>(label: string, verb: (engine: Engine) => Promise<T>): Promise<Certain<T>> {
    return this.#until(() => this.#host.ask(label, verb));
  }

  async #until<T>(ask: () => Promise<Answer<T>>): Promise<Certain<T>> {
    for (;;) {
      const answer = await ask();
      if (answer.heard === "yes" || answer.heard === "no") return answer;
      await this.#callers.sleep(500 + this.#random.below(5000));
    }
  }
}

type Certain<T> = Extract<Answer<T>, { readonly heard: "yes" | "no" }>;
