import { type Static, Type } from "typebox";

import { attemptStatuses } from "../../domain/attempt.ts";
import { callStatuses } from "../../domain/call.ts";
import { outcomes } from "../../domain/outcome.ts";

import {
  anyObject,
  answer,
  duration,
  label,
  nullable,
  oneOf,
  pageOf,
  strict,
  utc,
  utcOrNull,
  weekly,
} from "../../ports/http/schema-parts.ts";

const at = Type.String({
  maxLength: 64,
  description:
    "When: RFC 3339 with an offset, or a local time with timezone, or RFC 9557. Neither at nor in means at once.",
  example: "2026-12-01T10:00:00",
});
const wait = duration("How long from now, instead of at.", "5m");
const timezone = Type.String({
  maxLength: 64,
  description: "The recipient's IANA zone. Without it, the number's prefix tells.",
  example: "America/New_York",
});
const disambiguation = oneOf(
  ["compatible", "earlier", "later", "reject"],
  "What to do with a local time that does not exist or happens twice (default compatible).",
);
const expiresAt = Type.String({ maxLength: 64, description: "The call is useless from then on; as at." });
const expiresAfter = duration("The same, counted from the instant that it is due (default 1h).", "1h");

const window = strict("CallWindow", {
  timezone: Type.Optional(
    Type.Unsafe<string | null>({
      type: ["string", "null"],
      maxLength: 64,
      description: "Null or absent: the recipient's.",
    }),
  ),
  weekly,
});

export const callCreate = strict("CallCreate", {
  to: Type.String({ maxLength: 64, description: "E.164.", example: "+12125550100" }),
  at: Type.Optional(at),
  in: Type.Optional(wait),
  timezone: Type.Optional(timezone),
  disambiguation: Type.Optional(disambiguation),
  line: Type.Optional(label("Name or id; without it, the default line.")),
  hours: Type.Optional(label("Calling hours, by name or id; without them, the default ones.")),
  retry_policy: Type.Optional(label("By name or id; without it, the default one.")),
  purpose: Type.Optional(label("What the call is for, such as renewal.")),
  name: Type.Optional(label("Who is called, for people to read.")),
  metadata: Type.Optional(anyObject),
  external_id: Type.Optional(label("Your own id of it.")),
  dedupe_key: Type.Optional(label("Only one live call has it, such as apt_88:24h.")),
  on_duplicate: Type.Optional(
    oneOf(["refuse", "return"], "When a live call has the dedupe_key (default refuse)."),
  ),
  priority: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 9, description: "9 first, 0 last (default 5)." }),
  ),
  expires_at: Type.Optional(expiresAt),
  expires_after: Type.Optional(expiresAfter),
  owner: Type.Optional(label("Whose call it is, in your own ids; lists can be narrowed by it.")),
  agent: Type.Optional(label("Which agent speaks, in your own ids.")),
  window: Type.Optional(window),
  carrier: Type.Optional(anyObject),
  sandbox: Type.Optional(
    strict("SandboxScript", {
      script: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
        minItems: 1,
        maxItems: 20,
        description: "What each attempt does, on a sandbox line; the last one repeats.",
        example: ["busy", "answered:confirmed"],
      }),
    }),
  ),
});
export type CallCreate = Static<typeof callCreate>;

export const callsBulk = strict("CallsBulk", {
  calls: Type.Unsafe<readonly unknown[]>({
    type: "array",
    minItems: 1,
    maxItems: 1000,
    "x-refusal": "too_many_items",
    "x-item": "CallCreate",
  }),
});
export type CallsBulk = Static<typeof callsBulk>;

export const callReschedule = strict("CallReschedule", {
  at: Type.Optional(at),
  in: Type.Optional(wait),
  timezone: Type.Optional(timezone),
  disambiguation: Type.Optional(disambiguation),
  expires_at: Type.Optional(expiresAt),
  expires_after: Type.Optional(expiresAfter),
});
export type CallReschedule = Static<typeof callReschedule>;

export const callSettle = strict("CallSettle", {
  placed: Type.Boolean({ description: "Did the call that nobody could confirm take place?" }),
  outcome: Type.Optional(oneOf(outcomes, "What became of it, when it took place.")),
  disposition: Type.Optional(Type.String({ maxLength: 64 })),
});
export type CallSettle = Static<typeof callSettle>;

const move = answer("Move", {
  reason: Type.String(),
  rule: Type.String({ description: "The rule that moved it, such as the name of calling hours." }),
  timezone: Type.String(),
  from: utc,
  from_local: nullable("string"),
  to: utc,
  to_local: nullable("string"),
  detail: nullable("string"),
});

export const call = answer("Call", {
  id: nullable("string", "Null only in the answer to a dry run."),
  status: oneOf(
    ["queued", ...callStatuses],
    "queued: due, and waiting for what waiting_for says. More values may come.",
  ),
  reason: Type.String({ description: "Why it stands as it does." }),
  waiting_for: nullable("string", "What a call that waits is waiting for."),
  to: Type.String({ example: "+12125550100" }),
  name: nullable("string"),
  due_at: utc,
  due_at_local: nullable("string", "The same instant in timezone; null when no rule needed a zone."),
  timezone: nullable("string", "The recipient's zone."),
  timezone_source: nullable("string", "given, at (from the time itself) or number (its prefix)."),
  requested_at: utc,
  requested_at_local: nullable("string"),
  closes_at: utcOrNull,
  closes_at_local: nullable("string"),
  expires_at: utcOrNull,
  expires_at_local: nullable("string"),
  next_action_at: nullable("string", "When something happens next by itself; null once it has ended."),
  line: answer("LineRef", { id: Type.String(), name: Type.String() }),
  purpose: nullable("string"),
  priority: Type.Integer(),
  hours: nullable("string"),
  retry_policy: nullable("string"),
  metadata: anyObject,
  external_id: nullable("string"),
  owner: nullable("string"),
  agent: nullable("string"),
  dedupe_key: nullable("string"),
  attempts: Type.Integer({ description: "How many dials were made." }),
  attempt_id: nullable("string", "The latest attempt."),
  outcome: nullable("string", "What the network did with the latest attempt that ended."),
  disposition: nullable("string", "What the person said."),
  dispatched_at: nullable("string", "When a carrier took it: not when it ended."),
  completed_at: nullable("string", "When it ended as completed."),
  ended_at: utcOrNull,
  sandbox: Type.Unsafe<{ script: readonly string[] } | null>({
    type: ["object", "null"],
    properties: { script: { type: "array", items: { type: "string" } } },
  }),
  series: Type.Unsafe<{ id: string; slot: string; number: number } | null>({
    type: ["object", "null"],
    description: "The series that it is an occurrence of.",
    properties: { id: { type: "string" }, slot: { type: "string" }, number: { type: "integer" } },
  }),
  created_at: utc,
  updated_at: utc,
  version: Type.Integer({ description: "What ETag and If-Match count." }),
  warnings: Type.Array(Type.String()),
  moves: Type.Array(move),
  dry_run: Type.Optional(Type.Boolean({ description: "True: nothing was stored." })),
});
export type CallJson = Static<typeof call>;

export const bulkAnswer = answer("CallsBulkAnswer", {
  data: Type.Array(
    Type.Object({
      status: Type.Integer({ description: "As if the item had been sent alone." }),
      call: Type.Optional(call),
      error: Type.Optional(anyObject),
    }),
  ),
});
export type BulkJson = Static<typeof bulkAnswer>;

export const attempt = answer("Attempt", {
  id: Type.String(),
  call_id: Type.String(),
  number: Type.Integer({ description: "1 for the call's first dial." }),
  status: oneOf(attemptStatuses),
  line_id: Type.String(),
  due_at: utc,
  claimed_at: utc,
  placing_at: utcOrNull,
  accepted_at: utcOrNull,
  ringing_at: utcOrNull,
  answered_at: utcOrNull,
  ended_at: utcOrNull,
  duration_ms: nullable("number"),
  outcome: nullable("string"),
  disposition: nullable("string"),
  carrier_ref: nullable("string"),
  detail: nullable("string"),
  waited_for: nullable("string"),
  start_delay_ms: Type.Number({ description: "From due to claimed." }),
  check_at: nullable("string", "When the carrier will be asked, if it does not report before."),
});
export type AttemptJson = Static<typeof attempt>;

export const event = answer("Event", {
  id: Type.String(),
  cursor: Type.String({ description: "What after and Last-Event-ID take." }),
  type: Type.String({ example: "call.scheduled" }),
  at: utc,
  call_id: nullable("string"),
  attempt_id: nullable("string"),
  reason: nullable("string"),
  actor: nullable("string"),
  data: anyObject,
});
export type EventJson = Static<typeof event>;

export const explanation = answer("Explanation", {
  summary: Type.String({ description: "Why it stands as it does, in one sentence." }),
  call,
  steps: Type.Array(
    Type.Object({
      at: utc,
      sentence: Type.String(),
      type: Type.String(),
      reason: nullable("string"),
    }),
  ),
  attempts: Type.Array(attempt),
});

export const callPage = pageOf("CallPage", call);
export const attemptPage = pageOf("AttemptPage", attempt);
export const eventPage = pageOf("EventPage", event);

const filterTime = Type.String({ maxLength: 64, description: "RFC 3339 with an offset." });
export const pageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, description: "More than 200 counts as 200 (default 50)." }),
    ),
    cursor: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  { additionalProperties: false },
);
export type PageQuery = Static<typeof pageQuery>;

export const callsQuery = Type.Object(
  {
    ...pageQuery.properties,
    status: Type.Optional(Type.String({ maxLength: 200, description: "One or several, with commas." })),
    outcome: Type.Optional(Type.String({ maxLength: 300, description: "One or several, with commas." })),
    line: Type.Optional(Type.String({ maxLength: 200 })),
    purpose: Type.Optional(Type.String({ maxLength: 200 })),
    to: Type.Optional(Type.String({ maxLength: 64 })),
    external_id: Type.Optional(Type.String({ maxLength: 200 })),
    owner: Type.Optional(Type.String({ maxLength: 200 })),
    agent: Type.Optional(Type.String({ maxLength: 200 })),
    due_after: Type.Optional(filterTime),
    due_before: Type.Optional(filterTime),
    created_after: Type.Optional(filterTime),
    created_before: Type.Optional(filterTime),
  },
  { additionalProperties: false },
);
export type CallsQuery = Static<typeof callsQuery>;

export const createQuery = Type.Object(
  { dry_run: Type.Optional(Type.Boolean({ description: "Plans and answers, and stores nothing." })) },
  { additionalProperties: false },
);
export type CreateQuery = Static<typeof createQuery>;

export const eventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({ maxLength: 200, description: "The cursor of the last event you have." }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    type: Type.Optional(Type.String({ maxLength: 1000, description: "One or several, with commas." })),
  },
  { additionalProperties: false },
);
export type EventsQuery = Static<typeof eventsQuery>;

export const streamQuery = Type.Object(
  { after: eventsQuery.properties.after, type: eventsQuery.properties.type },
  { additionalProperties: false },
);
export type StreamQuery = Static<typeof streamQuery>;
