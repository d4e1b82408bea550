import type { House, Plugged, Program } from "../../ports/program.ts";

import { renewalsDoor } from "./door.ts";
import { erasePerson, identifyPerson } from "./erase.ts";
import { followCalls } from "./follow.ts";
import { renewalListener } from "./hear.ts";
import { partsOf } from "./parts.ts";
import { removeOld } from "./stats.ts";
import { dailyJob } from "./trigger.ts";

/** Calls customers whose policies are about to end, and extends those that are renewed. */
export const program: Program = {
  name: "renewals",
  sealed: [
    { table: "renewal_customers", columns: ["phone", "details"] },
    { table: "renewal_calls", columns: ["notes", "summary"] },
  ],
  plug,
};

const PRUNED_AT_ONCE = 500;

function plug(house: House): Plugged {
  const parts = partsOf(house);
  return {
    doors: [renewalsDoor(parts)],
    jobs: [dailyJob(parts)],
    calls: renewalListener(parts),
    duty: () => followCalls(parts),
    identify: (person) => identifyPerson(parts, person),
    erase: (tx, person) => erasePerson(parts, tx, person),
    prune: (tx, before) => removeOld(parts, tx.actor, before, PRUNED_AT_ONCE),
  };
}
