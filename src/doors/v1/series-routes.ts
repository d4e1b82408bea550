import type { FastifyInstance } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { call, pageQuery } from "./call-schemas.ts";
import { keyed, plans, stale } from "./refusal-lists.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import { section } from "../../ports/http/section.ts";
import { seriesHandlers } from "./series.ts";
import * as of from "./series-schemas.ts";

/** Calls again and again. */
export function addSeries(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const series = section(app, "Series", "series");
  const handle = seriesHandlers(ports);
  const planned = [...plans, "rule_invalid"] as const;
  const changed = { body: nothing, answer: of.series, refusals: ["already_ended", ...stale] as const };

  series.post(
    "createSeries",
    "/series",
    "Make calls by a rule",
    {
      body: of.seriesCreate,
      answer: of.series,
      statuses: [201],
      refusals: [...planned, ...keyed],
      idempotency: "store",
    },
    handle.create,
  );
  series.post(
    "previewSeries",
    "/series/preview",
    "What a rule's occurrences would be; stores nothing",
    {
      body: of.seriesPreview,
      answer: of.seriesPreviewAnswer,
      refusals: planned,
      idempotency: "none",
    },
    handle.preview,
  );
  series.get(
    "listSeries",
    "/series",
    "List series",
    { query: of.seriesQuery, answer: of.seriesPage, refusals: ["invalid_cursor"] },
    handle.list,
  );
  series.get("getSeries", "/series/:id", "Get a series", { answer: of.series }, handle.get);
  series.patch(
    "updateSeries",
    "/series/:id",
    "Change a series; its future slots are replaced",
    { body: of.seriesPatch, answer: of.series, refusals: [...planned, "already_ended", ...stale] },
    handle.update,
  );
  series.post("pauseSeries", "/series/:id/pause", "Pause a series", changed, handle.pause);
  series.post(
    "resumeSeries",
    "/series/:id/resume",
    "Go on with a paused series",
    { ...changed, body: of.seriesResume },
    handle.resume,
  );
  series.post("endSeries", "/series/:id/end", "End a series for ever", changed, handle.end);
  series.post(
    "runSeriesNow",
    "/series/:id/run-now",
    "An occurrence now, beside the rule",
    { body: nothing, answer: call, statuses: [201], refusals: [...plans, "already_ended"] },
    handle.runNow,
  );
  series.post(
    "backfillSeries",
    "/series/:id/backfill",
    "Make slots of the past that never became a call",
    {
      body: of.seriesBackfill,
      query: of.backfillQuery,
      answer: of.backfillAnswer,
      refusals: [...plans, "too_many_items", ...stale],
    },
    handle.backfill,
  );
  series.get(
    "nextOccurrences",
    "/series/:id/next",
    "The next occurrences of a series",
    { query: of.nextQuery, answer: of.seriesPreviewAnswer },
    handle.next,
  );
  series.get(
    "listOccurrences",
    "/series/:id/occurrences",
    "What became of a series' slots, newest first",
    { query: pageQuery, answer: of.occurrencePage, refusals: ["invalid_cursor"] },
    handle.occurrences,
  );
}
