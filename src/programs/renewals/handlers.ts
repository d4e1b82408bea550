import type { FastifyReply, FastifyRequest } from "fastify";

import type { IdKind } from "../../domain/ids.ts";
import { Refusal } from "../../domain/refusal.ts";
import { actorOf } from "../../ports/http/requests.ts";

import * as fields from "./fields.ts";
import { readForm } from "./form.ts";
import { cancelCall, initiateCall, scheduleCall } from "./order-call.ts";
import type { Actor, Parts } from "./parts.ts";
import { pendingRows, renderPending } from "./pending.ts";
import { type KnownCall, knownCalls, listCalls, renderCall, renderScheduled } from "./read-calls.ts";
import { callNotFound, customerNotFound, holdingNotFound, policyNotFound } from "./refusals.ts";
import { changeSettings, readSettings, renderSettings } from "./settings.ts";
import { type Report, cleanUp, readAnalytics, readStats } from "./stats.ts";
import { setCallStatus, summarizeCall } from "./summary.ts";
import type { RenewalCallRow } from "./tables.ts";
import { REASON, trigger } from "./trigger.ts";

export type Request = FastifyRequest<{ Params: { id: string; holding_id: string } }>;

const LIMIT_DEFAULT = 50;
/** More is lowered to it. */
const LIST_MAX = 1000;
const MAX_CALLS_DEFAULT = 20;
const CLEANUP_DAYS_DEFAULT = 30;

/** The handlers of `/api/scheduler`, `/api/calls` and `/api/analytics`. */
export function callHandlers(parts: Parts) {
  const { house, sql } = parts;

  const showScheduled = async (actor: Actor, row: RenewalCallRow) => {
    const [known] = await knownCalls(parts, actor, [row]);
    return renderScheduled(parts, known as KnownCall);
  };
  const showCall = async (actor: Actor, row: RenewalCallRow) => {
    const [known] = await knownCalls(parts, actor, [row]);
    return renderCall(parts, known as KnownCall);
  };
  /** By either id: that of the call, or that of its row at the scheduler. */
  const findCall = async (actor: Actor, text: string, missing: () => Refusal): Promise<RenewalCallRow> => {
    const callId = house.secrets.readId("call", text);
    const id = house.secrets.readId("scheduled_call", text);
    const [row] = await house.read("find a call", () =>
      callId !== null
        ? sql.calls.byCalls([{ call_id: callId }])
        : sql.calls.byIds([{ workspace_id: actor.workspaceId, id: id ?? 0 }]),
    );
    if (row === undefined || row.workspace_id !== actor.workspaceId) throw missing();
    return row;
  };
  const initiate = async (actor: Actor, customer: string, body: unknown) => {
    const form = readForm(fields.initiateFields, "body", body ?? {});
    const row = await initiateCall(parts, actor, {
      customerId: idOf(parts, "customer", customer, customerNotFound),
      holdingId: optionalId(parts, "customer_policy", form.customer_policy_id, holdingNotFound),
      reason: form.reason ?? "manual",
      notes: form.notes ?? null,
    });
    return showCall(actor, row);
  };
  const listOf = async (request: FastifyRequest) => {
    const form = readForm(fields.listFields, "query", request.query);
    const status = form.status === "canceled" ? "cancelled" : (form.status ?? null);
    return listCalls(parts, actorOf(request), {
      status,
      customerId: optionalId(parts, "customer", form.customer_id, customerNotFound),
      day: form.scheduled_date ?? null,
      limit: Math.min(form.limit ?? LIMIT_DEFAULT, LIST_MAX),
    });
  };

  return {
    getConfig: async (request: FastifyRequest) => renderSettings(await readSettings(parts, actorOf(request))),

    putConfig: async (request: FastifyRequest) => {
      const form = readForm(fields.settingsFields, "body", request.body);
      const { enabled, daily_call_time: dailyMinute, ...numbers } = form;
      const given = Object.entries(numbers).filter(([, value]) => value !== undefined && value !== null);
      const edit = {
        ...Object.fromEntries(given),
        ...(enabled === undefined || enabled === null ? {} : { enabled: Number(enabled) }),
        ...(dailyMinute === undefined || dailyMinute === null ? {} : { daily_minute: dailyMinute }),
      };
      return renderSettings(await changeSettings(parts, actorOf(request), edit));
    },

    pending: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.pendingFields, "query", request.query);
      const settings = await readSettings(parts, actor);
      const rows = await pendingRows(parts, actor, {
        days: form.days ?? settings.days_before_expiry,
        limit: form.limit ?? LIMIT_DEFAULT,
        skipDays: settings.skip_if_called_within_days,
      });
      return renderPending(parts, rows);
    },

    listScheduled: async (request: FastifyRequest) =>
      (await listOf(request)).map((known) => renderScheduled(parts, known)),

    createScheduled: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.scheduleFields, "body", request.body);
      const row = await scheduleCall(parts, actor, {
        customerId: idOf(parts, "customer", form.customer_id, customerNotFound),
        holdingId: optionalId(parts, "customer_policy", form.customer_policy_id, holdingNotFound),
        day: form.scheduled_date,
        minute: form.scheduled_time ?? null,
        reason: form.reason ?? "manual",
        priority: form.priority ?? 0,
        notes: form.notes ?? null,
      });
      return showScheduled(actor, row);
    },

    getScheduled: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      return showScheduled(actor, await findCall(actor, pathId(request), scheduledNotFound));
    },

    cancelScheduled: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      await cancelCall(parts, actor, await findCall(actor, pathId(request), scheduledNotFound));
      return { success: true, message: "Scheduled call cancelled" };
    },

    stats: async (request: FastifyRequest) => readStats(parts, actorOf(request)),

    triggerNow: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.triggerFields, "query", request.query);
      const days = form.days ?? (await readSettings(parts, actor)).days_before_expiry;
      const { taskId, selected } = await trigger(parts, actor, {
        days,
        callsMax: form.max_calls ?? MAX_CALLS_DEFAULT,
        source: "trigger",
      });
      return {
        success: true,
        message: `Scheduler triggered for ${days} days expiry window`,
        task_id: taskId,
        queued_count: selected.queued,
      };
    },

    cleanup: async (request: FastifyRequest) => {
      const form = readForm(fields.cleanupFields, "query", request.query);
      return {
        success: true,
        deleted: await cleanUp(parts, actorOf(request), form.days ?? CLEANUP_DAYS_DEFAULT),
      };
    },

    initiate: async (request: FastifyRequest) => initiate(actorOf(request), pathId(request), request.body),

    initiateByBody: async (request: FastifyRequest) => {
      const form = readForm(fields.initiateBodyFields, "body", request.body);
      return initiate(actorOf(request), form.customer_id, request.body);
    },

    batch: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.batchFields, "query", request.query);
      const days = form.days ?? (await readSettings(parts, actor)).days_before_expiry;
      const { taskId, selected } = await trigger(parts, actor, {
        days,
        callsMax: form.limit ?? MAX_CALLS_DEFAULT,
        source: "batch",
      });
      const made = selected.results.flatMap(({ rowId }) =>
        rowId === null ? [] : [{ workspace_id: actor.workspaceId, id: rowId }],
      );
      const rows = await house.read("read the calls of a batch", () => sql.calls.byIds(made));
      const known = await knownCalls(
        parts,
        actor,
        rows.toSorted((a: RenewalCallRow, b) => a.id - b.id),
      );
      return {
        success: true,
        task_id: taskId,
        reason: REASON,
        total: selected.queued + selected.skipped,
        queued_count: selected.queued,
        calls: known.map((one) => renderCall(parts, one)),
      };
    },

    listCalls: async (request: FastifyRequest) =>
      (await listOf(request)).map((known) => renderCall(parts, known)),

    getCall: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      return showCall(actor, await findCall(actor, pathId(request), callNotFound));
    },

    setStatus: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.statusFields, "body", request.body);
      const row = await findCall(actor, pathId(request), callNotFound);
      await setCallStatus(parts, actor, row, form.status, inMs(form.duration_seconds));
      return showCall(actor, await findCall(actor, pathId(request), callNotFound));
    },

    summarize: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.summaryFields, "body", request.body);
      const row = await findCall(actor, pathId(request), callNotFound);
      await summarizeCall(parts, actor, row.call_id, {
        outcome: form.outcome,
        notes: form.notes,
        summary: form.summary,
        transcript: form.transcript,
        holdingId:
          optionalId(parts, "customer_policy", form.customer_policy_id, holdingNotFound) ?? undefined,
        renewalAgreed: form.renewal_agreed ?? undefined,
        upgradeAgreed: form.upgrade_agreed ?? undefined,
        upgradeToPolicyId:
          optionalId(parts, "policy", form.upgrade_to_policy_id, policyNotFound) ?? undefined,
        durationMs: inMs(form.duration_seconds),
      });
      return showCall(actor, await findCall(actor, pathId(request), callNotFound));
    },

    analytics: (report: Report) => async (request: FastifyRequest) => {
      const form = readForm(fields.analyticsFields, "query", request.query);
      return readAnalytics(parts, actorOf(request), report, form.days ?? ANALYTICS_DAYS_DEFAULT);
    },
  };
}
const ANALYTICS_DAYS_DEFAULT = 30;

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export function pathId(request: FastifyRequest, name: "id" | "holding_id" = "id"): string {
  return (request as Request).params[name];
}

/** The id behind a public one; what is none of ours is not found. */
export function idOf({ house }: Parts, kind: IdKind, text: string, missing: () => Refusal): number {
  const id = house.secrets.readId(kind, text);
  if (id === null) throw missing();
  return id;
}

export function optionalId(
  parts: Parts,
  kind: IdKind,
  text: string | null | undefined,
  missing: () => Refusal,
): number | null {
  return text === null || text === undefined ? null : idOf(parts, kind, text, missing);
}

function scheduledNotFound(): Refusal {
  return new Refusal("not_found", "Scheduled call not found");
}

function inMs(seconds: number | null | undefined): number | undefined {
  return seconds === null || seconds === undefined ? undefined : seconds * 1000;
}
