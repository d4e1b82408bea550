import type { DoorSettings, DoorSwitch } from "./ports/door-settings.ts";
import {
  type Setting,
  flag,
  httpUrl,
  milliseconds,
  oneOf,
  optional,
  origins,
  positive,
  seconds,
  text,
  timeOfDay,
  withDefault,
} from "./setting.ts";
import { tokenSettings, tokenSettingsOf } from "./settings-tokens.ts";

const headerText = {
  expected: "visible ASCII characters without a space",
  read: (value: string) =>
    /^[\x21-\x7e]{1,4000}$/.test(value) ? ({ ok: true, value } as const) : ({ ok: false } as const),
};
const zone = { ...text, expected: "an IANA time zone such as Asia/Kolkata" };

/** The settings of the doors of other systems, under the names that those systems gave them. */
export const doorSettings = {
  doorTasks: switchOf("DOOR_TASKS", "the task service (`/tasks`)"),
  doorTasksAuth: authOf("DOOR_TASKS_AUTH", "the task service"),
  doorSchedule: switchOf("DOOR_SCHEDULE", "the schedule module (`/schedule`)"),
  doorScheduleAuth: authOf("DOOR_SCHEDULE_AUTH", "the schedule module"),
  doorScheduling: switchOf(
    "DOOR_SCHEDULING",
    "the scheduling service (`/api/v1/scheduling`, `/api/v1/retry`)",
  ),
  doorSchedulingAuth: authOf("DOOR_SCHEDULING_AUTH", "the scheduling service"),
  doorRenewals: switchOf(
    "DOOR_RENEWALS",
    "the renewals service (`/api/scheduler`, `/api/calls` and what belongs to them)",
  ),
  doorRenewalsAuth: authOf("DOOR_RENEWALS_AUTH", "the renewals service"),
  renewalsTimezone: withDefault(
    {
      name: "RENEWALS_TIMEZONE",
      meaning: "Renewals service: the zone of its daily run, of its dates and of times without an offset.",
    },
    "Asia/Kolkata",
    zone,
  ),
  backendUrl: optional(
    {
      name: "DEFAULT_BACKEND_BASE_URL",
      meaning:
        "Task service: the backend whose `/call/start` places the calls. Without it `https://api.callerooapp.com` is meant; as long as only the sandbox can place calls, the sandbox plays that backend and nothing leaves this machine.",
    },
    httpUrl,
  ),
  backendToken: optional(
    {
      name: "BACKEND_INTERNAL_TOKEN",
      secret: true,
      meaning:
        "Task service: sent as `X-Calleroo-Internal-Token` to the backend's origin and to those of `BACKEND_ALLOWED_ORIGINS`, and nowhere else.",
    },
    headerText,
  ),
  backendOrigins: withDefault(
    {
      name: "BACKEND_ALLOWED_ORIGINS",
      meaning:
        "Task service: other origins that a request may name as its backend. While the server is open on loopback, loopback origins may be named too, and are not sent the token.",
    },
    "",
    origins,
  ),
  pollInterval: withDefault(
    {
      name: "POLL_INTERVAL",
      meaning:
        "Task service: accepted and not used, since Carillon does not poll: it wakes at the instant of the next call.",
    },
    "3.0",
    seconds,
  ),
  schedulerTimezone: withDefault(
    {
      name: "SCHEDULER_TIMEZONE",
      meaning: "Schedule module: the zone of times without an offset whose request names no zone.",
    },
    "UTC",
    zone,
  ),
  schedulerInstancesMax: withDefault(
    {
      name: "SCHEDULER_MAX_INSTANCES",
      meaning: "Schedule module: how many occurrences of one schedule may run at once.",
    },
    "3",
    positive,
  ),
  schedulerMisfireGrace: withDefault(
    {
      name: "SCHEDULER_MISFIRE_GRACE_TIME",
      meaning: "Schedule module: an occurrence that is later than this is missed and not dialed.",
    },
    "300",
    seconds,
  ),
  ...tokenSettings,
  defaultTimezone: withDefault(
    {
      name: "DEFAULT_TIMEZONE",
      meaning:
        "Scheduling service: the zone of times without an offset, and of business hours whose request names no zone.",
    },
    "Asia/Kolkata",
    zone,
  ),
  businessHoursStart: withDefault(
    {
      name: "DEFAULT_BUSINESS_HOURS_START",
      meaning: "Scheduling service: when business hours open, where a request does not say.",
    },
    "09:00",
    timeOfDay,
  ),
  businessHoursEnd: withDefault(
    {
      name: "DEFAULT_BUSINESS_HOURS_END",
      meaning: "Scheduling service: when business hours close, where a request does not say.",
    },
    "18:00",
    timeOfDay,
  ),
  queueRetryAttempts: withDefault(
    {
      name: "QUEUE_RETRY_ATTEMPTS",
      meaning:
        "Scheduling service: how often, in all, a call is tried whose request the carrier certainly refused. Whoever was rung is never rung again by it.",
    },
    "3",
    positive,
  ),
  queueRetryBackoff: withDefault(
    {
      name: "QUEUE_RETRY_BACKOFF_DELAY",
      meaning:
        "Scheduling service: the delay before the second of those tries; it doubles for each later one.",
    },
    "2000",
    milliseconds,
  ),
} as const satisfies Record<string, Setting<unknown>>;

export type DoorValues = { readonly [K in keyof typeof doorSettings]: (typeof doorSettings)[K]["absent"] };

/** The settings as the doors are given them. */
export function doorSettingsOf(values: DoorValues): DoorSettings {
  const { businessHoursStart: start, businessHoursEnd: end } = values;
  return {
    tasks: {
      ...switched(values.doorTasks, values.doorTasksAuth, "UTC"),
      backendUrl: values.backendUrl,
      backendToken: values.backendToken,
      backendOrigins: values.backendOrigins,
    },
    schedule: {
      ...switched(values.doorSchedule, values.doorScheduleAuth, values.schedulerTimezone),
      instancesMax: values.schedulerInstancesMax,
      misfireGraceMs: values.schedulerMisfireGrace,
      tokens: tokenSettingsOf(values),
    },
    renewals: switched(values.doorRenewals, values.doorRenewalsAuth, values.renewalsTimezone),
    scheduling: {
      ...switched(values.doorScheduling, values.doorSchedulingAuth, values.defaultTimezone),
      businessHours: { start, end },
      refusedRetries: { attemptsMax: values.queueRetryAttempts, backoffMs: values.queueRetryBackoff },
    },
  };
}

/** The settings when nothing is set. */
export const defaultDoorSettings: DoorSettings = doorSettingsOf(
  Object.fromEntries(Object.entries(doorSettings).map(([key, { absent }]) => [key, absent])) as DoorValues,
);

function switched(isOn: boolean, auth: "key" | "none", timezone: string): DoorSwitch {
  return { isOn, isOpen: auth === "none", timezone };
}

function switchOf(name: string, what: string) {
  return withDefault(
    { name, meaning: `Serve the paths of ${what}. Off: as if they were not there.` },
    "on",
    flag,
  );
}

function authOf(name: string, what: string) {
  return withDefault(
    {
      name,
      meaning: `Who may use the door of ${what}: \`key\` asks for an API key as everywhere, \`none\` lets in whoever reaches the address, with a warning at the start and in \`/health\`.`,
    },
    "key",
    oneOf("key", "none"),
  );
}
