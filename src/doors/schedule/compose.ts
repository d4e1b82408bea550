import { formatDuration } from "../../domain/duration.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { CallRequest } from "../../engine/engine.ts";
import type { CallPatch } from "../../engine/schedules-api.ts";
import type { SeriesInput, SeriesView } from "../../engine/series-api.ts";
import type { ScheduleDoorSettings } from "../../ports/door-settings.ts";

import type { NewSchedule, ScheduleFields } from "./read-schedule.ts";
import { type RepeatConfig, repeatOf } from "./repeat.ts";
import type { ScheduleItem } from "./schedule-item.ts";

/** A new schedule that repeats. */
export type RepeatedSchedule = NewSchedule & { readonly repeat: NonNullable<ScheduleFields["repeat"]> };

export function isRepeated<F extends ScheduleFields>(
  fields: F,
): fields is F & Pick<RepeatedSchedule, "repeat"> {
  return fields.repeat !== undefined && fields.repeat !== null;
}

type Whose = { readonly owner: string | null; readonly agent: string | null };
type Metadata = Readonly<Record<string, unknown>>;

/** Texts of a schedule that the core has no words for: they stand in its metadata, where every door shows them. */
export const textNames = ["description", "call_type", "notes"] as const;

/** A schedule that happens once, as a call: later than the misfire grace it is not dialed any more. */
export function callOf(fields: NewSchedule, whose: Whose, settings: ScheduleDoorSettings): CallRequest {
  return {
    ...shared(fields, whose),
    at: formatUtc(fields.time.at),
    ...(fields.timezone !== undefined && { timezone: fields.timezone }),
    expires_after: graceOf(settings),
    source: { door: "schedule", data: {} },
  };
}

/** A schedule that repeats, as a series that follows the wall clock of its zone. */
export function seriesOf(
  fields: RepeatedSchedule,
  whose: Whose,
  settings: ScheduleDoorSettings,
): SeriesInput {
  return {
    ...shared(fields, whose),
    start_at: fields.time.start,
    timezone: fields.timezone ?? settings.timezone,
    rule: fields.repeat.rule,
    misfire: "run_once",
    misfire_grace: graceOf(settings),
    overlap: "allow",
    overlap_max: settings.instancesMax,
    source: sourceOf(fields.repeat.config),
  };
}

/** A schedule that happened once, as it is with the changes that make it repeat. */
export function repeatedOf(
  fields: ScheduleFields & Pick<RepeatedSchedule, "repeat">,
  { call }: Extract<ScheduleItem, { kind: "call" }>,
  settings: ScheduleDoorSettings,
): SeriesInput {
  const { timezone, timezoneSource } = call;
  const zone = fields.timezone ?? (timezoneSource === "number" ? null : timezone);
  return seriesOf(
    {
      ...fields,
      phone: fields.phone ?? call.to,
      time: fields.time ?? { at: call.requestedAt, start: formatUtc(call.requestedAt), timezone: zone },
      metadata: metadataOf(fields, call.metadata),
      retryPolicy: fields.retryPolicy === undefined ? call.retryPolicy : fields.retryPolicy,
      userProfileId: fields.userProfileId ?? call.externalId,
      ...(zone !== null && { timezone: zone }),
    },
    { owner: call.owner, agent: fields.agentInstanceId ?? call.agent },
    settings,
  );
}

/** What an update changes of a call. */
export function callPatchOf(
  fields: ScheduleFields,
  { call }: Extract<ScheduleItem, { kind: "call" }>,
  settings: ScheduleDoorSettings,
): CallPatch {
  return {
    ...changed(fields, call.metadata),
    ...(fields.time !== undefined && { at: formatUtc(fields.time.at), expires_after: graceOf(settings) }),
  };
}

/** What an update changes of a series. One that shall repeat no more goes on to its next occurrence, and ends with it. */
export function seriesPatchOf(
  fields: ScheduleFields,
  { series }: Extract<ScheduleItem, { kind: "series" }>,
): Partial<SeriesInput> {
  const repeat = fields.repeat === null ? onceMore(series) : fields.repeat;
  const { source = null } = series.template;
  // What another door keeps with its series is not ours to write over.
  const isOurs = source === null || source.door === "schedule";
  return {
    ...changed(fields, series.template.metadata ?? {}),
    ...(fields.time !== undefined && { start_at: fields.time.start }),
    ...(repeat !== undefined && { rule: repeat.rule, ...(isOurs && { source: sourceOf(repeat.config) }) }),
  };
}

function onceMore(series: SeriesView): NonNullable<ScheduleFields["repeat"]> {
  const { nextAt } = series;
  return {
    config: { ...repeatOf(series), enabled: false },
    rule: nextAt === null ? series.rule : { ...series.rule, until: formatUtc(nextAt) },
  };
}

function shared(fields: NewSchedule, { owner, agent }: Whose) {
  const policy = fields.retryPolicy === undefined ? "none" : fields.retryPolicy;
  return {
    to: fields.phone,
    metadata: metadataOf(fields, {}),
    ...(policy !== null && { retry_policy: policy }),
    ...(isText(fields.userProfileId) && { external_id: fields.userProfileId }),
    ...(owner !== null && { owner }),
    ...(agent !== null && { agent }),
  };
}

function changed(fields: ScheduleFields, before: Metadata) {
  const { phone, timezone, metadata, retryPolicy, userProfileId, agentInstanceId } = fields;
  const says =
    metadata !== undefined ||
    fields.description !== undefined ||
    fields.callType !== undefined ||
    fields.notes !== undefined;
  return {
    ...(phone !== undefined && { to: phone }),
    ...(timezone !== undefined && { timezone }),
    ...(says && { metadata: metadataOf(fields, before) }),
    ...(isText(retryPolicy) && { retry_policy: retryPolicy }),
    ...(isText(userProfileId) && { external_id: userProfileId }),
    ...(isText(agentInstanceId) && { agent: agentInstanceId }),
  };
}

/** An id is changed, not taken away. */
function isText(value: string | null | undefined): value is string {
  return typeof value === "string";
}

function metadataOf(fields: ScheduleFields, before: Metadata): Metadata {
  const kept = fields.metadata === undefined ? before : { ...textsOf(before), ...fields.metadata };
  const { description, callType: call_type, notes } = fields;
  const given = Object.entries({ description, call_type, notes }).filter(([, text]) => text !== undefined);
  const all = Object.entries({ ...kept, ...Object.fromEntries(given) });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

function textsOf(metadata: Metadata): Metadata {
  return Object.fromEntries(textNames.flatMap((name) => (name in metadata ? [[name, metadata[name]]] : [])));
}

function sourceOf(repeat: RepeatConfig) {
  return { door: "schedule", data: { repeat_config: repeat } };
}

/** A duration of nothing would never let anything be dialed. */
function graceOf({ misfireGraceMs }: ScheduleDoorSettings): string {
  return formatDuration(Math.max(1000, misfireGraceMs));
}
