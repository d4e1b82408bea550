import type { CallView } from "../../engine/engine.ts";

import type { BusinessHours } from "./business-hours.ts";

/** The name of the door, also in what it keeps with its calls. */
export const door = "scheduling";

/** What is kept with a call, because the core has no use for it and clients want it back as they sent it. */
export type Kept = {
  readonly timezone: string;
  readonly respectBusinessHours: boolean;
  readonly businessHours: BusinessHours | null;
  readonly recurring: Recurring | null;
  /** On a retry by request: the first call of the chain, the attempt that was retried, and why. */
  readonly retry?: Retried;
};

export type Recurring = {
  readonly frequency: string;
  readonly interval: number;
  readonly endDate?: string;
  readonly maxOccurrences?: number;
};

export type Retried = {
  readonly callId: string;
  readonly attemptId: string | null;
  readonly number: number;
  readonly failureType: string;
};

/** What this door kept with a call; null for a call that another door made. */
export function keptOf(call: Pick<CallView, "source">): Kept | null {
  return call.source?.door === door ? (call.source.data as Kept) : null;
}
