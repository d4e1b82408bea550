/** What a call carries beside its hot row: read when it is shown, planned again or placed. Stored as JSON, sealed. */
export type CallDocument = {
  /** The zone that was given, or null: then the number's prefix tells. */
  readonly timezone: string | null;
  readonly timezoneSource: "given" | "at" | null;
  readonly name: string | null;
  readonly purpose: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly script: readonly string[] | null;
  /** Ids of calling hours and retry policy named by the call; null: the line's and the workspace's. */
  readonly hoursId: number | null;
  readonly policyId: number | null;
  /** Calling hours of this call alone, beside those that have a name. */
  readonly window?: CallWindow;
  /** What the call hands to its carrier: may hold secrets, so no view shows it. */
  readonly instructions?: Readonly<Record<string, unknown>>;
  /** What the door that made the call keeps with it for its own view. */
  readonly source?: CallSource;
  /** How a refused create request is tried again, in place of what the retry policy says of it. */
  readonly refusedRetries?: RefusedRetries;
  /** The occurrence of a series that the call is. */
  readonly occurrence?: { readonly slot: string; readonly number: number };
};

/** A call of which nothing is known any more. */
export const emptyDocument: CallDocument = {
  timezone: null,
  timezoneSource: null,
  name: null,
  purpose: null,
  metadata: {},
  script: null,
  hoursId: null,
  policyId: null,
};

/** Weekly ranges as in calling hours; without a zone the recipient's counts. */
export type CallWindow = {
  readonly timezone: string | null;
  readonly weekly: Readonly<Record<string, readonly string[]>>;
};

/** Tries in all of a request that a carrier refused; the delay before the second one (ms), doubled for each later one. */
export type RefusedRetries = { readonly attemptsMax: number; readonly backoffMs: number };

/** `door` is the name of a door, `data` whatever that door wrote. */
export type CallSource = { readonly door: string; readonly data: Readonly<Record<string, unknown>> };

/** Where a call's document and number stand, bound into their envelopes. */
export const documentPlace = (callId: number): string => `call_documents|document|${callId}`;
export const phonePlace = (callId: number): string => `call_documents|phone|${callId}`;

/** Throws when the text is not a document of ours: such a row is parked, not guessed at. */
export function parseDocument(text: string): CallDocument {
  const value = JSON.parse(text) as Partial<CallDocument> | null;
  if (
    value === null ||
    typeof value !== "object" ||
    typeof value.metadata !== "object" ||
    value.metadata === null
  ) {
    throw new Error("The call's document is not readable");
  }
  return value as CallDocument;
}
