import { type Static, Type } from "typebox";

import type { RuleInput } from "../../domain/recurrence/recurrence.ts";

import { callCreate, pageQuery } from "./call-schemas.ts";
import {
  answer,
  anyObject,
  duration,
  nullable,
  oneOf,
  pageOf,
  patchOf,
  strict,
  utc,
} from "../../ports/http/schema-parts.ts";

const {
  at: _at,
  in: _in,
  disambiguation: _disambiguation,
  dedupe_key: _key,
  on_duplicate: _onDuplicate,
  expires_at: _expiresAt,
  timezone: _timezone,
  to,
  ...template
} = callCreate.properties;

const policies = {
  on_gap: Type.Optional(
    oneOf(
      ["forward", "next_valid", "skip"],
      "A local time that a clock change skips: forward by the gap (02:30 to 03:30, default), to its end (03:00), or left out.",
    ),
  ),
  on_repeat: Type.Optional(
    oneOf(["first", "second", "both"], "A local time that a clock change repeats (default first)."),
  ),
  misfire: Type.Optional(
    oneOf(
      ["skip", "run_once", "run_all"],
      "Slots that passed while nothing could be done: none, the latest (default), or each within the grace is made.",
    ),
  ),
  misfire_grace: Type.Optional(duration("How late an occurrence may still be dialed (default 1h).", "1h")),
  misfire_max: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, description: "With run_all: the most at once (default 10)." }),
  ),
  overlap: Type.Optional(
    oneOf(
      ["skip", "buffer_one", "allow"],
      "An occurrence that is due while an earlier one is under way: left out, waits for it, or runs beside it (default).",
    ),
  ),
  overlap_max: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 20,
      description: "With allow: at most so many; 0 is without limit.",
    }),
  ),
  jitter: Type.Optional(duration("Each call is due up to this much after its slot.", "5m")),
};

/** Its inside is read by the domain, which says where it is wrong. */
const rule = Type.Unsafe<RuleInput>({
  type: "object",
  minProperties: 1,
  description:
    '{"frequency": "weekly", "interval": 1, "weekdays": ["mon"], "until": "2027-12-31", "max_occurrences": 10}, {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "exdates": []}, or {"cron": "0 10 * * 1-5"}.',
  additionalProperties: true,
});

const timing = {
  start_at: Type.Optional(
    Type.String({
      maxLength: 64,
      description:
        "Where counting starts, and the rule's time of day: local in timezone, or with an offset. Default: now.",
      example: "2027-01-04T10:00:00",
    }),
  ),
  timezone: Type.String({
    maxLength: 64,
    description: "The IANA zone whose wall clock the rule follows.",
    example: "America/New_York",
  }),
  rule,
};

export const seriesCreate = strict("SeriesCreate", { to, ...timing, ...template, ...policies });
export type SeriesCreate = Static<typeof seriesCreate>;
export const seriesPatch = patchOf("SeriesPatch", seriesCreate);
export type SeriesPatch = Static<typeof seriesPatch>;

const count = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 1000, description: "How many occurrences (default 10)." }),
);

export const seriesPreview = strict("SeriesPreviewRequest", {
  to: Type.Optional(to),
  ...timing,
  ...template,
  ...policies,
  count,
  after: Type.Optional(
    Type.String({ maxLength: 64, description: "Only later ones; RFC 3339 with an offset." }),
  ),
});
export type SeriesPreviewBody = Static<typeof seriesPreview>;

export const seriesResume = Type.Unsafe<{ catch_up?: boolean } | null>({
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    catch_up: {
      type: "boolean",
      description: "Make the latest slot that passed while it was paused (default false).",
    },
  },
});
export type SeriesResume = Static<typeof seriesResume>;

export const seriesBackfill = strict("SeriesBackfill", {
  from: Type.String({ maxLength: 64, description: "RFC 3339 with an offset, inclusive." }),
  to: Type.String({ maxLength: 64, description: "The same, exclusive; not in the future." }),
});
export type SeriesBackfill = Static<typeof seriesBackfill>;
export const backfillQuery = Type.Object(
  { dry_run: Type.Optional(Type.Boolean({ description: "Shows what would be made, and makes nothing." })) },
  { additionalProperties: false },
);
export type BackfillQuery = Static<typeof backfillQuery>;

const slot = {
  at: utc,
  local: Type.String({ description: "The same instant in the series' zone, with its offset." }),
  due_at: Type.String({ description: "When its call would be due, after calling hours. UTC." }),
  slot: Type.String({ description: "Its identity: the local time, #2 for the second of two." }),
  number: Type.Integer(),
  notes: Type.Array(Type.String(), { description: "Clock changes, missing days, moves by calling hours." }),
};
const preview = {
  description: Type.String({ description: "The rule in words." }),
  timezone: Type.String(),
  data: Type.Array(Type.Object(slot)),
};
export const seriesPreviewAnswer = answer("SeriesPreview", preview);
export const backfillAnswer = answer("SeriesBackfillAnswer", {
  data: Type.Array(Type.Object(slot)),
  created: Type.Integer(),
});

export const series = answer("Series", {
  id: Type.String(),
  status: oneOf(["active", "paused", "ended"]),
  status_reason: nullable("string", "Why it ended or is paused."),
  description: Type.String({ description: "The rule in words.", example: "weekdays at 10:00, Asia/Kolkata" }),
  to: Type.String(),
  rule: anyObject,
  start_at: Type.String({ description: "Local time in timezone, without an offset." }),
  timezone: Type.String(),
  next_at: nullable("string", "The slot that comes next, UTC."),
  next_local: nullable("string", "The same in the series' zone, with its offset."),
  next_call_id: nullable("string"),
  slots: Type.Integer({ description: "Slots of the rule used up so far, left out ones among them." }),
  call: Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: "object",
    additionalProperties: true,
    description: "What its calls share.",
  }),
  policies: anyObject,
  owner: nullable("string"),
  agent: nullable("string"),
  created_at: utc,
  updated_at: utc,
  version: Type.Integer({ description: "What ETag and If-Match count." }),
});
export type SeriesJson = Static<typeof series>;
export const seriesPage = pageOf("SeriesPage", series);

export const seriesQuery = Type.Object(
  {
    ...pageQuery.properties,
    status: Type.Optional(Type.String({ maxLength: 100, description: "One or several, with commas." })),
    owner: Type.Optional(Type.String({ maxLength: 200 })),
    agent: Type.Optional(Type.String({ maxLength: 200 })),
    to: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { additionalProperties: false },
);
export type SeriesQuery = Static<typeof seriesQuery>;
export const nextQuery = Type.Object({ count }, { additionalProperties: false });
export type NextQuery = Static<typeof nextQuery>;

export const occurrence = answer("Occurrence", {
  slot: Type.String(),
  number: Type.Integer({ description: "0 for one that was run by request." }),
  at: utc,
  local: Type.String(),
  kind: oneOf(["rule", "run_now", "backfill"]),
  status: oneOf(["scheduled", "skipped", "missed"], "scheduled: it became a call, whatever became of that."),
  reason: nullable("string", "Why it is no call."),
  call_id: nullable("string"),
});
export const occurrencePage = pageOf("OccurrencePage", occurrence);
