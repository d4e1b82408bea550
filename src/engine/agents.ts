import { Refusal, refuseField } from "../domain/refusal.ts";
import type { AgentRow } from "../ports/rows.ts";
import type { AgentInput, AgentVerbs, AgentView } from "./agents-api.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { checkVersion } from "./lines.ts";

export function agentVerbs(context: Context): AgentVerbs {
  return {
    createAgent: (actor, input) => createAgent(context, actor, input),
    getAgent: async (actor, agentId) => viewOf(context, await requireRow(context, actor, agentId)),
    listAgents: (actor, page) => listAgents(context, actor, page),
    updateAgent: (actor, agentId, patch, ifVersion) => updateAgent(context, actor, agentId, patch, ifVersion),
    removeAgent: (actor, agentId) => removeAgent(context, actor, agentId),
    findAgents: (actor, agentIds) => findAgents(context, actor, agentIds),
    requireAgent: (actor, agentId) => requireAgent(context, actor, agentId),
  };
}

async function createAgent(context: Context, actor: Actor, input: AgentInput): Promise<AgentView> {
  const lease = await context.ids.reserve({ config: 1, ledger: 1 });
  const id = lease.next("config");
  const now = context.clock.now();
  const row: AgentRow = {
    id,
    workspace_id: actor.workspaceId,
    agent_id: input.id ?? context.secrets.publicId("agent", id),
    name: input.name,
    metadata: JSON.stringify(input.metadata ?? {}),
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const entries = entryOf(lease, actor, row, "agent.created");
  await context.store.run("create an agent", function* () {
    if ((yield* context.store.statements.agents.insert([row])).length === 0)
      throw refuseField("name_taken", "/id", `There is an agent "${row.agent_id.slice(0, 64)}" already.`);
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  context.announce();
  return viewOf(context, row);
}

async function listAgents(context: Context, actor: Actor, page: PageRequest): Promise<Page<AgentView>> {
  const before = beforeOf(page, "agents");
  const rows = await context.store.read("list agents", () =>
    context.store.statements.agents.list({
      workspace_id: actor.workspaceId,
      before_id: before,
      limit: page.limit + 1,
    }),
  );
  return pageOf(rows, page, "agents", (row) => viewOf(context, row));
}

async function updateAgent(
  context: Context,
  actor: Actor,
  agentId: string,
  patch: Partial<Omit<AgentInput, "id">>,
  ifVersion: number | undefined,
): Promise<AgentView> {
  const before = await requireRow(context, actor, agentId);
  checkVersion(before.version, ifVersion);
  const row: AgentRow = {
    ...before,
    name: patch.name ?? before.name,
    metadata: patch.metadata === undefined ? before.metadata : JSON.stringify(patch.metadata),
    updated_at: context.clock.now(),
  };
  const entries = entryOf(await context.ids.reserve({ ledger: 1 }), actor, row, "agent.updated");
  await context.store.run("change an agent", function* () {
    if ((yield* context.store.statements.agents.update([row])).length === 0)
      throw new Refusal("precondition_failed", "The agent was changed at the same time.");
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  context.announce();
  return viewOf(context, { ...row, version: row.version + 1 });
}

async function removeAgent(context: Context, actor: Actor, agentId: string): Promise<void> {
  const row = await requireRow(context, actor, agentId);
  const entries = entryOf(await context.ids.reserve({ ledger: 1 }), actor, row, "agent.removed");
  await context.store.run("remove an agent", function* () {
    yield* context.store.statements.agents.remove([{ id: row.id }]);
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  context.announce();
}

async function findAgents(
  context: Context,
  actor: Actor,
  agentIds: readonly string[],
): Promise<ReadonlyMap<string, AgentView>> {
  const keys = [...new Set(agentIds)].map((agent_id) => ({ workspace_id: actor.workspaceId, agent_id }));
  const rows = await context.store.read("find agents", () => context.store.statements.agents.of(keys));
  return new Map(rows.map((row) => [row.agent_id, viewOf(context, row)]));
}

async function requireAgent(context: Context, actor: Actor, agentId: string): Promise<void> {
  const { workspaceId: workspace_id } = actor;
  const { agents } = context.store.statements;
  const { found, any } = await context.store.read("look for an agent", function* () {
    return {
      found: yield* agents.of([{ workspace_id, agent_id: agentId }]),
      any: yield* agents.list({ workspace_id, before_id: Number.MAX_SAFE_INTEGER, limit: 1 }),
    };
  });
  if (found.length === 0 && any.length > 0)
    throw refuseField("agent_unknown", "/agent", `No agent is registered as "${agentId.slice(0, 64)}".`);
}

async function requireRow(context: Context, actor: Actor, agentId: string): Promise<AgentRow> {
  const [row] = await context.store.read("find an agent", () =>
    context.store.statements.agents.of([{ workspace_id: actor.workspaceId, agent_id: agentId }]),
  );
  if (row === undefined) throw new Refusal("not_found", `There is no agent "${agentId.slice(0, 64)}".`);
  return row;
}

function entryOf(
  lease: ConstructorParameters<typeof Entries>[0],
  actor: Actor,
  row: AgentRow,
  type: "agent.created" | "agent.updated" | "agent.removed",
): Entries {
  const entries = new Entries(lease);
  entries.addWide(row.workspace_id, {
    at: row.updated_at,
    type,
    actor: actor.name,
    data: { agent: row.agent_id },
  });
  return entries;
}

function viewOf(context: Pick<Context, "secrets">, row: AgentRow): AgentView {
  return {
    id: row.agent_id,
    isOwnId: row.agent_id !== context.secrets.publicId("agent", row.id),
    name: row.name,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
