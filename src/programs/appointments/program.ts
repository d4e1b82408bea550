import { forever } from "../../domain/ids.ts";
import type { Program } from "../../ports/program.ts";

import { createContext } from "./context.ts";
import { makeDoor } from "./door.ts";
import { erasePerson, identifyPerson } from "./erase.ts";
import { hearCalls, hearNotifications } from "./hear.ts";
import { makeJobs } from "./jobs.ts";
import { planMarked } from "./tend.ts";

const prunedAtOnce = 500;

/** Salons, clinics and whoever else has appointments: their clients are told when they book, and recalled before they come. */
export const program: Program = {
  name: "appointments",
  sealed: [
    { table: "clients", columns: ["name", "phone", "email"] },
    { table: "appointments", columns: ["notes", "cancel_reason"] },
    { table: "reviews", columns: ["comment"] },
  ],
  plug(house) {
    const context = createContext(house);
    return {
      doors: [makeDoor(context)],
      jobs: makeJobs(context),
      calls: hearCalls(context),
      notifications: hearNotifications(context),
      async duty() {
        let isAll = true;
        for (const actor of house.workspaces()) isAll = (await planMarked(context, actor)).isAll && isAll;
        return isAll ? forever : house.clock.now();
      },
      identify: (person) => identifyPerson(context, person),
      erase: (tx, person) => erasePerson(context, tx, person),
      *prune(tx, before) {
        const { messages } = context.statements;
        const args = { workspace_id: tx.actor.workspaceId, before, limit: prunedAtOnce };
        return (yield* messages.forget(args)).length;
      },
    };
  },
};
