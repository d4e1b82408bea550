import type { NodeRow } from "../ports/rows.ts";
import type { Context, EnginePorts } from "./context.ts";
import type { DowntimeReport } from "./engine.ts";
import type { Ids } from "./ids.ts";
import { Entries } from "./ledger.ts";
import { newCounters, newLine } from "./lines.ts";
import type { Receive } from "./receive.ts";
import { downtimeReport, recover } from "./recover.ts";

export const defaultWorkspace = 1;
const firstStart: readonly [string, string] = ["sandbox", "sandbox"];

export async function makeFirstRows(options: Pick<EnginePorts, "store" | "clock">, ids: Ids): Promise<void> {
  const { store, clock } = options;
  const workspaces = await store.read("look for a workspace", () => store.statements.workspaces.all({}));
  if (workspaces.length > 0) return;
  const lineId = (await ids.reserve({ config: 1 })).next("config");
  const now = clock.now();
  await store.run("make the first rows", function* () {
    yield* store.statements.workspaces.insert([
      {
        id: defaultWorkspace,
        name: "default",
        stopped_at: null,
        stopped_reason: null,
        plan_version: 1,
        created_at: now,
      },
    ]);
    const made = yield* store.statements.lines.insert([
      { ...newLine(lineId, defaultWorkspace, ...firstStart, now), settings: "{}", slots_max: 50 },
    ]);
    if (made.length > 0) yield* store.statements.lines.insertCounters([newCounters(lineId)]);
  });
}

/** Writes this node down, notices new zone data, and takes over what earlier processes left. */
export async function begin(
  context: Context,
  receive: Receive,
  nodeName: string,
): Promise<DowntimeReport | null> {
  const { statements } = context.store;
  const now = context.clock.now();
  const nodes: NodeRow[] = await context.store.read("read nodes", () => statements.nodes.all({}));
  const [known] = await context.store.read("read the zone data's version", () =>
    statements.settings.get({ workspace_id: 0, name: "tzdb_version" }),
  );
  await context.store.run("start a node", function* () {
    yield* statements.nodes.insert([
      { id: context.nodeId, name: nodeName, started_at: now, seen_at: now, stopped_at: null },
    ]);
    yield* statements.settings.put([
      {
        workspace_id: 0,
        name: "tzdb_version",
        value: JSON.stringify(context.zones.version),
        updated_at: now,
      },
    ]);
    if (known !== undefined && known.value !== JSON.stringify(context.zones.version)) {
      for (const id of context.book.workspaces.keys()) yield* statements.workspaces.bumpPlan({ id });
    }
  });
  await context.book.load();
  const unconfirmed = await recover(context, receive, nodes, now);
  const downtime = await downtimeReport(context, nodes, now, unconfirmed);
  if (downtime !== null) {
    await noteDowntime(context, downtime);
    context.log.info("While we were down, calls fell due.", {
      missed: downtime.missed,
      dialedLate: downtime.dialedLate,
      expired: downtime.expired,
      unconfirmed: downtime.unconfirmed,
    });
  }
  for (const node of nodes.filter((one) => one.stopped_at === null && context.store.singleOwner)) {
    await context.store.run("bury a node", () =>
      statements.nodes.stopped({ id: node.id, stopped_at: node.seen_at }),
    );
  }
  return downtime;
}

/** In the ledger of the default workspace, so that who looks at events later finds it. */
async function noteDowntime(context: Context, downtime: DowntimeReport): Promise<void> {
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = new Entries(lease);
  const { from, to, missed, dialedLate, expired, unconfirmed } = downtime;
  entries.addWide(defaultWorkspace, {
    at: to,
    type: "engine.was_down",
    data: { from_at: from, to_at: to, missed, dialed_late: dialedLate, expired, unconfirmed },
  });
  await context.store.run("note the downtime", () => context.store.statements.ledger.insert(entries.rows));
}
