import type { Checker } from "../checker.ts";

/** I18: what is reserved and spent, step by step as the store saw it, and what is left of it at the end. */
export const money: Checker = {
  name: "I18",
  promise:
    "Nothing is reserved beyond a maximum, and every reservation is given back exactly once, when its attempt is over.",
  *check({ history }) {
    const { moneySteps, spending, charges, attempts } = history.rows;
    for (const step of moneySteps) {
      const used = step.reserved + step.spent + step.overspent;
      if (step.reserved > step.reserved_before && step.max > 0 && used > step.max)
        yield { what: `${used} of ${step.max} were reserved and spent in ${step.span} ${step.number}` };
    }
    const byAttempt = new Map(attempts.map((row) => [row.id, row]));
    const held = new Map<string, number>();
    const cost = new Map<string, number>();
    for (const charge of charges) {
      const attempt = byAttempt.get(charge.attempt_id);
      if (attempt === undefined) yield { what: `the charge of attempt ${charge.attempt_id} has none` };
      else if ((charge.settled === 1) === (attempt.slot_held === 1))
        yield {
          what: `attempt ${charge.attempt_id} is ${attempt.status}, and its money is ${charge.settled === 1 ? "settled" : "held"}`,
          callId: attempt.call_id,
        };
      for (const key of [`${charge.line_id} hour ${charge.hour}`, `${charge.line_id} day ${charge.day}`]) {
        held.set(key, (held.get(key) ?? 0) + (charge.settled === 1 ? 0 : charge.reserved));
        cost.set(key, (cost.get(key) ?? 0) + charge.spent);
      }
    }
    for (const row of spending) {
      const key = `${row.line_id} ${row.span} ${row.number}`;
      if (row.reserved !== (held.get(key) ?? 0))
        yield { what: `${row.reserved} are reserved on ${key}, and attempts hold ${held.get(key) ?? 0}` };
      if (row.spent + row.overspent !== (cost.get(key) ?? 0))
        yield {
          what: `${row.spent + row.overspent} were spent on ${key}, and attempts cost ${cost.get(key) ?? 0}`,
        };
    }
  },
};
