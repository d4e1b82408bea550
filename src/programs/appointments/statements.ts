import type { SqlMaker } from "../../ports/sql.ts";

import type { Tables } from "./rows.ts";
import { afterStatements } from "./statements-after.ts";
import { appointmentStatements } from "./statements-appointments.ts";
import { directoryStatements } from "./statements-directory.ts";
import { messageStatements } from "./statements-messages.ts";

/** Every statement of the program, compiled once. */
export function makeStatements(make: SqlMaker<Tables>) {
  return {
    ...directoryStatements(make),
    ...appointmentStatements(make),
    ...messageStatements(make),
    ...afterStatements(make),
  };
}
export type Statements = ReturnType<typeof makeStatements>;
