import type { Actor, Page, PageRequest } from "./engine.ts";

/** `id`: the caller's own id of the agent; without one it is given an id. */
export type AgentInput = {
  readonly id?: string;
  readonly name: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
};

export type AgentView = {
  /** What calls name it by. */
  readonly id: string;
  /** False when the id was made here. */
  readonly isOwnId: boolean;
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** Who may speak in calls. As long as none is registered, every agent that a call names is taken as it is. */
export interface AgentVerbs {
  /** Throws `name_taken` when the id is. */
  createAgent(actor: Actor, input: AgentInput): Promise<AgentView>;
  getAgent(actor: Actor, agentId: string): Promise<AgentView>;
  listAgents(actor: Actor, page: PageRequest): Promise<Page<AgentView>>;
  updateAgent(
    actor: Actor,
    agentId: string,
    patch: Partial<Omit<AgentInput, "id">>,
    ifVersion?: number,
  ): Promise<AgentView>;
  /** Calls that name it stay as they are. */
  removeAgent(actor: Actor, agentId: string): Promise<void>;
  /** Those of the given ids that are registered. */
  findAgents(actor: Actor, agentIds: readonly string[]): Promise<ReadonlyMap<string, AgentView>>;
  /** Throws `agent_unknown` when agents are registered and this one is not. */
  requireAgent(actor: Actor, agentId: string): Promise<void>;
}
