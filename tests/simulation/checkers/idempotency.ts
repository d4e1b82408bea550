import type { Checker, Violation } from "../checker.ts";
import type { KeyStep } from "../history.ts";

/** I9: one key, one call; another body under a used key changes nothing; one live call per dedupe key. */
export const idempotency: Checker = {
  name: "I9",
  promise: "The same key and request always name the same call; another request under the key has no effect.",
  *check({ history }) {
    for (const create of history.creates) {
      const ids = new Set(create.callIds);
      if (create.key !== null && ids.size > 1)
        yield {
          what: `${create.external} with key "${create.key}" was answered with ${[...ids].join(" and ")}`,
          at: create.ackedAt ?? 0,
        };
      if (create.isMismatch && create.heard === "yes")
        yield { what: `another request under key "${create.key}" was accepted`, at: create.ackedAt ?? 0 };
      if (create.isMismatch && create.refusal !== null && create.refusal !== "idempotency_mismatch")
        yield { what: `another request under key "${create.key}" was refused as ${create.refusal}` };
      if (!create.isMismatch && create.refusal === "idempotency_mismatch")
        yield {
          what: `${create.external} was told that its key "${create.key}" belongs to another request`,
          at: create.sentAt,
        };
    }
    yield* dedupe(history.rows.keySteps);
  },
};

/** Told by the order of the commits: by the clock, which may be set back, a call may seem to begin before another ended. */
function* dedupe(steps: readonly KeyStep[]): Generator<Violation> {
  const live = new Map<string, number>();
  for (const { what, dedupe_key: key, call_id: callId } of steps) {
    const holder = live.get(key);
    if (what === "born" && holder !== undefined)
      yield { what: `was made while call ${holder} was live with "${key}"`, callId };
    if (what === "free" && holder === callId) yield { what: `lost "${key}" while it was live`, callId };
    if (what === "born") live.set(key, callId);
    else if (what === "ended" && holder === callId) live.delete(key);
  }
}
