import type { ZoneRules } from "../../domain/zone.ts";
import type { House, ListenerTx, ProgramActor, ProgramTx } from "../../ports/program.ts";

import { dayIn } from "./rules.ts";
import { type Statements, renewalStatements } from "./statements.ts";
import type { Tables } from "./tables.ts";

/** What every verb of the program works with. */
export type Parts = {
  readonly house: House;
  readonly sql: Statements;
  /** The zone of all its days and times: RENEWALS_TIMEZONE. */
  readonly zone: ZoneRules;
};

export type Actor = ProgramActor;
/** What a verb needs of a transaction that only writes the program's own rows. */
export type OwnTx = Pick<ListenerTx | ProgramTx, "now" | "note">;

export function partsOf(house: House): Parts {
  const { timezone } = house.settings.renewals;
  const zone = house.zones.zone(timezone);
  if (zone === undefined) throw new Error(`${timezone} was not checked`);
  return { house, sql: renewalStatements(house.sql<Tables>()), zone };
}

/** Today, in the zone of the program. */
export function todayOf({ house, zone }: Parts): number {
  return dayIn(zone, house.clock.now());
}
