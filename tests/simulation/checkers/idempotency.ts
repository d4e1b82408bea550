import type { Checker } from "../checker.ts";

/** I9: one key, one call; another body under a used key changes nothing; one live call per dedupe key. */
export const idempotency: Checker = {
  name: "I9",
  promise: "The same key and request always name the same call; another request under the key has no effect.",
  *check({ history, calls }) {
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
    const live = [...calls.values()]
      .filter((call) => call.dedupe_key !== null)
      .toSorted((a, b) => a.id - b.id);
    for (const [index, call] of live.entries()) {
      const next = live.slice(index + 1).find((one) => one.dedupe_key === call.dedupe_key);
      if (next !== undefined && next.created_at < (call.ended_at ?? Infinity))
        yield { what: `two live calls have "${call.dedupe_key}"`, callId: next.id };
    }
  },
};
