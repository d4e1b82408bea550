import { type Recurrence, type RuleInput, parseRule } from "../domain/recurrence/recurrence.ts";
import type { MisfirePolicy } from "../domain/series.ts";
import type { SeriesRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { SeriesPolicies, SeriesTemplate } from "./series-api.ts";

/** What a series carries beside its row. Stored as JSON, sealed. */
export type SeriesDocument = {
  readonly rule: RuleInput;
  /** The anchor's wall time (ms as if UTC). */
  readonly startLocalMs: number;
  /** Everything that its calls share, but the number. */
  readonly template: Omit<SeriesTemplate, "to" | "timezone">;
  readonly policies: Required<SeriesPolicies>;
  readonly misfire: MisfirePolicy;
  readonly jitterMs: number;
};

/** Where a series' document and number stand, bound into their envelopes. */
export const seriesDocumentPlace = (id: number): string => `series|document|${id}`;
export const seriesPhonePlace = (id: number): string => `series|phone|${id}`;

/** A series, opened: its row with what was sealed in it, and its rule in its zone. */
export type OpenSeries = {
  readonly row: SeriesRow;
  readonly e164: string;
  readonly document: SeriesDocument;
  readonly recurrence: Recurrence;
};

/** Throws when the row cannot be read: such a series is parked, not guessed at. */
export function openSeries(context: Pick<Context, "secrets" | "zones">, row: SeriesRow): OpenSeries {
  const document = JSON.parse(
    context.secrets.open(row.document, seriesDocumentPlace(row.id)),
  ) as SeriesDocument;
  const e164 = context.secrets.open(row.phone, seriesPhonePlace(row.id));
  return { row, e164, document, recurrence: recurrenceOf(context, document, row.timezone) };
}

export function recurrenceOf(
  context: Pick<Context, "zones">,
  document: Pick<SeriesDocument, "rule" | "startLocalMs" | "policies">,
  timezone: string,
): Recurrence {
  const zone = context.zones.zone(timezone);
  if (zone === undefined) throw new Error(`The zone ${timezone} is not known any more`);
  const { startLocalMs } = document;
  const parsed = parseRule(document.rule, { localMs: startLocalMs }, zone);
  if (!parsed.ok) throw new Error(`The series' rule cannot be read: ${parsed.detail}`);
  return {
    rule: parsed.rule,
    zone,
    startLocalMs,
    gap: document.policies.on_gap,
    overlap: document.policies.on_repeat,
  };
}
