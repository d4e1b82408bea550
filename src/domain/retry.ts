import { type Outcome, type RetryClass, retryClassOf } from "./outcome.ts";
import type { Reason } from "./call.ts";

/** One class's rule: up to `retries` further attempts, the k-th after firstDelayMs × factor^(k-1). */
export type RetryRule = {
  readonly retries: number;
  readonly firstDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
};

export type RetryPolicy = {
  readonly rules: Readonly<Record<RetryClass, RetryRule>>;
  /** Attempts of one call in all, whatever their outcomes. */
  readonly attemptsMax: number;
  /** Each delay is stretched or shrunk by up to this share, 0.1 = ±10 %. */
  readonly jitter: number;
  /** Move the next try to another part of the recipient's day (morning, afternoon, evening) than the last one. */
  readonly otherDaypart: boolean;
  /** A number with a never-retry outcome is not called again for this long; 0 switches quarantine off. */
  readonly quarantineMs: number;
  /**
   * For attempts that failed for want of the network before any carrier took them: nobody was rung, so they may follow each
   * other within seconds, and do not count towards `attemptsMax`. Absent: they are as any other `network_error`.
   */
  readonly refused?: RetryRule;
};

/** The rule of requests that were refused: `attemptsMax` in all, the delays growing from `backoffMs` by doubling. */
export function refusedRule(retries: {
  readonly attemptsMax: number;
  readonly backoffMs: number;
}): RetryRule {
  return {
    retries: retries.attemptsMax - 1,
    firstDelayMs: retries.backoffMs,
    factor: 2,
    maxDelayMs: hour,
  };
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The defaults of `/v1`: the retry table of the scheduling service, by failure type. */
export const defaultRetryPolicy: RetryPolicy = {
  rules: {
    busy: { retries: 3, firstDelayMs: 10 * minute, factor: 2, maxDelayMs: day },
    no_answer: { retries: 3, firstDelayMs: 5 * minute, factor: 2, maxDelayMs: day },
    voicemail: { retries: 2, firstDelayMs: 30 * minute, factor: 2, maxDelayMs: day },
    declined: { retries: 1, firstDelayMs: hour, factor: 1, maxDelayMs: day },
    network_error: { retries: 5, firstDelayMs: 2 * minute, factor: 2, maxDelayMs: day },
  },
  attemptsMax: 8,
  jitter: 0.1,
  otherDaypart: false,
  quarantineMs: 30 * day,
};

/** No second attempt, whatever became of the first. */
export const noRetries: RetryPolicy = { ...defaultRetryPolicy, attemptsMax: 1 };

export type Verdict =
  | { readonly kind: "done"; readonly reason: Reason }
  | { readonly kind: "give_up"; readonly reason: Reason; readonly quarantine: boolean }
  | { readonly kind: "retry"; readonly notBefore: number; readonly retryClass: RetryClass };

export type Ended = {
  readonly outcome: Outcome;
  readonly disposition: string | null;
  /** No carrier took it: nobody was rung. */
  readonly isRefused?: boolean;
  /** When the attempt ended, by the carrier's word (UTC ms). */
  readonly endedAt: number;
};

/**
 * What follows from an attempt that ended. `earlier` are the call's attempts before it, in any order. `seed` makes the
 * jitter a function of the attempt, so that judging the same attempt twice gives the same instant.
 */
export function judgeAttempt(
  policy: RetryPolicy,
  attempt: Ended,
  earlier: readonly Omit<Ended, "endedAt">[],
  seed: number,
): Verdict {
  const kind = retryClassOf(attempt.outcome, attempt.disposition);
  if (kind === "done") return { kind: "done", reason: "reached" };
  if (kind === "never") return { kind: "give_up", reason: "never_retried", quarantine: true };
  const apart = isApart(policy, attempt);
  const rule = apart && policy.refused !== undefined ? policy.refused : policy.rules[kind];
  const counted = earlier.filter((one) => isApart(policy, one) === apart);
  const used = counted.filter((one) => retryClassOf(one.outcome, one.disposition) === kind).length;
  if (used >= rule.retries || (!apart && counted.length + 1 >= policy.attemptsMax)) {
    return { kind: "give_up", reason: "retries_exhausted", quarantine: false };
  }
  const delay = retryDelayMs(rule, used, apart ? 0 : policy.jitter, seed);
  return { kind: "retry", notBefore: attempt.endedAt + delay, retryClass: kind };
}

/** Whether an attempt falls under the rule of refused requests. */
function isApart(policy: RetryPolicy, one: Omit<Ended, "endedAt">): boolean {
  return (
    policy.refused !== undefined &&
    one.isRefused === true &&
    retryClassOf(one.outcome, one.disposition) === "network_error"
  );
}

/** How long to wait before the retry after `used` earlier ones; `jitter` is a share, `seed` decides its throw. */
export function retryDelayMs(rule: RetryRule, used: number, jitter: number, seed: number): number {
  const plain = Math.min(rule.maxDelayMs, rule.firstDelayMs * rule.factor ** used);
  return Math.round(plain * (1 + jitter * (2 * fraction(seed) - 1)));
}

/** A well-mixed fraction in [0, 1) of an integer. */
function fraction(seed: number): number {
  let x = (seed ^ 0x9e3779b9) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
}

/** Morning before 12:00, afternoon before 17:00, evening after; minutes of the recipient's day. */
export function daypartOf(minuteOfDay: number): "morning" | "afternoon" | "evening" {
  return minuteOfDay < 720 ? "morning" : minuteOfDay < 1020 ? "afternoon" : "evening";
}

/** The first minute offset from `minuteOfDay` at which another part of the day begins. */
export function minutesToOtherDaypart(minuteOfDay: number): number {
  if (minuteOfDay < 720) return 720 - minuteOfDay;
  if (minuteOfDay < 1020) return 1020 - minuteOfDay;
  return 1440 - minuteOfDay;
}
