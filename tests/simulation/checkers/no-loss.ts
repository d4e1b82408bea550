import type { Checker } from "../checker.ts";
import { groupBy } from "../facts.ts";

/** I1: an acknowledged call is there exactly once, and a refused one is not there. */
export const noLoss: Checker = {
  name: "I1",
  promise: "An acknowledged call is never lost, and a refused one makes nothing.",
  *check({ history, externalOf, callsByPublicId }) {
    const ids = groupBy(
      [...externalOf].map(([id, external]) => ({ id, external })),
      (row) => Number(row.external.slice(5)),
    );
    for (const create of history.creates) {
      const made = ids.get(Number(create.external.slice(5))) ?? [];
      const name = `${create.external} (${create.heard}${create.refusal === null ? "" : `, ${create.refusal}`})`;
      if (made.length > 1) yield { what: `${name} became ${made.length} calls`, callId: made[0]?.id ?? 0 };
      if (create.heard === "yes" && !create.isOther && made.length === 0)
        yield { what: `${name} was acknowledged and is not there`, at: create.ackedAt ?? 0 };
      if (create.heard === "no" && made.length > 0)
        yield { what: `${name} was refused and is there`, callId: made[0]?.id ?? 0 };
      for (const callId of create.callIds) {
        if (!callsByPublicId.has(callId))
          yield { what: `${name} was answered with ${callId}, which is not there` };
      }
    }
  },
};
