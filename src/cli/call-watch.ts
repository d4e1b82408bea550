import { type Reason, reasons } from "../domain/call.ts";
import type { Client } from "./client.ts";
import type { Context } from "./context.ts";
import type { Exit } from "./exit-codes.ts";
import { type Attempt, type Call, type List, isOver } from "./shapes.ts";
import { type Times, hourOf, instant, preciseClock, recipientZone, spanWords, stamp } from "./times.ts";

/** A thing that happened to a call, once. */
export type Step = {
  /** UTC ms. */
  readonly at: number;
  readonly step: "due" | "dialing" | "ringing" | "answered" | "ended" | "waits";
  readonly attempt: number;
  readonly words: string;
};

/**
 * What is known to have happened, in order. A pure function of what the API says, so that asking again and again shows
 * the same steps and new ones after them.
 */
export function stepsOf(call: Call, attempts: readonly Attempt[]): Step[] {
  const steps: Step[] = [];
  for (const [i, attempt] of attempts.toSorted((a, b) => a.number - b.number).entries()) {
    const add = (step: Step["step"], at: number | null, words: string): void => {
      if (at !== null) steps.push({ at, step, attempt: attempt.number, words });
    };
    const delay = `${spanWords(attempt.start_delay_ms)} after due`;
    const late = attempt.waited_for === null ? "" : `, it had waited for ${attempt.waited_for}`;
    add("due", instant(attempt.due_at), "");
    add("dialing", instant(attempt.claimed_at), `try ${attempt.number}, ${delay}${late}`);
    add("ringing", instant(attempt.ringing_at), "");
    add("answered", instant(attempt.answered_at), "");
    add("ended", instant(attempt.ended_at), outcomeWords(attempt));
    const isLast = i === attempts.length - 1;
    if (isLast && (call.status === "scheduled" || needsHand(call)))
      add("waits", instant(attempt.ended_at), "");
  }
  return steps;
}

export type WatchOptions = {
  /** Print each step when it happens. */
  readonly live: boolean;
  /** Go on through waits of any length. */
  readonly patient: boolean;
  /** Give up at this instant (UTC ms). */
  readonly untilAt: number;
};

const ASK_EVERY_MS = 150;
/** With --watch alone, a call that rests longer than this is left to itself. */
export const REST_MAX_MS = 60_000;

/**
 * Follows a call until it has ended. Ends `done` when the person was reached, `not_reached` when not, `timed_out` when the
 * call still goes on: at `untilAt`, or (unless patient) as soon as it is to wait for more than a minute.
 */
export async function watchCall(
  context: Context,
  client: Client,
  times: Times,
  first: Call,
  options: WatchOptions,
): Promise<Exit> {
  const { terminal } = context;
  let interrupted = false;
  const release = terminal.onInterrupt(() => (interrupted = true));
  const shown = new Set<string>();
  let call = first;
  try {
    for (;;) {
      // The call first: attempts that are read after its end know of the end.
      call = await client.get<Call>(`/v1/calls/${call.id}`);
      const attempts = await client.get<List<Attempt>>(`/v1/calls/${call.id}/attempts`);
      if (options.live) showSteps(context, times, call, attempts.data, shown);
      if (isOver(call)) return finish(context, call, attempts.data);
      const rest = restOf(call, terminal.now());
      if (rest !== null && !(options.patient && rest.until !== null) && shouldLeave(rest, terminal.now())) {
        return leave(context, times, call, rest);
      }
      if (interrupted) return abandon(context, call);
      if (terminal.now() >= options.untilAt) return leave(context, times, call, rest ?? { until: null });
      await terminal.sleep(ASK_EVERY_MS);
    }
  } finally {
    release();
  }
}

type Rest = { readonly until: number | null };

/** Whether the call stands still, and until when; null while somebody is on it or it is about to start. */
function restOf(call: Call, now: number): Rest | null {
  if (needsHand(call)) return { until: null };
  if (call.status === "dialing") return null;
  if (call.status === "queued") return now - instant(call.due_at) > REST_MAX_MS ? { until: null } : null;
  const until = instant(call.next_action_at) ?? instant(call.due_at);
  return until === null || until <= now ? null : { until };
}

function shouldLeave({ until }: Rest, now: number): boolean {
  return until === null || until - now > REST_MAX_MS;
}

function showSteps(
  context: Context,
  times: Times,
  call: Call,
  attempts: readonly Attempt[],
  shown: Set<string>,
): void {
  for (const step of [...stepsOf(call, attempts), ...queueStep(call)]) {
    const words = step.step === "waits" && step.words === "" ? retryWords(call, times) : step.words;
    // What happened happened once; a wait is a new one when its cause or its end is.
    const key = `${step.attempt} ${step.step}${step.step === "waits" ? ` ${words}` : ""}`;
    if (shown.has(key)) continue;
    shown.add(key);
    context.printLine(
      { type: "step", call_id: call.id, ...step, at: new Date(step.at).toISOString(), words },
      () => {
        const mark = step.step === "waits" ? context.paint("yellow", "waits   ") : step.step.padEnd(8);
        return `  ${context.paint("dim", preciseClock(step.at, times.home))}  ${mark}  ${words}`.trimEnd();
      },
    );
  }
}

/** A due call that nobody dials yet says what it waits for. */
function queueStep(call: Call): Step[] {
  if (call.status !== "queued" || call.waiting_for === null) return [];
  return [
    { at: instant(call.due_at), step: "waits", attempt: call.attempts, words: reasonWords(call.waiting_for) },
  ];
}

/** Why the call waits, and when something happens next. */
function retryWords(call: Call, times: Times): string {
  const why = reasonWords(call.waiting_for ?? call.reason);
  const at = instant(call.next_action_at);
  return at === null ? why : `${why} Next: ${stamp(at, times.home)}`;
}

function finish(context: Context, call: Call, attempts: readonly Attempt[]): Exit {
  const reached = call.status === "completed";
  const last = attempts.toSorted((a, b) => a.number - b.number).at(-1);
  context.printLine(call, () => {
    const parts = [call.status, call.outcome, call.disposition].filter((part) => part !== null);
    if (last?.duration_ms !== null && last?.duration_ms !== undefined)
      parts.push(spanWords(last.duration_ms));
    if (last !== undefined) parts.push(`start delay ${spanWords(last.start_delay_ms)}`);
    if (attempts.length > 1) parts.push(`${attempts.length} tries`);
    const mark = reached ? context.paint("green", "✓") : context.paint("red", "✗");
    const why = reached ? "" : `\n  ${reasonWords(call.reason)}`;
    return `${mark} ${parts.join(" · ")}${why}\n  carillon calls explain ${call.id}`;
  });
  return reached ? "done" : "not_reached";
}

function leave(context: Context, times: Times, call: Call, { until }: Rest): Exit {
  context.printLine(call, () => {
    const mark = context.paint("yellow", "…");
    const when = until === null ? "" : ` until ${stamp(until, times.home)}`;
    const why = reasonWords(call.waiting_for ?? call.reason);
    const further = `carillon calls explain ${call.id}`;
    return `${mark} ${call.status}${when}: ${why}\n  ${needsHand(call) || BY_HAND.has(call.waiting_for) ? "It waits for somebody." : "It goes on by itself."} ${further}`;
  });
  return "timed_out";
}

/** Nothing more happens before somebody does something. */
function needsHand(call: Call): boolean {
  return call.status === "paused" || call.status === "needs_review";
}

const BY_HAND: ReadonlySet<string | null> = new Set(["dialing_stopped", "line_paused", "line_removed"]);

function abandon(context: Context, call: Call): Exit {
  context.note(
    `\nThe call goes on without you; see carillon calls show ${call.id}, or carillon calls cancel ${call.id}`,
  );
  return "interrupted";
}

function outcomeWords(attempt: Attempt): string {
  const parts = [attempt.outcome, attempt.disposition].filter((part) => part !== null);
  if (attempt.duration_ms !== null) parts.push(spanWords(attempt.duration_ms));
  if (attempt.detail !== null) parts.push(attempt.detail);
  return parts.join(", ");
}

/** The sentence for a machine-readable reason; the reason itself when it is new. */
export function reasonWords(reason: string): string {
  return reasons[reason as Reason] ?? reason;
}

/** A warning when it is night for the recipient; null by day or when nothing is known of the place. */
export function nightWarning(times: Times, call: Call, isReal: boolean): string | null {
  const zone = recipientZone(times, call.to, call.timezone);
  if (zone === undefined) return null;
  const hour = hourOf(instant(call.due_at), zone);
  if (hour >= 8 && hour < 21) return null;
  const local = stamp(instant(call.due_at), zone);
  return isReal
    ? `It will be night for the recipient: ${local}.`
    : `It will be night for the recipient: ${local}. This is the sandbox, so it goes on; a real call would wait until 08:00 there.`;
}
