import type { Context } from "./context.ts";
import type { HouseParts } from "./house.ts";
import { type Drafted, draftNotification } from "./notification-draft.ts";
import { cancelNotificationInTx, insertNotifications } from "./notification-write.ts";
import { editJobInTx } from "./timetable.ts";
import { listJobs } from "./timetable-view.ts";

/** The parts of the house that are not calls: notifications and the timetable. */
export function houseParts(context: Context): HouseParts {
  return {
    draftNotification: (actor, wish) => draftNotification(context, actor, wish),
    *insertNotification(lease, _entries, actor, draft, now) {
      const one = { id: lease.next("record"), draft: draft as unknown as Drafted };
      const [id] = yield* insertNotifications(context, actor, [one], now);
      return id ?? null;
    },
    cancelNotification: (entries, actor, id, reason, now) =>
      cancelNotificationInTx(context, entries, actor, id, reason, now),
    editJob: (entries, actor, name, edit, now) => editJobInTx(context, entries, actor, name, edit, now),
    timetable: (actor) => listJobs(context, actor),
  };
}
