export type Job = { readonly seed: number; readonly days: number; readonly times: 1 | 2 };

/** What one seed came to. */
export type Outcome = {
  readonly seed: number;
  readonly calls: number;
  readonly attempts: number;
  readonly requests: number;
  readonly letters: number;
  readonly crashes: number;
  readonly faults: readonly (readonly [string, number])[];
  readonly edges: readonly (readonly [string, number])[];
  readonly simulatedMs: number;
  readonly cpuMs: number;
  /** The first broken promise, or null. */
  readonly failure: string | null;
};

/** A run that did not come to its end. */
export function failedOutcome(seed: number, failure: string): Outcome {
  const nothing = { calls: 0, attempts: 0, requests: 0, letters: 0, crashes: 0, simulatedMs: 0, cpuMs: 0 };
  return { seed, ...nothing, faults: [], edges: [], failure };
}

/** What a run with a mistake says once it has been loaded: one that does not get so far has shown nothing. */
export const startedWord = "started";
