import type { Actor, CallRequest, CallView, Scheduled } from "../../src/engine/engine.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import type { Create, History } from "./history.ts";
import type { Answer, Host } from "./host.ts";
import type { Machine } from "./machine.ts";
import type { RunPlan } from "./plan.ts";

export const actor: Actor = { workspaceId: 1, name: "simulation" };

/** Numbers whose last two digits choose what the sandbox does, in area codes of many zones. */
const areas = ["212", "312", "303", "213", "602", "808", "907", "305"] as const;
const endings = [
  "00",
  "00",
  "01",
  "02",
  "03",
  "04",
  "05",
  "06",
  "07",
  "08",
  "09",
  "10",
  "11",
  "13",
  "14",
  "15",
  "16",
  "17",
  "18",
  "19",
  "20",
  "21",
  "77",
] as const;
const otherNumbers = [
  "+442079460018",
  "+447700900001",
  "+447700900000",
  "+61491570156",
  "+919876543210",
  "+15005550001",
  "+6421555012",
] as const;
const zones = [
  "America/New_York",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Europe/London",
  "Asia/Kathmandu",
  "America/St_Johns",
] as const;
const words = [
  "answered",
  "answered:confirmed",
  "busy",
  "no_answer",
  "voicemail",
  "voicemail:left_message",
  "declined",
  "unreachable",
  "carrier_error",
  "503",
  "429",
  "timeout_rang",
  "timeout_not_rang",
  "silent",
  "duplicate",
  "out_of_order",
  "late",
  "hangs_up",
  "long",
  "blocked",
  "refused:invalid_number",
  "answered:opt_out",
] as const;

const triesMax = 8;

/** People and programs that schedule calls. */
export class Callers {
  readonly #host: Host;
  readonly #machine: Machine;
  readonly #history: History;
  readonly #plan: RunPlan;
  readonly #random: SeededRandom;
  #made = 0;
  /** Calls that were acknowledged: what edits are sent to. */
  readonly known: string[] = [];

  constructor(host: Host, machine: Machine, history: History, plan: RunPlan) {
    this.#host = host;
    this.#machine = machine;
    this.#history = history;
    this.#plan = plan;
    this.#random = new SeededRandom(plan.seed * 131 + 7);
  }

  get random(): SeededRandom {
    return this.#random;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#machine.timeline.in(ms, resolve);
    });
  }

  /** One wish of one of the usual kinds. Returns how many calls it asked for. */
  act(): number {
    const kind = this.#random.float();
    if (kind < 0.12) {
      const size = 2 + this.#random.below(12);
      void this.#bulk(size);
      return size;
    }
    const keyed = kind < 0.6;
    const { create, request } = this.#wish(keyed ? `key ${this.#made}` : null);
    void this.#one(create, request);
    if (keyed && kind < 0.25) void this.#one(create, request);
    return 1;
  }

  /** A call with nothing in its way, for measuring how fast a healed engine is. */
  probe(): void {
    const { create, request } = this.#wish(null);
    void this.#one(
      { ...create, to: "+12125550199" },
      {
        to: "+12125550199",
        in: `${1 + this.#random.below(120)}s`,
        line: "probe",
        purpose: "probe",
        external_id: request.external_id ?? "",
      },
    );
  }

  #wish(key: string | null): { create: Create; request: CallRequest } {
    const random = this.#random;
    this.#made += 1;
    const external = `wish ${this.#made}`;
    const to =
      random.float() < 0.85
        ? `+1${random.pick(areas)}55501${random.pick(endings)}`
        : random.pick(otherNumbers);
    const timezone = random.float() < 0.15 ? random.pick(zones) : null;
    const hours = this.#plan.withHours && random.float() < 0.3 ? random.pick(["night", "split"]) : null;
    const dedupeKey = random.float() < 0.1 ? `dedupe ${random.below(6)}` : null;
    const onDuplicate = random.float() < 0.5 ? "refuse" : "return";
    const request: CallRequest = {
      to,
      external_id: external,
      line: random.pick(this.#plan.lines).name,
      ...this.#when(),
      ...(timezone === null ? {} : { timezone }),
      ...(hours === null ? {} : { hours }),
      ...(dedupeKey === null ? {} : { dedupe_key: dedupeKey, on_duplicate: onDuplicate }),
      ...(random.float() < 0.2 ? { priority: random.below(10) } : {}),
      ...(random.float() < 0.15 ? { expires_after: random.pick(["2m", "30m", "3h"]) } : {}),
      ...(random.float() < 0.3 ? { sandbox: { script: this.#script() } } : {}),
    };
    const create = this.#create(external, key, { to, dedupeKey, onDuplicate, hours, timezone }, false);
    return { create, request };
  }

  #when(): Pick<CallRequest, "in" | "at"> {
    const random = this.#random;
    const kind = random.float();
    if (kind < 0.2) return {};
    if (kind < 0.5) return { in: `${random.below(300)}s` };
    if (kind < 0.6)
      return { at: new Date(Math.ceil((this.#machine.wall + 60_000) / 900_000) * 900_000).toISOString() };
    return { in: `${random.below(600 * Math.min(2, this.#plan.days))}m` };
  }

  #script(): string[] {
    return Array.from({ length: 1 + this.#random.below(3) }, () => this.#random.pick(words));
  }

  #create(
    external: string,
    key: string | null,
    fields: Pick<Create, "to" | "dedupeKey" | "onDuplicate" | "hours" | "timezone">,
    isMismatch: boolean,
  ): Create {
    const create: Create = {
      ...fields,
      external,
      key,
      heard: "pending",
      callIds: [],
      refusal: null,
      sentAt: this.#machine.timeline.now,
      ackedAt: null,
      isOther: false,
      isMismatch,
    };
    this.#history.creates.push(create);
    return create;
  }

  /** Sends the wish until an answer is heard; without a key it is not safe to ask twice. */
  async #one(create: Create, request: CallRequest): Promise<void> {
    const answer = await this.#persist(create, () =>
      this.#host.ask(`create ${create.external}`, (engine) =>
        create.key === null
          ? engine.schedule(actor, request)
          : engine.schedule(actor, request, { key: create.key, fingerprint: create.external }),
      ),
    );
    this.#hear(create, answer);
    if (create.key === null || answer.heard !== "yes" || create.isMismatch) return;
    if (this.#random.float() < 0.1) await this.#sendOtherBody(create, request);
    if (this.#random.float() < 0.2) {
      await this.sleep(1000 + this.#random.below(7_200_000));
      this.#hear(
        create,
        await this.#host.ask(`replay ${create.external}`, (engine) =>
          engine.schedule(actor, request, { key: create.key ?? "", fingerprint: create.external }),
        ),
      );
    }
  }

  /** The same key with another request must be refused, and make nothing. */
  async #sendOtherBody(create: Create, request: CallRequest): Promise<void> {
    this.#made += 1;
    const external = `wish ${this.#made}`;
    const other = this.#create(external, create.key, create, true);
    this.#hear(
      other,
      await this.#host.ask(`mismatch ${external}`, (engine) =>
        engine.schedule(
          actor,
          { ...request, external_id: external },
          { key: create.key ?? "", fingerprint: external },
        ),
      ),
    );
  }

  async #bulk(size: number): Promise<void> {
    const key = this.#random.float() < 0.7 ? `bulk ${this.#made}` : null;
    const wishes = Array.from({ length: size }, () => this.#wish(null));
    const creates = wishes.map(({ create }) => ({ ...create, key }));
    this.#history.creates.splice(-size, size, ...creates);
    const first = creates[0];
    if (first === undefined) return;
    const requests = wishes.map(({ request }) => request);
    const send = async (): Promise<void> => {
      const answer = await this.#persist(first, () =>
        this.#host.ask(`bulk ${first.external}`, (engine) =>
          key === null
            ? engine.scheduleMany(actor, requests)
            : engine.scheduleMany(actor, requests, { key, fingerprint: first.external }),
        ),
      );
      for (const [index, create] of creates.entries()) {
        if (answer.heard !== "yes") {
          this.#hear(create, answer.heard === "no" ? answer : { heard: answer.heard });
          continue;
        }
        const item = answer.value.items[index];
        if (item?.ok === true) this.#hear(create, { heard: "yes", value: item.scheduled });
        else if (item?.ok === false) this.#hear(create, { heard: "no", refusal: item.refusal });
      }
    };
    const isTwice = key !== null && this.#random.float() < 0.3;
    await Promise.all(isTwice ? [send(), send()] : [send()]);
  }

  async #persist<T>(create: Create, send: () => Promise<Answer<T>>): Promise<Answer<T>> {
    let wasLost = false;
    for (let tries = 0; tries < triesMax;) {
      const answer = await send();
      if (answer.heard === "yes" || answer.heard === "no") return answer;
      if (answer.heard === "lost") {
        wasLost = true;
        tries += 1;
        if (create.key === null) return answer;
      }
      await this.sleep(1000 + this.#random.below(20_000));
    }
    return { heard: wasLost ? "lost" : "down" };
  }

  #hear(create: Create, answer: Answer<Scheduled>): void {
    if (answer.heard === "down") return;
    if (answer.heard === "yes") {
      const { call } = answer.value;
      create.callIds.push(call.id);
      create.isOther ||= call.externalId !== create.external;
      create.ackedAt ??= this.#machine.timeline.now;
      this.#know(call);
    }
    if (answer.heard === "no" && answer.refusal.code === "idempotency_in_progress") return;
    if (answer.heard === "no") create.refusal = answer.refusal.code;
    if (create.heard !== "yes") create.heard = answer.heard;
  }

  #know(call: CallView): void {
    if (call.purpose !== "probe") this.known.push(call.id);
  }
}
