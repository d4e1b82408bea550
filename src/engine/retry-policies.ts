import { type RetryClass, retryClasses } from "../domain/outcome.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import { type RetryPolicy, type RetryRule, defaultRetryPolicy } from "../domain/retry.ts";
import { parseDuration } from "../domain/zone.ts";
import type { RetryPolicyRow } from "../ports/rows.ts";
import type { PolicyEntry } from "./book.ts";
import type { Context } from "./context.ts";
import type { RetryPolicyInput, RetryPolicyView } from "./config-api.ts";
import type { Actor } from "./engine.ts";
import { checkVersion, nameTaken } from "./lines.ts";

/** A new policy; what it does not say is as in the built-in one. */
export async function createRetryPolicy(
  context: Context,
  actor: Actor,
  input: RetryPolicyInput,
): Promise<RetryPolicyView> {
  const lease = await context.ids.reserve({ config: 1 });
  const now = context.clock.now();
  const row: RetryPolicyRow = {
    id: lease.next("config"),
    workspace_id: actor.workspaceId,
    name: input.name,
    spec: JSON.stringify(readPolicy(input, defaultRetryPolicy)),
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const written = await context.store.run("create a retry policy", () =>
    context.store.statements.retryPolicies.insert([row]),
  );
  if (written.length === 0) throw nameTaken(input.name);
  await context.book.load();
  return view(context, require(context, actor, input.name));
}

export async function updateRetryPolicy(
  context: Context,
  actor: Actor,
  policyId: string,
  patch: Partial<RetryPolicyInput>,
  ifVersion?: number,
): Promise<RetryPolicyView> {
  const { row, policy } = require(context, actor, policyId);
  checkVersion(row.version, ifVersion);
  const next: RetryPolicyRow = {
    ...row,
    name: patch.name ?? row.name,
    spec: JSON.stringify(readPolicy(patch, policy)),
    updated_at: context.clock.now(),
  };
  const written = await context.book.changing(
    context.store.run("update a retry policy", () => context.store.statements.retryPolicies.update([next])),
  );
  if (written.length === 0)
    throw new Refusal("precondition_failed", "The policy was changed at the same time.");
  await context.book.load();
  return view(context, require(context, actor, next.name));
}

export async function removeRetryPolicy(context: Context, actor: Actor, policyId: string): Promise<void> {
  const { row } = require(context, actor, policyId);
  const line = context.book.linesOf(actor.workspaceId).find((one) => one.retry_policy_id === row.id);
  if (line !== undefined) throw new Refusal("in_use", `The line "${line.name}" uses this policy.`);
  if (context.book.workspace(actor.workspaceId).defaultPolicy === row.id)
    throw new Refusal("in_use", "It is the workspace's default policy.");
  await context.store.run("remove a retry policy", () =>
    context.store.statements.retryPolicies.remove([{ id: row.id }]),
  );
  await context.book.load();
}

export function listRetryPolicies(context: Context, actor: Actor): readonly RetryPolicyView[] {
  return [...context.book.policies.values()]
    .filter(({ row }) => row.workspace_id === actor.workspaceId)
    .map((entry) => view(context, entry));
}

function require(context: Context, actor: Actor, policyId: string): PolicyEntry {
  const entry = context.book.findPolicy(actor.workspaceId, policyId);
  if (entry === undefined || entry.row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no retry policy "${policyId.slice(0, 64)}".`);
  return entry;
}

function readPolicy(input: Partial<RetryPolicyInput>, base: RetryPolicy): RetryPolicy {
  const rules: Record<RetryClass, RetryRule> = { ...base.rules };
  for (const [name, rule] of Object.entries(input.rules ?? {})) {
    if (!(retryClasses as readonly string[]).includes(name)) {
      throw refuseField(
        "invalid_body",
        `/rules/${name.slice(0, 40)}`,
        `Rules are for ${retryClasses.join(", ")}.`,
      );
    }
    const known = base.rules[name as RetryClass];
    rules[name as RetryClass] = {
      retries: rule.retries,
      firstDelayMs:
        rule.first_delay === undefined
          ? known.firstDelayMs
          : durationAt(rule.first_delay, `/rules/${name}/first_delay`),
      factor: rule.factor ?? known.factor,
      maxDelayMs:
        rule.max_delay === undefined
          ? known.maxDelayMs
          : durationAt(rule.max_delay, `/rules/${name}/max_delay`),
    };
  }
  return {
    rules,
    attemptsMax: input.attempts_max ?? base.attemptsMax,
    jitter: input.jitter ?? base.jitter,
    otherDaypart: input.other_daypart ?? base.otherDaypart,
    quarantineMs:
      input.quarantine === undefined ? base.quarantineMs : durationAt(input.quarantine, "/quarantine"),
  };
}

function durationAt(text: string, pointer: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw refuseField("time_invalid", pointer, `"${text.slice(0, 40)}" is no duration such as 5m.`);
  return ms;
}

function view(context: Context, { row, policy }: PolicyEntry): RetryPolicyView {
  return {
    id: context.secrets.publicId("retry_policy", row.id),
    name: row.name,
    policy,
    isDefault: context.book.workspace(row.workspace_id).defaultPolicy === row.id,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
