import { Refusal } from "../domain/refusal.ts";
import { formatUtc } from "../domain/zone.ts";
import type {
  CallDraft,
  CallWish,
  House,
  LineWish,
  NotificationDraft,
  NotificationWish,
  ProgramActor,
  ProgramCall,
  RetryWish,
  Said,
} from "../ports/program.ts";
import type { JobView } from "../ports/job.ts";
import type { Context, ProgramPorts } from "./context.ts";
import { draftCall } from "./draft.ts";
import type { RetryPolicySpec } from "./config-api.ts";
import type { CallRequest } from "./engine.ts";
import { openSettings } from "./line-settings.ts";
import { createLine, updateLine } from "./lines.ts";
import { pruneNotifications, retryFailed } from "./notifications.ts";
import { type TxParts, transact } from "./program-tx.ts";
import type { Receive } from "./receive.ts";
import { createRetryPolicy, updateRetryPolicy } from "./retry-policies.ts";
import { readCalls } from "./view.ts";

/** What stands behind the parts of the house that are not calls. */
export type HouseParts = TxParts & {
  draftNotification(actor: ProgramActor, wish: NotificationWish): Promise<NotificationDraft>;
  timetable(actor: ProgramActor): Promise<readonly JobView[]>;
};

export type HousePorts = ProgramPorts & {
  readonly receive: Receive;
  readonly parts: HouseParts;
  readonly defaultActor: () => ProgramActor;
};

/** The engine as one program sees it. */
export function makeHouse(context: Context, ports: HousePorts, program: string): House {
  const { clock, random, log, zones, phoneMetadata, secrets, store } = context;
  const { parts } = ports;
  return {
    clock,
    random,
    log,
    zones,
    phoneMetadata,
    secrets,
    readCsv: ports.readCsv,
    settings: ports.settings,
    sql: () => store.sql(),
    read: (name, verb) => store.read(`${program}: ${name}`, verb),
    transact: (name, actor, needs, verb) =>
      transact(context, parts, `${program}: ${name}`, actor, needs, verb),
    draftCall: async (actor, wish) => {
      const draft = await draftCall(context, actor, requestOf(wish), null);
      return Object.assign(draft, { dueAt: draft.call.due_at }) as unknown as CallDraft;
    },
    draftNotification: (actor, wish) => parts.draftNotification(actor, wish),
    retryFailedNotifications: (actor, limit) => retryFailed(context, actor, limit),
    pruneNotifications: (actor, before, limit) => pruneNotifications(context, actor, before, limit),
    calls: (actor, callIds) => programCalls(context, actor, callIds),
    report: (actor, callId, said) => report(context, ports.receive, actor, callId, said),
    keepLine: (actor, wish) => keepLineSurely(context, actor, wish),
    timetable: (actor) => parts.timetable(actor),
    workspaces: () =>
      [...context.book.workspaces.keys()].map((workspaceId) => ({ workspaceId, name: program })),
    defaultActor: () => ({ ...ports.defaultActor(), name: program }),
    wake(at = clock.now()) {
      context.programs.wake(program, at);
      context.wake("programs", at);
    },
  };
}

function requestOf(wish: CallWish): CallRequest {
  const { retryPolicy, externalId, dedupeKey, expiresAt, expiresAfter, sandboxScript, at, ...same } = wish;
  return {
    ...same,
    ...(at !== undefined && { at: formatUtc(at) }),
    ...(expiresAt !== undefined && { expires_at: formatUtc(expiresAt) }),
    ...(expiresAfter !== undefined && { expires_after: expiresAfter }),
    ...(retryPolicy !== undefined && { retry_policy: retryPolicy }),
    ...(externalId !== undefined && { external_id: externalId }),
    ...(dedupeKey !== undefined && { dedupe_key: dedupeKey, on_duplicate: "return" }),
    ...(sandboxScript !== undefined && { sandbox: { script: sandboxScript } }),
  };
}

async function programCalls(
  context: Context,
  actor: ProgramActor,
  callIds: readonly number[],
): Promise<readonly (ProgramCall | null)[]> {
  const views = new Map((await readCalls(context, actor, callIds)).map((view) => [view.id, view]));
  const { statements } = context.store;
  const attempts = new Map(
    (
      await context.store.read("read the latest attempts", function* () {
        const rows = yield* statements.calls.byIds(callIds.map((id) => ({ id })));
        return yield* statements.attempts.byIds(
          rows.flatMap((row) => (row.attempt_id === null ? [] : [{ id: row.attempt_id }])),
        );
      })
    ).map((row) => [row.call_id, row]),
  );
  return callIds.map((id) => {
    const view = views.get(context.secrets.publicId("call", id));
    if (view === undefined) return null;
    const attempt = attempts.get(id);
    return {
      id,
      publicId: view.id,
      status: view.status,
      reason: view.reason,
      outcome: view.outcome,
      disposition: view.disposition,
      to: view.to,
      name: view.name,
      purpose: view.purpose,
      attempts: view.attempts,
      dueAt: view.dueAt,
      dispatchedAt: view.dispatchedAt,
      answeredAt: attempt?.answered_at ?? null,
      endedAt: view.endedAt,
      durationMs: attempt?.duration_ms ?? null,
      nextActionAt: view.nextActionAt,
      line: view.line.name,
      detail: attempt?.detail ?? null,
      carrierRef: attempt?.carrier_ref ?? null,
    };
  });
}

/** A report like any other, of the latest attempt. */
async function report(
  context: Context,
  receive: Receive,
  actor: ProgramActor,
  callId: number,
  said: Said,
): Promise<boolean> {
  const { statements } = context.store;
  const [call] = await context.store.read("read a call to report on", () =>
    statements.calls.byIds([{ id: callId }]),
  );
  if (call === undefined || call.workspace_id !== actor.workspaceId || call.attempt_id === null) return false;
  return receive.add(call.attempt_id, [{ ...said, kind: "ended", isSpoken: true }]);
}

const keepTriesMax = 3;

/** Whoever wants the same line at the same time may have made or changed it first: then it is looked at again. */
async function keepLineSurely(context: Context, actor: ProgramActor, wish: LineWish): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await keepLine(context, actor, wish);
    } catch (error) {
      const isRaced =
        error instanceof Refusal && (error.code === "name_taken" || error.code === "precondition_failed");
      if (!isRaced || tries === keepTriesMax) throw error;
      await context.book.load();
    }
  }
}

/**
 * A line of the program's own, at the carrier of the workspace's default line and with its settings, so that the program's
 * limits are counted in the claim like those of every other line. A line keeps its carrier: where the default line has
 * moved to another one, the program's new line carries that carrier in its name.
 */
async function keepLine(context: Context, actor: ProgramActor, wish: LineWish): Promise<string> {
  const { book } = context;
  const policy =
    wish.retryPolicy === undefined ? undefined : await keepPolicy(context, actor, wish.retryPolicy);
  const model = book.defaultLine(actor.workspaceId);
  const known = book.findLine(actor.workspaceId, wish.name);
  const name =
    known === undefined || model === undefined || known.carrier === model.carrier
      ? wish.name
      : `${wish.name}-${model.carrier}`;
  const line = name === wish.name ? known : book.findLine(actor.workspaceId, name);
  const limits = {
    slots_max: wish.slotsMax,
    daily_max: wish.dailyMax,
    timezone: wish.timezone,
    ...(policy !== undefined && { retry_policy: policy }),
  };
  if (line === undefined) {
    const carrier = model?.carrier ?? "sandbox";
    const settings = model === undefined ? {} : (openSettings(context, model) as Record<string, unknown>);
    const callerId = model === undefined ? null : model.caller_id;
    await createLine(context, actor, { name, carrier, settings, caller_id: callerId, ...limits });
    await markKept(context, actor, name);
    return name;
  }
  await markKept(context, actor, name);
  const policyId =
    policy === undefined
      ? line.retry_policy_id
      : (book.findPolicy(actor.workspaceId, policy)?.row.id ?? null);
  const same =
    line.slots_max === wish.slotsMax &&
    line.daily_max === wish.dailyMax &&
    line.timezone === wish.timezone &&
    line.retry_policy_id === policyId;
  if (!same) await updateLine(context, actor, name, limits);
  return name;
}

/** Beside it, the workspace's only other line stays the one that calls go out through when they name none. */
async function markKept(context: Context, actor: ProgramActor, name: string): Promise<void> {
  const { book } = context;
  const line = book.findLine(actor.workspaceId, name);
  const { keptLines } = book.workspace(actor.workspaceId);
  if (line === undefined || keptLines.includes(line.id)) return;
  const value = JSON.stringify([...keptLines, line.id]);
  const row = {
    workspace_id: actor.workspaceId,
    name: "kept_lines",
    value,
    updated_at: context.clock.now(),
  };
  await book.changing(
    context.store.run("mark a program's line", () => context.store.statements.settings.put([row])),
  );
  await book.load();
}

async function keepPolicy(context: Context, actor: ProgramActor, wish: RetryWish): Promise<string> {
  const seconds = `${Math.max(1, Math.round(wish.delayMs / 1000))}s`;
  const rule = { retries: wish.retries, first_delay: seconds, factor: 1, max_delay: seconds };
  const spec: Partial<RetryPolicySpec> = {
    rules: { busy: rule, no_answer: rule, voicemail: rule, declined: rule, network_error: rule },
    attempts_max: wish.retries + 1,
    jitter: 0,
    other_daypart: false,
  };
  const known = context.book.findPolicy(actor.workspaceId, wish.name);
  if (known === undefined) await createRetryPolicy(context, actor, { name: wish.name, ...spec });
  else if (
    known.policy.attemptsMax !== wish.retries + 1 ||
    known.policy.rules.busy.firstDelayMs !== wish.delayMs
  )
    await updateRetryPolicy(context, actor, wish.name, spec);
  return wish.name;
}
