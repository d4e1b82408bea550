import type { SettingsCheck } from "../../ports/carrier.ts";

/** How a sandbox line misbehaves. Chances are 0 to 1 and drawn anew for each attempt (each callback where it says so). */
export type Faults = {
  /** Chance that a callback is lost. */
  readonly lose_callbacks?: number;
  /** Chance that a callback comes a second time, up to 3 s later. */
  readonly duplicate_callbacks?: number;
  /** Every callback comes this much later (ms). */
  readonly delay_callbacks_ms?: number;
  /** Chance that a callback is held back for up to 5 s, so that later ones overtake it. */
  readonly reorder_callbacks?: number;
  /** The answer to the create request comes this much later (ms). */
  readonly answer_delay_ms?: number;
  /** Chance that the request is taken and its answer lost. */
  readonly time_out?: number;
  /** Chance that the request is lost on its way: it times out, and nothing rings. */
  readonly lose_requests?: number;
  /** Chance that the request is refused with 503. */
  readonly error_rate?: number;
  /** Chance that the request is refused with 429 and Retry-After: 1. */
  readonly limit_rate?: number;
};

/** A sandbox line's settings. All optional; `{}` is a network without faults. */
export type SandboxSettings = {
  readonly faults?: Faults;
  /** How long a phone rings, answered or not (ms). Default: drawn, 2 to 6 s; 25 s when nobody answers. */
  readonly ring_ms?: number;
  /** How long people talk (ms), where the behaviour does not say. Default: drawn, 10 to 40 s. */
  readonly talk_ms?: number;
  /** The answer to the create request already holds the end of the call: for benches and very fast demos. */
  readonly answer?: "at_once";
};

const DAY_MS = 86_400_000;

/** The greatest value of each fault: 1 for a chance, a day for a delay. */
const FAULTS = {
  lose_callbacks: 1,
  duplicate_callbacks: 1,
  delay_callbacks_ms: DAY_MS,
  reorder_callbacks: 1,
  answer_delay_ms: DAY_MS,
  time_out: 1,
  lose_requests: 1,
  error_rate: 1,
  limit_rate: 1,
} as const satisfies Record<keyof Faults, number>;

const DURATIONS = { ring_ms: DAY_MS, talk_ms: DAY_MS } as const;

/** Checks a sandbox line's settings; the pointer (RFC 6901) says which one is wrong. */
export function parseSandboxSettings(input: Readonly<Record<string, unknown>>): SettingsCheck {
  for (const [name, value] of Object.entries(input)) {
    const wrong = checkOne(name, value);
    if (wrong !== null) return { ok: false, ...wrong };
  }
  return { ok: true, settings: { ...input } };
}

type Wrong = { readonly pointer: string; readonly detail: string };

function checkOne(name: string, value: unknown): Wrong | null {
  if (name === "faults") return checkFaults(value);
  if (name === "answer") {
    return value === "at_once" ? null : { pointer: "/answer", detail: 'answer can only be "at_once".' };
  }
  const most = Object.hasOwn(DURATIONS, name) ? DURATIONS[name as keyof typeof DURATIONS] : undefined;
  return most === undefined ? unknownName("", name) : checkNumber("", name, value, most);
}

function checkFaults(value: unknown): Wrong | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { pointer: "/faults", detail: 'faults must be an object, such as {"lose_callbacks": 0.2}.' };
  }
  for (const [name, chance] of Object.entries(value)) {
    const most = Object.hasOwn(FAULTS, name) ? FAULTS[name as keyof Faults] : undefined;
    const wrong =
      most === undefined ? unknownName("/faults", name) : checkNumber("/faults", name, chance, most);
    if (wrong !== null) return wrong;
  }
  return null;
}

function checkNumber(parent: string, name: string, value: unknown, most: number): Wrong | null {
  const whole = most > 1;
  const fits =
    typeof value === "number" && value >= 0 && value <= most && (!whole || Number.isInteger(value));
  if (fits) return null;
  const kind = whole ? "a whole number of milliseconds" : "a number";
  return { pointer: `${parent}/${name}`, detail: `${name} must be ${kind} from 0 to ${most}.` };
}

function unknownName(parent: string, name: string): Wrong {
  const known = parent === "" ? ["faults", ...Object.keys(DURATIONS), "answer"] : Object.keys(FAULTS);
  const escaped = name.replaceAll("~", "~0").replaceAll("/", "~1");
  return {
    pointer: `${parent}/${escaped}`,
    detail: `The sandbox has no such setting. It has: ${known.join(", ")}.`,
  };
}
