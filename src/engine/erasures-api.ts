import type { Actor, Page, PageRequest } from "./engine.ts";

/** Who is to be forgotten, by at least one of these. */
export type ErasureInput = {
  /** Numbers, in E.164. */
  readonly numbers?: readonly string[];
  readonly emails?: readonly string[];
  /** Ids under which they are told things: of recipients, and of clients who have an app. */
  readonly recipient_ids?: readonly string[];
};

export type ErasureView = {
  readonly id: string;
  /** `waiting`: a call to the person is under way; what belongs to it is erased once it has ended. */
  readonly status: "running" | "waiting" | "done";
  /** How many rows were blanked or removed, by what they were. */
  readonly counts: Readonly<Record<string, number>>;
  readonly createdAt: number;
  readonly endedAt: number | null;
};

export interface ErasureVerbs {
  /**
   * Forgets a person: names, numbers and addresses go everywhere; what happened, when and how it ended stays, without them.
   * Their numbers stay on the do-not-call list as keyed hashes, so that nobody calls them again. Whatever waits for them is
   * canceled. Resolves after the first pass, and goes on by itself where a call is under way, and after a crash.
   */
  erasePerson(actor: Actor, input: ErasureInput): Promise<ErasureView>;
  getErasure(actor: Actor, erasureId: string): Promise<ErasureView>;
  listErasures(actor: Actor, page: PageRequest): Promise<Page<ErasureView>>;
}
