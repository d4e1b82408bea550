import { type Store, StoreError, type StoreFault, type Tx } from "../../src/ports/store.ts";
import type { SqlMaker } from "../../src/ports/sql.ts";
import type { Statements } from "../../src/ports/statements.ts";

/** When a fault strikes: before the transaction begins, or after it was committed and before its caller knows. */
export type Moment = "before" | "after";

/** A store that counts what runs on it and fails where a test wants it to. */
export class WatchedStore implements Store {
  readonly inner: Store;
  /** Transactions and reads that have begun and not ended. */
  inFlight = 0;
  /** The names of the transactions that were committed, in order. */
  readonly committed: string[] = [];
  /** Says whether the transaction or read `name` fails at that moment. */
  failing: (name: string, moment: Moment) => StoreFault | null = () => null;
  /** Null: as the store itself says. */
  room: boolean | null = null;

  constructor(inner: Store) {
    this.inner = inner;
  }

  get kind(): Store["kind"] {
    return this.inner.kind;
  }

  get singleOwner(): boolean {
    return this.inner.singleOwner;
  }

  get statements(): Statements {
    return this.inner.statements;
  }

  sql<DB>(): SqlMaker<DB> {
    return this.inner.sql();
  }

  /** How often the transaction `name` was committed. */
  count(name: string): number {
    return this.committed.filter((one) => one === name).length;
  }

  run<T>(name: string, verb: () => Tx<T>): Promise<T> {
    return this.#watch(name, async () => {
      const value = await this.inner.run(name, verb);
      this.committed.push(name);
      return value;
    });
  }

  read<T>(name: string, verb: () => Tx<T>): Promise<T> {
    return this.#watch(name, () => this.inner.read(name, verb));
  }

  serverTime(): Promise<number | null> {
    return this.#watch("server time", () => this.inner.serverTime());
  }

  roomForMore(): boolean {
    return this.room ?? this.inner.roomForMore();
  }

  scrub(): Promise<void> {
    return this.inner.scrub();
  }

  backup(file: string): Promise<void> {
    return this.inner.backup(file);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  async #watch<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.inFlight += 1;
    try {
      this.#strike(name, "before");
      const value = await work();
      this.#strike(name, "after");
      return value;
    } finally {
      this.inFlight -= 1;
    }
  }

  #strike(name: string, moment: Moment): void {
    const fault = this.failing(name, moment);
    if (fault !== null) throw new StoreError(fault, `${fault} ${moment} ${name}, as the test wanted`);
  }
}
