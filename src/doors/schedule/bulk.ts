import type { FastifyRequest } from "fastify";

import { Refusal, refuseField } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { CallRequest, Engine } from "../../engine/engine.ts";
import type { Caller, DoorPorts } from "../../ports/door.ts";

import { callerOf, ownerOfNew } from "./caller.ts";
import { type RepeatedSchedule, callOf, isRepeated, seriesOf } from "./compose.ts";
import { renderError } from "./errors.ts";
import { readNew } from "./read-schedule.ts";

const itemsMax = 1000;

/** What became of one item: a schedule, or why there is none. */
type Result = { readonly schedule_id: string; readonly next_execution: string | null } | Refusal;

/** The handler of `POST /schedule/bulk`: each item is made or refused by itself, in the order of the request. */
export function bulkHandler({ engine, zones, clock, settings }: DoorPorts<Engine>) {
  const own = settings.schedule;
  return async (request: FastifyRequest) => {
    const caller = callerOf(request);
    const items = itemsOf(request.body);
    const ports = { zones, now: clock.now(), defaultZone: own.timezone };
    const read = items.map((item) => orRefusal(() => readItem(item, caller)));
    function readItem(item: unknown, by: Caller) {
      const fields = readNew(item, ports);
      const { createdBy = null, agentInstanceId = null } = fields;
      return { fields, whose: ownerOfNew(by, { createdBy, agentInstanceId }) };
    }

    const calls: (CallRequest | null)[] = read.map((one) =>
      one instanceof Refusal || isRepeated(one.fields) ? null : callOf(one.fields, one.whose, own),
    );
    const made = await scheduleAll(engine, caller, calls);
    const results: Result[] = [];
    for (const [index, one] of read.entries()) {
      if (one instanceof Refusal) results.push(one);
      else if (isRepeated(one.fields)) results.push(await makeSeries(one.fields, one.whose));
      else results.push(made[index] ?? lost());
    }
    return answerOf(results, clock.now());

    async function makeSeries(
      fields: RepeatedSchedule,
      whose: ReturnType<typeof ownerOfNew>,
    ): Promise<Result> {
      try {
        const { series } = await engine.createSeries(caller.actor, seriesOf(fields, whose, own));
        return {
          schedule_id: series.id,
          next_execution: series.nextAt === null ? null : formatUtc(series.nextAt),
        };
      } catch (error) {
        if (error instanceof Refusal) return error;
        throw error;
      }
    }
  };
}

/** All one-off schedules in one transaction; an array with holes where the request has something else. */
async function scheduleAll(
  engine: Engine,
  caller: Caller,
  calls: readonly (CallRequest | null)[],
): Promise<readonly (Result | null)[]> {
  const requests = calls.filter((call) => call !== null);
  if (requests.length === 0) return [];
  const { items } = await engine.scheduleMany(caller.actor, requests);
  let next = 0;
  return calls.map((call) => {
    const item = call === null ? undefined : items[next++];
    if (item === undefined) return null;
    if (!item.ok) return item.refusal;
    return { schedule_id: item.scheduled.call.id, next_execution: formatUtc(item.scheduled.call.dueAt) };
  });
}

/** `{"schedules": […]}`, or the list alone. */
function itemsOf(body: unknown): readonly unknown[] {
  const list = Array.isArray(body) ? body : (body as { schedules?: unknown } | null | undefined)?.schedules;
  if (!Array.isArray(list) || list.length === 0)
    throw refuseField("invalid_body", "/schedules", "schedules must be a list of at least one schedule.");
  if (list.length > itemsMax)
    throw refuseField("too_many_items", "/schedules", `${list.length} items; ${itemsMax} are allowed.`);
  return list;
}

function answerOf(results: readonly Result[], now: number) {
  const failed = results.filter((one) => one instanceof Refusal).length;
  const succeeded = results.length - failed;
  return {
    status: "success",
    message: `${succeeded} of ${results.length} calls scheduled`,
    total: results.length,
    succeeded,
    failed,
    results: results.map((one, index) => {
      if (!(one instanceof Refusal))
        return { index, status: "success", message: "Call scheduled successfully", ...one };
      return { index, ...renderError(one, now) };
    }),
  };
}

function orRefusal<T>(read: () => T): T | Refusal {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function lost(): never {
  throw new Error("the engine answered fewer items than it was given");
}
