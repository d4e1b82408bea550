import { Type } from "typebox";

import { errorCodes } from "./errors.ts";
import { scheduleStatuses } from "./status.ts";

/**
 * What the API's description says of this door. Requests are not checked against it: the door reads them itself, because
 * its faults have codes of their own.
 */
const text = (description: string) => Type.String({ description });
const textOrNull = Type.Unsafe<string | null>({ type: ["string", "null"] });
const numberOrNull = Type.Unsafe<number | null>({ type: ["integer", "null"] });
const anyObject = Type.Unsafe<object>({ type: "object", additionalProperties: true });
const anyObjectOrNull = Type.Unsafe<object | null>({ type: ["object", "null"], additionalProperties: true });
const oneOf = (words: readonly string[]) => Type.Unsafe<string>({ type: "string", enum: [...words] });
const utc = "UTC, RFC 3339.";

const repeatConfig = Type.Object(
  {
    enabled: Type.Boolean(),
    frequency: Type.Optional(oneOf(["daily", "weekly", "monthly"])),
    interval: Type.Optional(
      Type.Integer({ minimum: 1, description: "Every so many days, weeks or months." }),
    ),
    weekdays: Type.Optional(Type.Array(Type.Unsafe<string | number>({ type: ["string", "integer"] }))),
    end_date: Type.Optional(text("The last instant at which it may be due.")),
    max_occurrences: Type.Optional(Type.Integer({ minimum: 1 })),
    rrule: Type.Optional(text("RFC 5545; in place of frequency and interval.")),
    exdates: Type.Optional(Type.Array(Type.String())),
    rdates: Type.Optional(Type.Array(Type.String())),
    cron: Type.Optional(text("Five fields; in place of frequency and interval.")),
  },
  { additionalProperties: true },
);

const fields = {
  timezone: Type.Optional(text("IANA name. A repeated call follows the wall clock there.")),
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  call_type: Type.Optional(Type.String({ maxLength: 64, default: "outbound" })),
  repeat_config: Type.Optional(repeatConfig),
  retry_config: Type.Optional(
    Type.Object(
      { enabled: Type.Optional(Type.Boolean()), policy: Type.Optional(text("Of /v1/retry-policies.")) },
      { description: "Nothing is tried again without it." },
    ),
  ),
  user_profile_id: Type.Optional(Type.String({ maxLength: 200 })),
  agent_instance_id: Type.Optional(Type.String({ maxLength: 200 })),
  created_by: Type.Optional(text("Without a token: whose it is. With one: not looked at.")),
  notes: Type.Optional(Type.String({ maxLength: 10_000 })),
  metadata: Type.Optional(anyObject),
};

const phone = text("E.164.");
const scheduledTime = text("RFC 3339; without an offset in timezone, else in SCHEDULER_TIMEZONE.");

export const scheduleCreate = Type.Object(
  { phone, scheduled_time: scheduledTime, ...fields },
  { "x-name": "ScheduleCreate" },
);
export const scheduleUpdate = Type.Object(
  { phone: Type.Optional(phone), scheduled_time: Type.Optional(scheduledTime), ...fields },
  { minProperties: 1, "x-name": "ScheduleUpdate" },
);
export const scheduleBulk = Type.Object({
  schedules: Type.Array(scheduleCreate, { minItems: 1, maxItems: 1000 }),
});

const success = Type.Literal("success");

export const created = Type.Object(
  {
    status: success,
    message: Type.String(),
    schedule_id: Type.String(),
    next_execution: Type.Unsafe<string | null>({ type: ["string", "null"], description: utc }),
  },
  { "x-name": "ScheduleCreated" },
);
export const done = Type.Object(
  { status: success, message: Type.String(), schedule_id: Type.String() },
  { "x-name": "ScheduleDone" },
);

const schedule = Type.Object(
  {
    _id: Type.String(),
    id: Type.String(),
    created_by: textOrNull,
    user_profile_id: textOrNull,
    agent_instance_id: textOrNull,
    phone: Type.String(),
    scheduled_time: text(utc),
    timezone: Type.String(),
    status: oneOf(scheduleStatuses),
    call_type: Type.String(),
    description: textOrNull,
    notes: textOrNull,
    repeat_config: anyObjectOrNull,
    retry_config: anyObject,
    call_id: textOrNull,
    next_execution: textOrNull,
    duration: numberOrNull,
    reason: textOrNull,
    outcome: textOrNull,
    metadata: anyObject,
    created_at: text(utc),
    last_updated: text(utc),
  },
  { "x-name": "ScheduleDocument" },
);
const active = Type.Object(
  {
    id: Type.String(),
    schedule_id: Type.String(),
    job_id: Type.String(),
    next_execution: textOrNull,
    status: oneOf(scheduleStatuses),
    created_at: text(utc),
    last_updated: text(utc),
  },
  { "x-name": "ActiveSchedule" },
);
const log = Type.Object(
  {
    _id: Type.String(),
    id: Type.String(),
    created_by: textOrNull,
    user_profile_id: textOrNull,
    agent_instance_id: textOrNull,
    call_id: textOrNull,
    status: oneOf(scheduleStatuses),
    call_type: Type.String(),
    phone: textOrNull,
    timestamp: text(utc),
    start_time: textOrNull,
    end_time: textOrNull,
    duration: numberOrNull,
    notes: textOrNull,
    metadata: anyObject,
  },
  { "x-name": "CallLog" },
);

const counts = { total: Type.Integer(), limit: Type.Integer(), offset: Type.Integer() };
export const oneSchedule = Type.Object({ status: success, schedule });
export const schedules = Type.Object({ status: success, schedules: Type.Array(schedule), ...counts });
export const actives = Type.Object({ status: success, schedules: Type.Array(active), ...counts });
export const logs = Type.Object({ status: success, logs: Type.Array(log), ...counts });
export const stats = Type.Object(
  {
    total_calls: Type.Integer(),
    completed_calls: Type.Integer(),
    failed_calls: Type.Integer(),
    pending_calls: Type.Integer(),
    success_rate: Type.Number({ description: "Completed calls of all calls, in per cent." }),
    average_duration: Type.Integer({ description: "Of completed calls, in seconds." }),
    total_duration: Type.Integer({ description: "Of completed calls, in seconds." }),
  },
  { "x-name": "CallStatistics" },
);

export const error = Type.Object(
  {
    status: Type.Literal("error"),
    message: Type.String(),
    error_code: oneOf(Object.keys(errorCodes)),
    details: Type.Object({ field: Type.Optional(Type.String()), issue: Type.Optional(Type.String()) }),
    timestamp: text(utc),
  },
  { "x-name": "ScheduleError" },
);

export const bulk = Type.Object({
  status: success,
  message: Type.String(),
  total: Type.Integer(),
  succeeded: Type.Integer(),
  failed: Type.Integer(),
  results: Type.Array(Type.Unsafe<object>({ type: "object", additionalProperties: true })),
});

export const idParams = Type.Object({ schedule_id: Type.String() });
const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, description: "At most 1000; 100 without it." })),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
};
const filter = {
  status: Type.Optional(oneOf(scheduleStatuses)),
  created_by: Type.Optional(text("With a token: not looked at.")),
  agent_instance_id: Type.Optional(Type.String()),
};
const stretch = {
  user_profile_id: Type.Optional(Type.String()),
  start_date: Type.Optional(text("A time or a day, itself included.")),
  end_date: Type.Optional(text("A time or a day, itself included.")),
};
export const listQuery = Type.Object({ ...filter, ...page });
export const logsQuery = Type.Object({ ...filter, ...stretch, ...page });
export const statsQuery = Type.Object({ ...filter, ...stretch });
export const streamQuery = Type.Object({ after: Type.Optional(text("An event's id.")) });

export const stream = Type.String({
  description:
    "Events named schedule; the data has event, schedule_id, call_id, status, next_execution, reason and timestamp.",
});
