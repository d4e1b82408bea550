import type { Carrier, CarrierPorts, CarrierCheck, LookupAnswer, LookupOrder } from "../../ports/carrier.ts";
import type { Order, PlaceAnswer, Report } from "../../ports/carrier.ts";
import type { Timer } from "../../ports/clock.ts";
import { Memory } from "./memory.ts";
import type { Dialed, Keep } from "./memory.ts";
import { scriptOf } from "./numbers.ts";
import { parseScriptWord } from "./script.ts";
import type { Behaviour } from "./script.ts";
import type { SandboxSettings } from "./settings.ts";
import { happens, SALT, timelineOf, truthOf } from "./timeline.ts";

/** What truly becomes of one request that the network took (UTC ms, also ahead of now); null what does not happen. */
export type Witness = {
  readonly attemptKey: string;
  /** Null for what was taken before a restart: the journal holds no phone numbers. */
  readonly to: string | null;
  readonly acceptedAt: number;
  readonly ringAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number;
};

/** The sandbox as a carrier, and as the witness of what it did. */
export type SandboxNetwork = Carrier & {
  /** Everything it took and remembers, in the order it was taken; also a second request with the same attempt key. */
  witness(): readonly Witness[];
};

/** The network forgets what ended a day ago, and beyond 10,000 calls the oldest of those it has told us all about. */
export const KEEP: Keep = { ms: 86_400_000, calls: 10_000 };

/**
 * Opens the sandbox network: what it took before (`ports.journalPath`) goes on. Callbacks whose instant fell into the down
 * time are lost, as they would be with a real carrier; `lookup` finds them. Time comes from `ports.clock` alone and chance
 * from the attempt keys, so that the same requests at the same instants are told the same. Throws when the journal cannot
 * be opened.
 */
export function openNetwork(ports: CarrierPorts, keep: Keep = KEEP): SandboxNetwork {
  return new Network(ports, keep);
}

/** How long a request goes unanswered before it counts as timed out. */
const TIME_OUT_MS = 2_000;
const TIMED_OUT = { kind: "unknown", detail: "The request timed out." } as const;

class Network implements SandboxNetwork {
  readonly #ports: CarrierPorts;
  readonly #memory: Memory;
  /** The next callback of each dial, by its key in the memory. */
  readonly #timers = new Map<string, Timer>();
  /** Answers that are held back: how to give each of them up. */
  readonly #held = new Set<() => void>();
  #closed = false;

  constructor(ports: CarrierPorts, keep: Keep) {
    this.#ports = ports;
    this.#memory = new Memory(ports, keep);
    const now = ports.clock.now();
    for (const dialed of this.#memory.all()) this.#armAfter(this.#memory.keyOf(dialed), now);
  }

  async place(order: Order): Promise<PlaceAnswer> {
    const settings = order.settings as SandboxSettings;
    const now = this.#ports.clock.now();
    if (this.#closed) return refused("not_placed", "The sandbox network is closed.");
    if (now >= order.deadlineAt) return refused("not_placed", "The deadline had passed.");
    const word = wordOf(order);
    const behaviour = parseScriptWord(word);
    if (behaviour === undefined)
      return refused("not_placed", `The sandbox does not know the script word "${word}".`);

    const fate = fateOf(order, behaviour, settings);
    const delayMs = settings.faults?.answer_delay_ms ?? 0;
    const timeOutMs = settings.answer === "at_once" ? delayMs : TIME_OUT_MS;
    if (fate === "lost_request") return this.#answerIn(timeOutMs, TIMED_OUT);
    if (fate === "limited" && (await this.#memory.limits(order.callId, now))) {
      return this.#answerIn(delayMs, { ...refused("carrier_error", "HTTP 429"), retryAfterMs: 5_000 });
    }
    if (typeof fate === "object") return this.#answerIn(delayMs, fate);

    const { dialed, told } = this.#memory.take(order, word, behaviour, now, fate === "lost_answer");
    const written = this.#memory.write(dialed);
    if (written !== null && !(await written)) {
      return refused("not_placed", "The sandbox could not write its journal.");
    }
    if (dialed.deliveries.length > 0) this.#armAfter(this.#memory.keyOf(dialed), now);
    if (fate === "lost_answer") return this.#answerIn(timeOutMs, TIMED_OUT);
    return this.#answerIn(delayMs, { kind: "accepted", carrierRef: dialed.carrierRef, reports: told });
  }

  async lookup(order: LookupOrder): Promise<LookupAnswer> {
    await this.#memory.settled();
    const dials = this.#memory.dialsOf(order.attemptKey);
    const first = dials[0];
    if (first !== undefined) {
      const now = this.#ports.clock.now();
      const reports = dials.flatMap((dialed) => reportsUntil(dialed, now));
      return { kind: "found", carrierRef: first.carrierRef, reports };
    }
    if (order.placedAt < this.#memory.remembersSince) {
      return { kind: "unavailable", detail: "The sandbox network does not remember calls that old." };
    }
    return { kind: "absent" };
  }

  async hangUp(order: LookupOrder): Promise<boolean> {
    await this.#memory.settled();
    const now = this.#ports.clock.now();
    const dials = this.#memory.dialsOf(order.attemptKey);
    for (const dialed of dials) {
      if (dialed.endedAt <= now) continue;
      this.#memory.cut(dialed, now);
      this.#armAfter(this.#memory.keyOf(dialed), now - 1);
    }
    return dials.length > 0;
  }

  check(): Promise<CarrierCheck> {
    return Promise.resolve({ ok: true, detail: "The sandbox is ready. It rings nobody." });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const giveUp of this.#held) giveUp();
    this.#memory.close();
    return Promise.resolve();
  }

  witness(): readonly Witness[] {
    return [...this.#memory.all()].map(witnessOf);
  }

  /** Arms a dial's first callback after `instant`; when it comes, the next. Replaces what was armed for the dial. */
  #armAfter(key: string, instant: number): void {
    const armed = this.#timers.get(key);
    if (armed !== undefined) {
      armed.cancel();
      this.#timers.delete(key);
    }
    const dialed = this.#memory.get(key);
    if (dialed === undefined || this.#closed) return;
    const next = dialed.deliveries.find((delivery) => delivery.at > instant);
    if (next === undefined) return;
    const wake = (): void => {
      // Armed before it is delivered, so that a throw in `deliver` does not silence the call.
      this.#armAfter(key, next.at);
      for (const { at, report } of dialed.deliveries) {
        if (at === next.at) this.#ports.deliver(dialed.attemptKey, report);
      }
    };
    this.#timers.set(key, this.#ports.clock.at(next.at, wake));
  }

  #answerIn(delayMs: number, answer: PlaceAnswer): PlaceAnswer | Promise<PlaceAnswer> {
    if (delayMs <= 0) return answer;
    return new Promise((resolve) => {
      const finish = (given: PlaceAnswer): void => {
        this.#held.delete(giveUp);
        timer.cancel();
        resolve(given);
      };
      const giveUp = (): void => finish({ kind: "unknown", detail: "The sandbox network was closed." });
      const timer = this.#ports.clock.at(this.#ports.clock.now() + delayMs, () => finish(answer));
      this.#held.add(giveUp);
    });
  }
}

/** The script's word for this attempt, else the number's; the last word repeats. */
function wordOf(order: Order): string {
  const script = order.script !== null && order.script.length > 0 ? order.script : scriptOf(order.to);
  return script[Math.min(order.attemptNumber, script.length) - 1] ?? "answered";
}

type Fate = "taken" | "limited" | "lost_answer" | "lost_request" | Refused;
type Refused = Extract<PlaceAnswer, { kind: "refused" }>;

/** What becomes of the request itself: the behaviour's word, unless a fault strikes. */
function fateOf(order: Order, behaviour: Behaviour, settings: SandboxSettings): Fate {
  const faults = settings.faults;
  if (faults !== undefined) {
    const key = order.attemptKey;
    if (happens(faults.lose_requests, key, SALT.loseRequest)) return "lost_request";
    if (happens(faults.error_rate, key, SALT.error)) return refused("carrier_error", "HTTP 503");
    if (happens(faults.limit_rate, key, SALT.limit)) {
      return { ...refused("carrier_error", "HTTP 429"), retryAfterMs: 1_000 };
    }
    if (behaviour.request === "taken" && happens(faults.time_out, key, SALT.timeOut)) return "lost_answer";
  }
  return behaviour.request === "refused"
    ? refused(behaviour.outcome, behaviour.detail ?? behaviour.says)
    : behaviour.request;
}

function refused(outcome: Refused["outcome"], detail: string): Refused {
  return { kind: "refused", outcome, detail };
}

/** What a carrier knows of a dial at `now`: that it took it, and what happened since. */
function reportsUntil(dialed: Dialed, now: number): Report[] {
  const { carrierRef } = dialed;
  const key = dialed.ordinal > 1 ? `${dialed.ordinal}:accepted` : "accepted";
  const accepted: Report = { key, kind: "accepted", at: dialed.acceptedAt, sequence: 0, carrierRef };
  return [accepted, ...timelineOf(dialed).filter((report) => report.at <= now)];
}

function witnessOf(dialed: Dialed): Witness {
  const { ringAt, answeredAt, endedAt } = truthOf(dialed);
  const { attemptKey, to, acceptedAt } = dialed;
  return { attemptKey, to, acceptedAt, ringAt, answeredAt, endedAt };
}
