import type { Context } from "./context.ts";
import type { HouseParts } from "./house.ts";

/** The parts of the house that are not calls: notifications and the timetable. */
export function houseParts(_context: Context): HouseParts {
  const missing = (what: string) => (): never => {
    throw new Error(`${what} are not plugged in`);
  };
  return {
    draftNotification: missing("Notifications"),
    insertNotification: missing("Notifications"),
    cancelNotification: missing("Notifications"),
    editJob: missing("Jobs"),
    timetable: missing("Jobs"),
  };
}
