import { formatDay } from "../../domain/civil.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { ProgramCall } from "../../ports/program.ts";

import type { Actor, Parts } from "./parts.ts";
import { type Person, openPerson } from "./person.ts";
import { clockOf } from "./rules.ts";
import { type RenewalStatus, errorOf, retriesOf, statusViews } from "./status.ts";
import { openSummary } from "./summary.ts";
import { type CustomerRow, type RenewalCallRow, places } from "./tables.ts";

/** A row with its call as it stands now, and whose it is; null for what is no longer kept. */
export type KnownCall = {
  readonly row: RenewalCallRow;
  readonly call: ProgramCall | null;
  readonly person: Person | null;
};

export type CallsAsked = {
  readonly status: RenewalStatus | null;
  readonly customerId: number | null;
  readonly day: number | null;
  readonly limit: number;
};

const PAGE = 200;
/** How many calls are looked at for a list that is narrowed by what only the calls themselves tell. */
const LOOKED_AT_MAX = 5000;

/** The last calls first. The status that counts is that of the call itself, so each that may have it is looked at. */
export async function listCalls(
  parts: Parts,
  actor: Actor,
  asked: CallsAsked,
): Promise<readonly KnownCall[]> {
  const found: KnownCall[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  for (let looked = 0; looked < LOOKED_AT_MAX; looked += PAGE) {
    const rows = await pageOf(parts, actor, asked, before);
    const known = await knownCalls(
      parts,
      actor,
      rows.filter((row) => mayBeAsked(row, asked)),
    );
    found.push(...known.filter((one) => asked.status === null || statusOf(one) === asked.status));
    const last = rows.at(-1);
    if (found.length >= asked.limit || last === undefined || rows.length < PAGE) break;
    before = last.id;
  }
  return found.slice(0, asked.limit);
}

function pageOf({ house, sql }: Parts, actor: Actor, asked: CallsAsked, before: number) {
  const filter = { workspace_id: actor.workspaceId, before, limit: PAGE };
  return house.read("list calls", () => {
    if (asked.customerId !== null) return sql.calls.listOfCustomer({ ...filter, value: asked.customerId });
    if (asked.day !== null) return sql.calls.listOfDay({ ...filter, value: asked.day });
    return sql.calls.listAll({ ...filter, value: 0 });
  });
}

/** What has ended stays as it is, so that its row is enough to leave it out. */
function mayBeAsked(row: RenewalCallRow, { day, status }: CallsAsked): boolean {
  if (day !== null && row.scheduled_day !== day) return false;
  return status === null || row.live === 1 || row.status === status || row.status === "failed";
}

export async function knownCalls(
  { house, sql }: Parts,
  actor: Actor,
  rows: readonly RenewalCallRow[],
): Promise<readonly KnownCall[]> {
  if (rows.length === 0) return [];
  const keys = rows.map((row) => ({ workspace_id: actor.workspaceId, id: row.customer_id }));
  const found = await house.read("read customers of calls", () => sql.customers.byIds(keys));
  const customers = new Map<number, CustomerRow>(found.map((row) => [row.id, row]));
  const calls = await house.calls(
    actor,
    rows.map((row) => row.call_id),
  );
  return rows.map((row, index) => {
    const customer = customers.get(row.customer_id);
    return {
      row,
      call: calls[index] ?? null,
      person: customer === undefined ? null : openPerson(house.secrets, customer, customer.id),
    };
  });
}

export function statusOf({ row, call }: Pick<KnownCall, "row" | "call">): RenewalStatus {
  return call === null ? row.status : statusViews[call.status];
}

/** As a row of the scheduler. */
export function renderScheduled(parts: Parts, known: KnownCall) {
  const { row, call, person } = known;
  const { secrets } = parts.house;
  return {
    id: secrets.publicId("scheduled_call", row.id),
    ...whose(parts, known),
    scheduled_date: formatDay(row.scheduled_day),
    scheduled_time: row.scheduled_minute === null ? null : clockOf(row.scheduled_minute),
    status: statusOf(known),
    reason: row.reason,
    priority: row.priority,
    celery_task_id: row.task_id,
    call_id: secrets.publicId("call", row.call_id),
    notes: row.notes === null || person === null ? null : secrets.open(row.notes, places.notes(row.id)),
    retry_count: call === null ? row.retry_count : retriesOf(call),
    error_message: call === null ? null : errorOf(call),
    created_at: formatUtc(row.created_at),
    executed_at: instant(call?.dispatchedAt ?? row.called_at),
  };
}

/** As a call. */
export function renderCall(parts: Parts, known: KnownCall) {
  const { row, call, person } = known;
  const { secrets } = parts.house;
  const said = openSummary(parts, row);
  const endedAt = call === null ? row.ended_at : call.endedAt;
  return {
    id: secrets.publicId("call", row.call_id),
    ...whose(parts, known),
    scheduled_call_id: secrets.publicId("scheduled_call", row.id),
    room_name: person === null ? null : `insurance_call:${person.phone}`,
    status: statusOf(known),
    started_at: instant(call?.dispatchedAt ?? row.called_at),
    ended_at: instant(endedAt),
    duration_seconds: call?.durationMs === null || call === null ? null : Math.round(call.durationMs / 1000),
    outcome: said.outcome ?? call?.disposition ?? call?.outcome ?? row.disposition ?? row.outcome,
    notes: said.notes,
    summary: said.summary,
    transcript: said.transcript,
    renewal_agreed: row.renewal_agreed === null ? null : row.renewal_agreed === 1,
    upgrade_agreed: row.upgrade_agreed === null ? null : row.upgrade_agreed === 1,
    upgrade_to_policy_id:
      row.upgrade_to_policy_id === null ? null : secrets.publicId("policy", row.upgrade_to_policy_id),
    error_message: call === null ? null : errorOf(call),
    created_at: formatUtc(row.created_at),
  };
}

function whose({ house }: Parts, { row, person }: KnownCall) {
  const { secrets } = house;
  return {
    customer_id: secrets.publicId("customer", row.customer_id),
    customer_name: person?.name ?? null,
    customer_phone: person?.phone ?? null,
    customer_policy_id:
      row.customer_policy_id === null ? null : secrets.publicId("customer_policy", row.customer_policy_id),
  };
}

function instant(at: number | null): string | null {
  return at === null ? null : formatUtc(at);
}
