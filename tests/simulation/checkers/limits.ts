import type { Checker } from "../checker.ts";
import { type Dial, groupBy } from "../facts.ts";
import { inForce } from "./window.ts";

/** A claim and its request are at most this far apart, because a request must leave within so long. */
const claimToRequestMs = 2000;

/** I6: slots, calls a day and calls to a number, by what the network truly saw. */
export const limits: Checker = {
  name: "I6",
  promise:
    "No line has more calls alive than slots, more calls a day than its cap, nor a number more than its caps.",
  *check({ history, dials, lineName }) {
    const onLine = groupBy(dials, (dial) => dial.attempt?.line_id ?? 0);
    for (const [lineId, own] of onLine) {
      const changes = history.limits.get(lineName.get(lineId) ?? "") ?? [];
      const plan = history.plan.lines.find((line) => line.name === lineName.get(lineId));
      for (const dial of own) {
        const at = dial.witness.acceptedAt;
        // Whether a call has lasted too long cannot be told by a clock that was set meanwhile.
        const alive = own.filter(
          ({ witness }) =>
            witness.acceptedAt <= at &&
            witness.endedAt > at &&
            !history.steps.some((step) => step.at >= witness.acceptedAt && step.at <= at),
        ).length;
        const held = inForceSince(changes, at - claimToRequestMs, at);
        const slots = Math.max(...held.map((one) => one.slots));
        if (alive > slots)
          yield {
            what: `${alive} calls alive on ${lineName.get(lineId)} with ${slots} slots`,
            at,
            callId: dial.call?.id ?? 0,
          };
      }
      yield* daily(
        own,
        plan?.timezone ?? "UTC",
        (at) => inForceSince(changes, at - 86_400_000, at).map((one) => one.daily),
        history.zones,
      );
    }
    for (const [hash, own] of Map.groupBy(dials, (dial) => dial.call?.number_hash ?? "")) {
      const times = own.map((dial) => dial.witness.acceptedAt).toSorted((a, b) => a - b);
      for (const [index, at] of times.entries()) {
        const caps = inForce(history.caps, at);
        // How long ago a number was called cannot be told by a clock that was set meanwhile.
        if (caps.length !== 1 || history.plan.classes.includes("clock")) continue;
        for (const cap of caps[0] ?? []) {
          const first = times[index - cap.max];
          if (first !== undefined && at - first < cap.windowMs - claimToRequestMs)
            yield {
              what: `number ${hash} was dialed more than ${cap.max} times in ${cap.windowMs} ms`,
              at,
              callId: own[index]?.call?.id ?? 0,
            };
        }
      }
    }
  },
};

function inForceSince<T>(changes: Parameters<typeof inForce<T>>[0], from: number, to: number): T[] {
  return [...inForce(changes, from), ...inForce(changes, to)];
}

function* daily(
  own: readonly Dial[],
  timezone: string,
  capsAt: (at: number) => number[],
  zones: Parameters<Checker["check"]>[0]["history"]["zones"],
): Generator<{ what: string; at: number; callId: number }> {
  const zone = zones.zone(timezone);
  const perDay = new Map<number, number>();
  for (const dial of own) {
    const at = dial.attempt?.claimed_at ?? 0;
    let segment = 0;
    while (at >= (zone?.untils[segment] ?? Infinity)) segment += 1;
    const day = Math.floor((at + (zone?.offsetsMs[segment] ?? 0)) / 86_400_000);
    perDay.set(day, (perDay.get(day) ?? 0) + 1);
    const caps = capsAt(dial.request.at);
    const most = caps.includes(0) ? Infinity : Math.max(...caps);
    const used = perDay.get(day) ?? 0;
    if (used > most)
      yield {
        what: `${used} calls on one day of a line that may make ${most}`,
        at: dial.request.at,
        callId: dial.call?.id ?? 0,
      };
  }
}
