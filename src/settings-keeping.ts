import { type Setting, days, text, withDefault } from "./setting.ts";

/** How long what happened is kept, and the zone of the jobs that tidy up. */
export const keepingSettings = {
  keepCalls: withDefault(
    {
      name: "KEEP_CALLS",
      meaning: "Ended calls, with their attempts and their history, are removed after this.",
    },
    "400d",
    days,
  ),
  keepDeliveries: withDefault(
    { name: "KEEP_DELIVERIES", meaning: "Messages to webhooks and handlers are removed after this." },
    "30d",
    days,
  ),
  timezone: withDefault(
    { name: "TIMEZONE", meaning: "The zone of the timetable: of jobs such as the nightly statistics." },
    "UTC",
    { ...text, expected: "an IANA time zone such as Europe/Vienna" },
  ),
} as const satisfies Record<string, Setting<unknown>>;
