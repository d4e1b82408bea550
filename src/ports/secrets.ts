import type { IdKind } from "../domain/ids.ts";

/** What needs the installation's secret or its encryption keys. */
export interface Secrets {
  /** A keyed hash of a number, the only form in which it is looked up or counted. */
  numberHash(workspaceId: number, e164: string): string;
  /** The public form of an id: sortable, and not guessable from another. */
  publicId(kind: IdKind, id: number): string;
  /** The id behind a public one; null when it is not one of ours. */
  readId(kind: IdKind, text: string): number | null;
  /** The key under which a carrier knows an attempt, and by which it may report. */
  attemptKey(attemptId: number): string;
  readAttemptKey(text: string): number | null;
  /** A keyed hash for lookups of keys that must not be stored. */
  keyHash(text: string): string;
  /** The text itself, or with encryption on its envelope. `place` names table, column and row, and is bound into it. */
  seal(text: string, place: string): string;
  /** Throws when the envelope cannot be opened. */
  open(sealed: string, place: string): string;
  /** True when the text is already sealed with the newest key (or encryption is off and it is plain). */
  isCurrent(sealed: string): boolean;
}
