import type { TokenSettings } from "../domain/token.ts";

/** What the operator has set for the doors of other systems, by the door's name. Zones are IANA names that were checked. */
export type DoorSettings = {
  readonly tasks: TaskDoorSettings;
  readonly schedule: ScheduleDoorSettings;
  readonly scheduling: SchedulingDoorSettings;
  readonly renewals: DoorSwitch;
};

/** What every such door has. */
export type DoorSwitch = {
  /** Off: as if it were not there. */
  readonly isOn: boolean;
  /** Its clients send no API key, so that it is open to whoever reaches the address. */
  readonly isOpen: boolean;
  /** The zone of times without an offset. */
  readonly timezone: string;
};

/** The task service. */
export type TaskDoorSettings = DoorSwitch & {
  /** Where tasks go whose request names no backend. Null when nobody has set it: then the sandbox may play it. */
  readonly backendUrl: string | null;
  /** Sent to the backend's origin and to `backendOrigins` alone. Secret. */
  readonly backendToken: string | null;
  /** Origins that a request may name beside the backend's own. */
  readonly backendOrigins: readonly string[];
};

/** The schedule module. */
export type ScheduleDoorSettings = DoorSwitch & {
  /** Occurrences of one schedule that may run at once. */
  readonly instancesMax: number;
  /** An occurrence that is later than this is missed, not dialed. */
  readonly misfireGraceMs: number;
  /** Whose tokens (JWT) its clients carry; null when they carry none. */
  readonly tokens: TokenSettings | null;
};

/** The scheduling service. */
export type SchedulingDoorSettings = DoorSwitch & {
  /** "HH:MM": the business hours of a request that asks for some and does not say which. */
  readonly businessHours: { readonly start: string; readonly end: string };
  /** Tries in all of a request that the carrier refused, and the delay before the second one, doubled for each later one. */
  readonly refusedRetries: { readonly attemptsMax: number; readonly backoffMs: number };
};
