import type { Actor, CallView, Engine } from "../../engine/engine.ts";
import type { OccurrenceView, SeriesView } from "../../engine/series-api.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { Beside } from "./render.ts";

const occurrencesMax = 200;

/** Reads what stands beside calls, each agent and series once; gives what is beside one of them. */
export async function besideCalls(
  { engine, settings }: Pick<DoorPorts<Engine>, "engine" | "settings">,
  actor: Actor,
  calls: readonly CallView[],
): Promise<(call: CallView) => Beside> {
  const agents = await engine.findAgents(
    actor,
    calls.flatMap(({ agent }) => agent ?? []),
  );
  const firstDue = new Map<string, number>();
  for (const call of calls) {
    if (wasTriedBefore(call)) {
      const [first] = await engine.listAttempts(actor, call.id);
      if (first !== undefined) firstDue.set(call.id, first.dueAt);
    }
  }
  const all = new Map<string, SeriesOf>();
  for (const { series } of calls) {
    if (series !== null && !all.has(series.id))
      all.set(series.id, await readSeries(engine, actor, series.id));
  }
  return (call) => {
    const found = call.series === null ? undefined : all.get(call.series.id);
    return {
      agents,
      defaultTimezone: settings.scheduling.timezone,
      firstDueAt: firstDue.get(call.id) ?? null,
      series: found?.series ?? null,
      parentCallId: parentOf(call, found?.occurrences ?? []),
    };
  };
}

/** Whether its due instant is that of a later try. */
function wasTriedBefore({ attempts, status }: CallView): boolean {
  return attempts > 1 || (attempts > 0 && (status === "scheduled" || status === "queued"));
}

type SeriesOf = { readonly series: SeriesView; readonly occurrences: readonly OccurrenceView[] };

async function readSeries(engine: Engine, actor: Actor, seriesId: string): Promise<SeriesOf> {
  const series = await engine.getSeries(actor, seriesId);
  const { data } = await engine.listOccurrences(actor, seriesId, { limit: occurrencesMax });
  return { series, occurrences: data };
}

/** The call of the latest occurrence before it; null for the first, and for one whose elder is no longer kept. */
function parentOf({ series }: CallView, occurrences: readonly OccurrenceView[]): string | null {
  if (series === null) return null;
  const elders = occurrences.filter(({ number, callId }) => callId !== null && number < series.number);
  return elders.toSorted((a, b) => b.number - a.number)[0]?.callId ?? null;
}
