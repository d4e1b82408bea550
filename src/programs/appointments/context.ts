import type { House, ProgramActor } from "../../ports/program.ts";

import type { Tables } from "./rows.ts";
import { type Statements, makeStatements } from "./statements.ts";

/** What every verb of the program works with. */
export type Context = {
  readonly house: House;
  readonly statements: Statements;
  /** An id for a row whose transaction is still being prepared: what is told of it names it. */
  nextId(actor: ProgramActor): Promise<number>;
};

export function createContext(house: House): Context {
  const spare: number[] = [];
  return {
    house,
    statements: makeStatements(house.sql<Tables>()),
    async nextId(actor) {
      const kept = spare.pop();
      if (kept !== undefined) return kept;
      // oxlint-disable-next-line eslint/require-yield -- a transaction is a generator, also one that only takes ids
      const more = await house.transact("set ids aside", actor, { rows: idsAtOnce }, function* (tx) {
        return Array.from({ length: idsAtOnce }, () => tx.nextId());
      });
      const [first, ...rest] = more;
      if (first === undefined) throw new Error("The house gave no ids");
      spare.push(...rest.toReversed());
      return first;
    },
  };
}
const idsAtOnce = 32;
