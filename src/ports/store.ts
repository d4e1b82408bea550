import type { SqlMaker } from "./sql.ts";
import type { Statements } from "./statements.ts";

declare const stepBrand: unique symbol;
/** One statement with its values, opaque to everyone but the store that made it. */
export type Step = { readonly [stepBrand]: true };

/** A transaction, written once: it yields statements, receives their rows and returns a value. It may be run again from the start. */
export type Tx<T> = Generator<Step, T, unknown>;

/**
 * `busy`: try again. `full`: the disk is full, nothing was written. `unavailable`: not reachable, nothing was written.
 * `commit_unknown`: the commit was sent and its answer lost: read back by the ids that were made. `broken`: anything else.
 */
export type StoreFault = "busy" | "full" | "unavailable" | "commit_unknown" | "broken";

export class StoreError extends Error {
  readonly fault: StoreFault;
  constructor(fault: StoreFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StoreError";
    this.fault = fault;
  }
}

/** Where the truth lives. `run` is one transaction, durable when its promise resolves. */
export interface Store {
  readonly kind: "sqlite" | "postgres";
  /** True when no other process can have claimed anything: after a start every earlier owner is dead. */
  readonly singleOwner: boolean;
  readonly statements: Statements;
  /** Makes statements over tables that the store itself knows nothing of: those of a program. */
  sql<DB>(): SqlMaker<DB>;
  /** Runs the transaction `name`; repeats it by itself on a serialization failure or a deadlock. Throws `StoreError`. */
  run<T>(name: string, verb: () => Tx<T>): Promise<T>;
  /** Runs reading statements without promising that they see one instant. */
  read<T>(name: string, verb: () => Tx<T>): Promise<T>;
  /** The store's own time (UTC ms), or null when it has no clock of its own. */
  serverTime(): Promise<number | null>;
  /** False while the disk is too full to begin anything new; results can still be written. */
  roomForMore(): boolean;
  /** Sees to it that what was overwritten or removed cannot be read from its files any more, as far as it can. */
  scrub(): Promise<void>;
  /** Copies the whole store into a new file while it is in use. Throws where the database has its own tools for that. */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}
