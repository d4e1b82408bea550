import { isAnswer, isReminder } from "../../../src/programs/appointments/rules.ts";
import type { Checker, Violation } from "../checker.ts";
import type { Facts } from "../facts.ts";
import { type Telling, idealOf, isQuietFor } from "../visit-facts.ts";

const minuteMs = 60_000;
/** What would come in quiet hours may come so long before they begin. */
const headStartMs = 30 * minuteMs;
/** A clock that is set back between the claim and the request makes it look early; a pause there lasts no longer. */
const pauseMs = 360_000;

/** I23: by the machine's clock, no reminder comes before its minute or when the appointment begins, and none in quiet hours. */
export const inTime: Checker = {
  name: "I23",
  promise: "No reminder comes early, in vain or in quiet hours.",
  *check(facts) {
    for (const telling of facts.visits.tellings) {
      for (const what of faultsOf(facts, telling)) {
        const { at, callId } = telling;
        yield { what: `${telling.what} ${what}`, at, ...(callId !== null && { callId }) } satisfies Violation;
      }
    }
  },
};

function* faultsOf({ history }: Facts, telling: Telling): Generator<string> {
  const { visit, kind, startsAt, at, noticedAt } = telling;
  const time = new Date(noticedAt).toISOString();
  if (!isAnswer(kind) && isQuietFor(history.zones, visit, noticedAt)) yield `came at ${time} in quiet hours`;
  if (!isReminder(kind)) return;
  if (noticedAt >= startsAt) yield `came at ${time}, when the appointment had begun`;
  const earliest = earliestOf(history, telling);
  const wasSetBack = history.steps.some((step) => step.ms < 0 && step.at <= at && step.at > at - pauseMs);
  if (noticedAt < earliest && !wasSetBack) yield `came at ${time}, ${earliest - noticedAt} ms early`;
}

/** When the reminder is due, or what lies before the quiet hours that it would fall into. */
function earliestOf(history: Facts["history"], { visit, kind, startsAt }: Telling): number {
  const ideal = idealOf(history.zones, visit.shop, kind, startsAt);
  if (!isQuietFor(history.zones, visit, ideal)) return ideal;
  let from = ideal;
  while (isQuietFor(history.zones, visit, from - minuteMs)) from -= minuteMs;
  return from - headStartMs;
}
