import { type Static, Type } from "typebox";

import {
  anyObject,
  answer,
  label,
  nullable,
  pageOf,
  patchOf,
  strict,
  utc,
} from "../../ports/http/schema-parts.ts";

export const agentCreate = strict("AgentCreate", {
  id: Type.Optional(label("Your own id of it, which calls name; without it one is made.")),
  external_id: Type.Optional(label("The same as id.")),
  name: Type.Optional(label("For people to read (default: the id).")),
  metadata: Type.Optional(anyObject),
});
export type AgentCreate = Static<typeof agentCreate>;

export const agentPatch = patchOf(
  "AgentPatch",
  strict("AgentChange", { name: label("For people to read."), metadata: anyObject }),
);
export type AgentPatch = Static<typeof agentPatch>;

export const agent = answer("Agent", {
  id: Type.String({ description: "What calls name it by." }),
  external_id: nullable("string", "The id, if it is your own."),
  name: Type.String(),
  metadata: anyObject,
  version: Type.Integer(),
  created_at: utc,
  updated_at: utc,
});
export type AgentJson = Static<typeof agent>;
export const agentPage = pageOf("AgentPage", agent);
