import { isOutcome } from "../domain/outcome.ts";
import { parsePhone, phoneFault } from "../domain/phone.ts";
import { refuseField } from "../domain/refusal.ts";
import { type Move, parseWeekly } from "../domain/window.ts";
import { parseDuration } from "../domain/zone.ts";
import type { LineRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { CallDocument, CallWindow } from "./document.ts";
import type { Actor, CallRequest, Idempotency } from "./engine.ts";
import type { Working } from "./ledger.ts";
import { openSettings } from "./line-settings.ts";
import { checkLive } from "./live-draft.ts";
import { planCall, subjectOf } from "./plan.ts";
import { readInstant, readWhen, zoneNamed } from "./when.ts";

/** A call that was planned and not yet stored: everything but its id. */
export type Draft = {
  readonly actor: Actor;
  readonly call: Working;
  readonly document: CallDocument;
  readonly e164: string;
  readonly externalId: string | null;
  readonly owner: string | null;
  readonly agent: string | null;
  readonly onDuplicate: "refuse" | "return";
  readonly idempotency: Idempotency | null;
  readonly moves: readonly Move[];
  readonly warnings: readonly string[];
  /** The country that nobody has decided on, if the call waits for that. */
  readonly newCountry: string | null;
};

/** Plans a request. Throws `Refusal` with the field that is at fault. */
export async function draftCall(
  context: Context,
  actor: Actor,
  request: CallRequest,
  idempotency: Idempotency | null,
): Promise<Draft> {
  const now = context.clock.now();
  const { book } = context;
  const phone = parsePhone(request.to);
  if (!phone.ok) throw refuseField("phone_invalid", "/to", phoneFault(phone));
  const asked = readWhen(context, request, now);
  const line =
    request.line === undefined
      ? book.defaultLine(actor.workspaceId)
      : book.findLine(actor.workspaceId, request.line);
  if (line === undefined) {
    if (request.line === undefined)
      throw refuseField("line_needed", "/line", "The workspace has no default line.");
    throw refuseField("line_unknown", "/line", `No line is called "${request.line.slice(0, 64)}".`);
  }
  const advice = await checkLive(context, actor, line, phone.e164);
  const hours = named(
    request.hours,
    (name) => book.findHours(actor.workspaceId, name),
    "hours_unknown",
    "/hours",
  );
  const policy = named(
    request.retry_policy,
    (name) => book.findPolicy(actor.workspaceId, name),
    "retry_policy_unknown",
    "/retry_policy",
  );
  const script = readScript(context, line.carrier, request);
  if (request.carrier === undefined) needNoInstructions(context, line);
  const laneId = await book.makeLane(actor.workspaceId, line.id, 0, request.priority ?? 5);
  const document: CallDocument = {
    timezone: asked.timezone,
    timezoneSource: asked.timezoneSource,
    name: request.name ?? null,
    purpose: request.purpose ?? null,
    metadata: request.metadata ?? {},
    script,
    hoursId: hours?.row.id ?? null,
    policyId: policy?.row.id ?? null,
    ...(request.window !== undefined && { window: readWindow(context, request.window) }),
    ...instructionsOf(context, line, request.carrier),
    ...(request.source !== undefined && { source: request.source }),
    ...(request.refused_retries !== undefined && { refusedRetries: request.refused_retries }),
  };
  const plan = planCall(context, subjectOf(actor.workspaceId, phone.e164, document), line, asked.at);
  if (plan.kind === "held") {
    if (plan.reason === "zone_unknown")
      throw refuseField(
        "zone_needed",
        "/timezone",
        "Calling hours apply, and the number's prefix tells no zone.",
      );
    throw refuseField(
      "never_open",
      request.window !== undefined ? "/window" : request.hours === undefined ? "/to" : "/hours",
      "Within the next 400 days no instant is inside all the calling hours that apply.",
    );
  }
  const expiry = readExpiry(
    context,
    request,
    asked.timezone,
    now,
    plan.dueAt,
    book.workspace(actor.workspaceId).expiresAfterMs,
  );
  return {
    actor,
    document,
    e164: phone.e164,
    externalId: request.external_id ?? null,
    owner: request.owner ?? null,
    agent: request.agent ?? null,
    onDuplicate: request.on_duplicate ?? "refuse",
    idempotency,
    moves: plan.moves,
    warnings: [...asked.warnings, ...(request.notes ?? []), ...advice.warnings],
    newCountry: advice.newCountry,
    call: {
      id: 0,
      workspace_id: actor.workspaceId,
      lane_id: laneId,
      status: "scheduled",
      number_hash: context.secrets.numberHash(actor.workspaceId, phone.e164),
      requested_at: asked.at,
      due_at: plan.dueAt,
      closes_at: plan.closesAt,
      expires_at: expiry.expiresAt,
      expires_after_ms: expiry.expiresAfterMs,
      plan_version: book.workspace(actor.workspaceId).row.plan_version,
      attempts: 0,
      attempt_id: null,
      ledger_head: 0,
      reason: plan.reason,
      purpose: request.purpose ?? null,
      dedupe_key: request.dedupe_key ?? null,
      series_id: null,
      outcome: null,
      disposition: null,
      dispatched_at: null,
      ended_at: null,
      version: 1,
      created_at: now,
      updated_at: now,
    },
  };
}

function named<T>(
  name: string | undefined,
  find: (name: string) => T | undefined,
  code: "hours_unknown" | "retry_policy_unknown",
  pointer: string,
): T | undefined {
  if (name === undefined) return undefined;
  const found = find(name);
  if (found === undefined) throw refuseField(code, pointer, `None is called "${name.slice(0, 64)}".`);
  return found;
}

function readScript(context: Context, carrier: string, request: CallRequest): readonly string[] | null {
  const script = request.sandbox?.script;
  if (script === undefined || script.length === 0) return null;
  const kind = context.carriers.get(carrier)?.kind;
  if (kind?.checkScriptWord === undefined) {
    throw refuseField("script_invalid", "/sandbox", "Only a line of the sandbox carrier takes a script.");
  }
  for (const [index, word] of script.entries()) {
    if (!kind.checkScriptWord(word) && !isOutcome(word)) {
      throw refuseField(
        "script_invalid",
        `/sandbox/script/${index}`,
        `"${word.slice(0, 64)}" is no word of the sandbox.`,
      );
    }
  }
  return script;
}

function readWindow(context: Context, window: NonNullable<CallRequest["window"]>): CallWindow {
  const parsed = parseWeekly(window.weekly);
  if (!parsed.ok) throw refuseField("invalid_body", `/window/weekly/${parsed.path}`, parsed.detail);
  const timezone =
    window.timezone === undefined || window.timezone === null
      ? null
      : zoneNamed(context, window.timezone, "/window/timezone").name;
  return { timezone, weekly: window.weekly };
}

function needNoInstructions(context: Context, line: LineRow): void {
  if (context.carriers.get(line.carrier)?.kind.needsInstructions !== true) return;
  throw refuseField(
    "instructions_invalid",
    "/carrier",
    `A line of the carrier ${line.carrier} takes only calls that tell it what to do.`,
  );
}

/** A carrier that takes instructions also judges a call that hands over none: its line may say nothing either. */
function instructionsOf(
  context: Context,
  line: LineRow,
  instructions: Readonly<Record<string, unknown>> | undefined,
): Pick<CallDocument, "instructions"> {
  const kind = context.carriers.get(line.carrier)?.kind;
  if (kind?.checkInstructions === undefined) {
    if (instructions === undefined) return {};
    throw refuseField(
      "instructions_invalid",
      "/carrier",
      `A line of the carrier ${line.carrier} takes no instructions of a call.`,
    );
  }
  const check = kind.checkInstructions(instructions ?? {}, openSettings(context, line));
  if (!check.ok) throw refuseField("instructions_invalid", `/carrier${check.pointer}`, check.detail);
  return instructions === undefined ? {} : { instructions };
}

export function readExpiry(
  context: Context,
  request: Pick<CallRequest, "expires_at" | "expires_after">,
  timezone: string | null,
  now: number,
  dueAt: number,
  defaultAfterMs: number,
): { readonly expiresAt: number; readonly expiresAfterMs: number | null } {
  if (request.expires_at !== undefined) {
    if (request.expires_after !== undefined)
      throw refuseField("invalid_body", "/expires_after", "Send expires_at or expires_after, not both.");
    const zone = timezone === null ? null : (context.zones.zone(timezone) ?? null);
    const { at } = readInstant(context, request.expires_at, zone, "compatible", "/expires_at");
    if (at <= Math.max(dueAt, now)) {
      throw refuseField(
        "expires_too_early",
        "/expires_at",
        "The call would expire before the first instant at which it may be placed.",
      );
    }
    return { expiresAt: at, expiresAfterMs: null };
  }
  if (request.expires_after === undefined)
    return { expiresAt: dueAt + defaultAfterMs, expiresAfterMs: defaultAfterMs };
  const after = parseDuration(request.expires_after);
  if (after === undefined || after === 0)
    throw refuseField("time_invalid", "/expires_after", "Send a duration such as 30m or 2h.");
  return { expiresAt: dueAt + after, expiresAfterMs: after };
}
