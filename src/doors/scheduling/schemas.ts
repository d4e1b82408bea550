import { type Static, Type } from "typebox";

import { statuses } from "./status.ts";

const id = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });
const clock = (description: string) =>
  Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description, example: "09:00" });
const word = <const Words extends readonly string[]>(words: Words, description?: string) =>
  Type.Unsafe<Words[number]>({
    type: "string",
    enum: [...words],
    ...(description === undefined ? {} : { description }),
  });
const anyObject = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: "object",
  additionalProperties: true,
});
const time = (description: string, example = "2025-11-02T10:00:00Z") =>
  Type.String({ maxLength: 64, description, example });

const userId = id("Whose call it is.");

/** What is not listed is left out, as the service did. */
export const scheduleBody = Type.Object(
  {
    phoneNumber: Type.String({
      pattern: "^\\+[1-9]\\d{1,14}$",
      description: "E.164.",
      example: "+919876543210",
    }),
    agentId: id("Who speaks; must be registered once any agent is."),
    userId,
    scheduledFor: time("ISO 8601; without an offset it is local time in DEFAULT_TIMEZONE."),
    timezone: Type.Optional(Type.String({ maxLength: 64, example: "Asia/Kolkata" })),
    respectBusinessHours: Type.Optional(Type.Boolean()),
    businessHours: Type.Optional(
      Type.Object({
        start: clock("Opens."),
        end: clock("Closes; a call at exactly this minute is still made."),
        timezone: Type.Optional(Type.String({ maxLength: 64, example: "Asia/Kolkata" })),
        daysOfWeek: Type.Optional(
          Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), {
            minItems: 1,
            maxItems: 7,
            description: "0 = Sunday (default Monday to Friday).",
          }),
        ),
      }),
    ),
    recurring: Type.Optional(
      Type.Object({
        frequency: word(["daily", "weekly", "monthly"]),
        interval: Type.Optional(
          Type.Integer({ minimum: 1, description: "Every so many days, weeks, months." }),
        ),
        endDate: Type.Optional(time("The last day, or the last instant.", "2025-12-31")),
        maxOccurrences: Type.Optional(Type.Integer({ minimum: 1, description: "The first one counts." })),
      }),
    ),
    metadata: Type.Optional(anyObject),
    priority: Type.Optional(word(["high", "medium", "low"], "Default medium.")),
  },
  { "x-name": "SchedulingSchedule" },
);
export type ScheduleBody = Static<typeof scheduleBody>;

export const cancelBody = Type.Object({ userId: Type.Optional(userId) }, { "x-name": "SchedulingCancel" });
export type CancelBody = Static<typeof cancelBody>;

export const rescheduleBody = Type.Object(
  { userId: Type.Optional(userId), scheduledFor: time("As when scheduling.") },
  { "x-name": "SchedulingReschedule" },
);
export type RescheduleBody = Static<typeof rescheduleBody>;

/** No body, or one that may name the user. */
export const retryCancelBody = Type.Unsafe<CancelBody | null>({
  type: ["object", "null"],
  properties: { userId: { type: "string", minLength: 1, maxLength: 200 } },
});

const text = Type.Optional(Type.String({ maxLength: 200 }));
export const listQuery = Type.Object({
  userId: text,
  status: Type.Optional(Type.String({ maxLength: 40, description: `One of ${statuses.join(", ")}.` })),
  startDate: text,
  endDate: text,
  agentId: text,
});
export type ListQuery = Static<typeof listQuery>;

export const retryBody = Type.Object(
  {
    callLogId: id("callLogId of a scheduled call, or its _id."),
    forceRetry: Type.Optional(
      Type.Boolean({ description: "Also when the tries are used up or the failure is never tried again." }),
    ),
    respectOffPeakHours: Type.Optional(Type.Boolean({ description: "Only 10:00-16:00, Monday to Friday." })),
    metadata: Type.Optional(anyObject),
  },
  { "x-name": "SchedulingRetry" },
);
export type RetryBody = Static<typeof retryBody>;

export const retryBatchBody = Type.Object(
  {
    callLogIds: Type.Array(id("As callLogId."), { minItems: 1, maxItems: 1000 }),
    forceRetry: Type.Optional(Type.Boolean()),
    respectOffPeakHours: Type.Optional(Type.Boolean()),
  },
  { "x-name": "SchedulingRetryBatch" },
);
export type RetryBatchBody = Static<typeof retryBatchBody>;

export const retryStatsQuery = Type.Object({ userId: text });
export type RetryStatsQuery = Static<typeof retryStatsQuery>;

export const idParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });

/** `{"success": true, "data": …}`. */
export const answered = {
  type: "object",
  required: ["success", "data"],
  properties: { success: { type: "boolean" }, data: { type: "object", additionalProperties: true } },
};
