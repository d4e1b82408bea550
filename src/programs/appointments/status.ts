/** Where an appointment stands. `rescheduled`: its time was given up, and no new one is agreed yet. */
export const appointmentStatuses = [
  "pending",
  "confirmed",
  "in_progress",
  "completed",
  "cancelled",
  "no_show",
  "rescheduled",
] as const;
export type AppointmentStatus = (typeof appointmentStatuses)[number];

/** What may be done with an appointment. */
export type AppointmentVerb = "confirm" | "move" | "reschedule" | "cancel" | "start" | "complete" | "no-show";

/** What each verb makes of each status; what is not there is refused. */
export const transitions = {
  pending: { confirm: "confirmed", move: "pending", reschedule: "rescheduled", cancel: "cancelled" },
  confirmed: {
    confirm: "confirmed",
    move: "confirmed",
    reschedule: "rescheduled",
    cancel: "cancelled",
    start: "in_progress",
    complete: "completed",
    "no-show": "no_show",
  },
  in_progress: { complete: "completed", cancel: "cancelled" },
  // Whoever was thought to have missed it may have been there.
  no_show: { complete: "completed" },
  rescheduled: { move: "confirmed", cancel: "cancelled" },
  completed: {},
  cancelled: {},
} as const satisfies Record<AppointmentStatus, Partial<Record<AppointmentVerb, AppointmentStatus>>>;

/** What a verb makes of a status; null when it does not allow it. */
export function statusAfter(status: AppointmentStatus, verb: AppointmentVerb): AppointmentStatus | null {
  const verbs: Partial<Record<AppointmentVerb, AppointmentStatus>> = transitions[status];
  return verbs[verb] ?? null;
}

/** The verbs that a status allows. */
export function verbsOf(status: AppointmentStatus): readonly string[] {
  return Object.keys(transitions[status]);
}

/** Still to come or going on: it takes the time of whoever serves. */
export const takesTime = [
  "pending",
  "confirmed",
  "in_progress",
] as const satisfies readonly AppointmentStatus[];

/** The status in the words of a booking system that knows no missed appointments: upper case, and a missed one is cancelled. */
export function bookingStatusOf(status: AppointmentStatus): string {
  return status === "no_show" ? "CANCELLED" : status.toUpperCase();
}
