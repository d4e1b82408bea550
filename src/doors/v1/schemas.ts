import { type Static, Type } from "typebox";

import { callStatuses } from "../../domain/call.ts";
import { outcomes, retryClasses } from "../../domain/outcome.ts";
import { scopes } from "../../domain/scope.ts";

import {
  anyObject,
  answer,
  duration,
  label,
  nullable,
  oneOf,
  pageOf,
  patchOf,
  strict,
  utc,
  utcOrNull,
  weekly,
} from "../../ports/http/schema-parts.ts";

const kept = { version: Type.Integer(), created_at: utc, updated_at: utc };
const isDefault = Type.Boolean({ description: "Taken where none is named; see settings." });

export const lineCreate = strict("LineCreate", {
  name: label("What calls name it by."),
  carrier: Type.String({ maxLength: 64, example: "sandbox" }),
  settings: Type.Optional(anyObject),
  caller_id: Type.Optional(nullable("string", "E.164.")),
  slots_max: Type.Optional(Type.Integer({ minimum: 1, description: "Calls at one time." })),
  calls_per_second: Type.Optional(Type.Number({ minimum: 0, description: "0: without limit." })),
  burst: Type.Optional(Type.Integer({ minimum: 1, description: "Starts at one instant after a pause." })),
  daily_max: Type.Optional(Type.Integer({ minimum: 0, description: "Calls a day; 0: without limit." })),
  ring_timeout_seconds: Type.Optional(Type.Integer({ minimum: 1 })),
  max_duration_seconds: Type.Optional(Type.Integer({ minimum: 1 })),
  timezone: Type.Optional(Type.String({ maxLength: 64, description: "Whose midnight ends the day." })),
  hours: Type.Optional(nullable("string")),
  retry_policy: Type.Optional(nullable("string")),
});
export type LineCreate = Static<typeof lineCreate>;
export const linePatch = patchOf("LinePatch", lineCreate);
export type LinePatch = Static<typeof linePatch>;

export const line = answer("Line", {
  id: Type.String(),
  name: Type.String(),
  carrier: Type.String(),
  real: Type.Boolean({ description: "It can ring people." }),
  status: oneOf(["active", "paused"]),
  status_reason: nullable("string"),
  settings: anyObject,
  caller_id: nullable("string"),
  slots_max: Type.Integer(),
  slots_used: Type.Integer(),
  calls_per_second: Type.Number(),
  burst: Type.Integer(),
  daily_max: Type.Integer(),
  day_used: Type.Integer(),
  ring_timeout_seconds: Type.Number(),
  max_duration_seconds: Type.Number(),
  timezone: Type.String(),
  hours: nullable("string"),
  retry_policy: nullable("string"),
  waiting_for: nullable("string", "Why its due calls wait."),
  is_default: isDefault,
  ...kept,
});
export type LineJson = Static<typeof line>;
export const linePage = pageOf("LinePage", line);
export const lineCheck = answer("LineCheck", {
  ok: Type.Boolean(),
  detail: Type.String(),
  cure: nullable("string"),
  warnings: Type.Array(Type.String(), { description: "What works and could be better." }),
});
export const reasonBody = Type.Unsafe<{ readonly reason?: string } | null>({
  type: ["object", "null"],
  additionalProperties: false,
  properties: { reason: { type: "string", minLength: 1, maxLength: 200 } },
});
export type ReasonBody = Static<typeof reasonBody>;

const holidays = Type.Unsafe<{ readonly country: string; readonly region?: string } | null>({
  type: ["object", "null"],
  additionalProperties: false,
  required: ["country"],
  description: "The public holidays of a country and region are closed.",
  properties: {
    country: { type: "string", minLength: 2, maxLength: 2, example: "US" },
    region: { type: "string", maxLength: 10, example: "NY" },
  },
});

export const hoursCreate = strict("HoursCreate", {
  name: label("What calls name them by."),
  timezone: Type.Optional(nullable("string", "Null: the recipient's zone.")),
  weekly,
  closed_dates: Type.Optional(
    Type.Array(Type.String({ maxLength: 10, example: "2026-12-25" }), { maxItems: 1000 }),
  ),
  holidays: Type.Optional(holidays),
});
export type HoursCreate = Static<typeof hoursCreate>;
export const hoursPatch = patchOf("HoursPatch", hoursCreate);
export type HoursPatch = Static<typeof hoursPatch>;

export const hours = answer("Hours", {
  id: Type.String(),
  name: Type.String(),
  timezone: nullable("string"),
  weekly: anyObject,
  closed_dates: Type.Array(Type.String()),
  holidays: Type.Unsafe<{ readonly country: string; readonly region?: string } | null>({
    type: ["object", "null"],
    properties: { country: { type: "string" }, region: { type: "string" } },
  }),
  description: Type.String(),
  is_default: isDefault,
  ...kept,
});
export type HoursJson = Static<typeof hours>;
export const hoursPage = pageOf("HoursPage", hours);

const rule = {
  type: "object",
  additionalProperties: false,
  required: ["retries"],
  properties: {
    retries: { type: "integer", minimum: 0, maximum: 100 },
    first_delay: { type: "string", maxLength: 32, example: "10m" },
    factor: { type: "number", minimum: 1, maximum: 100 },
    max_delay: { type: "string", maxLength: 32, example: "1d" },
  },
};
type Rule = {
  readonly retries: number;
  readonly first_delay?: string;
  readonly factor?: number;
  readonly max_delay?: string;
};
export const retryPolicyCreate = strict("RetryPolicyCreate", {
  name: label("What calls name it by."),
  rules: Type.Optional(
    Type.Unsafe<Readonly<Record<string, Rule>>>({
      type: "object",
      additionalProperties: false,
      description: "By class of outcome; a class that is absent keeps the default.",
      properties: Object.fromEntries(retryClasses.map((name) => [name, rule])),
    }),
  ),
  attempts_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  other_daypart: Type.Optional(Type.Boolean()),
  quarantine: Type.Optional(duration("How long a number that must not be retried rests.", "30d")),
});
export type RetryPolicyCreate = Static<typeof retryPolicyCreate>;
export const retryPolicyPatch = patchOf("RetryPolicyPatch", retryPolicyCreate);
export type RetryPolicyPatch = Static<typeof retryPolicyPatch>;

export const retryPolicy = answer("RetryPolicy", {
  id: Type.String(),
  name: Type.String(),
  rules: anyObject,
  attempts_max: Type.Integer(),
  jitter: Type.Number(),
  other_daypart: Type.Boolean(),
  quarantine: Type.String(),
  is_default: isDefault,
  ...kept,
});
export type RetryPolicyJson = Static<typeof retryPolicy>;
export const retryPolicyPage = pageOf("RetryPolicyPage", retryPolicy);

export const suppressionCreate = strict("SuppressionCreate", {
  to: Type.String({ maxLength: 64, description: "E.164." }),
  reason: Type.Optional(label("Why, for people to read.")),
  purpose: Type.Optional(label("Only calls for this; without it, all.")),
  until: Type.Optional(Type.String({ maxLength: 64, description: "RFC 3339; without it, for ever." })),
});
export type SuppressionCreate = Static<typeof suppressionCreate>;
export const suppression = answer("Suppression", {
  id: Type.String(),
  to: Type.String(),
  kind: oneOf(["suppressed", "quarantined"]),
  reason: Type.String(),
  purpose: nullable("string"),
  until: utcOrNull,
  created_at: utc,
});
export type SuppressionJson = Static<typeof suppression>;
export const suppressionPage = pageOf("SuppressionPage", suppression);

export const keyCreate = strict("KeyCreate", {
  name: label("Who uses it."),
  scopes: Type.Optional(
    Type.Array(oneOf(scopes), { minItems: 1, maxItems: scopes.length, description: "Default: your own." }),
  ),
  expires_in: Type.Optional(duration("Default: never.", "90d")),
  workspace: Type.Optional(label("Default: your own.")),
});
export type KeyCreate = Static<typeof keyCreate>;
const keyMembers = {
  id: Type.String(),
  name: Type.String(),
  workspace: Type.String(),
  hint: Type.String({ description: "The beginning of the key, to tell it from others." }),
  scopes: Type.Array(Type.String()),
  expires_at: utcOrNull,
  last_used_at: utcOrNull,
  revoked_at: utcOrNull,
  created_at: utc,
};
export const key = answer("Key", keyMembers);
export type KeyJson = Static<typeof key>;
export const keyCreated = answer("KeyCreated", {
  ...keyMembers,
  secret: Type.String({ description: "The key itself, shown this once." }),
});
export const keyPage = pageOf("KeyPage", key);

const cap = strict("NumberCap", {
  max: Type.Integer({ minimum: 1, maximum: 1000 }),
  window: duration("Within any stretch of this length.", "1d"),
});
export const settingsPatch = patchOf(
  "SettingsPatch",
  strict("SettingsPatch", {
    default_line: nullable("string", "Name or id."),
    default_hours: nullable("string", "Name or id."),
    default_retry_policy: nullable("string", "Name or id."),
    default_expires_after: duration("How long a due call stays useful.", "1h"),
    number_caps: Type.Array(cap, { maxItems: 10, description: "Dials to one number." }),
  }),
);
export type SettingsPatch = Static<typeof settingsPatch>;
export const settings = answer("Settings", {
  default_line: nullable("string"),
  default_hours: nullable("string"),
  default_retry_policy: nullable("string"),
  default_expires_after: Type.String(),
  number_caps: Type.Array(Type.Object({ max: Type.Integer(), window: Type.String() })),
});
export type SettingsJson = Static<typeof settings>;

export const dialingStop = strict("DialingStop", { reason: label("Why, for everybody to read.") });
export type DialingStop = Static<typeof dialingStop>;
export const dialing = answer("Dialing", {
  stopped: Type.Boolean(),
  reason: nullable("string"),
  since: utcOrNull,
});

const count = Type.Integer();
const ms = Type.Number();
export const stats = answer("Stats", {
  calls: Type.Object(Object.fromEntries(["queued", ...callStatuses].map((name) => [name, count]))),
  outcomes: Type.Object(Object.fromEntries(outcomes.map((name) => [name, Type.Optional(count)]))),
  attempts: count,
  in_flight: count,
  due_now: count,
  oldest_due_at: utcOrNull,
  start_delay_ms: Type.Object(
    { count, p50: ms, p95: ms, p99: ms, max: ms },
    { description: "From due to claimed, since this process started." },
  ),
});

export const clockAdvance = strict("ClockAdvance", {
  advance: duration("Forward only.", "24h"),
});
export type ClockAdvance = Static<typeof clockAdvance>;
export const sandboxClock = answer("SandboxClock", {
  now: utc,
  offset_ms: Type.Number({ description: "How far it is ahead of the real time." }),
});
export const sandboxNumbers = answer("SandboxNumbers", {
  data: Type.Array(Type.Object({ number: Type.String(), script: Type.Array(Type.String()) })),
});
