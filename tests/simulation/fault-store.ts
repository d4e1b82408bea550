import { type Store, StoreError, type Tx } from "../../src/ports/store.ts";
import type { Incarnation, Machine } from "./machine.ts";

/** What befalls one use of the store. */
export type StoreFault =
  | "crash_before"
  | "crash_inside"
  | "crash_after"
  | "busy"
  | "full"
  | "unknown_lost"
  | "unknown_done"
  | "pause";

export type StoreWorld = {
  readonly machine: Machine;
  /** Draws what befalls a use named `name`; null: nothing. */
  readonly strike: (name: string, writes: boolean) => StoreFault | null;
  readonly pauseMs: () => number;
  readonly crash: (why: string) => void;
  readonly trace: (label: string) => void;
  /** How many statements of a transaction are run before a crash inside it. */
  readonly stepsBeforeCrash: () => number;
  readonly isFull: () => boolean;
};

class Torn extends Error {}

/** The real store as one incarnation sees it, with faults before, inside and after each transaction. */
export function faultStore(inner: Store, owner: Incarnation, world: StoreWorld): Store {
  const use = async <T>(
    name: string,
    writes: boolean,
    run: (verb: () => Tx<T>) => Promise<T>,
    verb: () => Tx<T>,
  ): Promise<T> => {
    if (!owner.alive) return never();
    const fault = world.strike(name, writes);
    if (writes || fault !== null) world.trace(`${name}${fault === null ? "" : ` !${fault}`}`);
    if (fault === null) return settle(owner, run(verb));
    if (fault === "full" || (fault === "busy" && !writes)) throw new StoreError(fault, `simulated ${fault}`);
    if (fault === "busy" || fault === "unknown_lost") {
      // The statements are run, and undone: what a verb keeps outside its transaction must survive that.
      await run(() => torn(verb(), Infinity)).catch(rethrowUnlessTorn);
      throw new StoreError(fault === "busy" ? "busy" : "commit_unknown", `simulated ${fault}`);
    }
    if (fault === "crash_before") return crash(world, fault, name);
    if (fault === "crash_inside") {
      await run(() => torn(verb(), world.stepsBeforeCrash())).catch(ignoreTorn);
      return crash(world, fault, name);
    }
    if (fault === "pause") {
      const ms = world.pauseMs();
      const value = run(verb);
      value.catch(ignoreTorn);
      world.machine.pause(ms, false);
      await world.machine.arrive(owner);
      return value;
    }
    // A transaction that refuses does so before its commit, so nothing is unknown about it.
    await run(verb);
    if (fault === "crash_after") return crash(world, fault, name);
    throw new StoreError("commit_unknown", "simulated loss of the answer to a commit");
  };
  return {
    kind: inner.kind,
    singleOwner: inner.singleOwner,
    statements: inner.statements,
    sql: () => inner.sql(),
    run: (name, verb) => use(name, true, (work) => inner.run(name, work), verb),
    read: (name, verb) => use(name, false, (work) => inner.read(name, work), verb),
    serverTime: () => inner.serverTime(),
    roomForMore: () => !world.isFull() && inner.roomForMore(),
    scrub: () => inner.scrub(),
    backup: (file) => inner.backup(file),
    close: () => Promise.resolve(),
  };
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

/** An answer to a process that has gone meanwhile is heard by nobody. */
async function settle<T>(owner: Incarnation, answer: Promise<T>): Promise<T> {
  try {
    const value = await answer;
    return owner.alive ? value : await never<T>();
  } catch (error) {
    if (!owner.alive) return never();
    throw error;
  }
}

function crash<T>(world: StoreWorld, fault: string, name: string): Promise<T> {
  world.crash(`${fault} ${name}`);
  return never();
}

/** Runs a transaction's first statements, and dies. */
function* torn<T>(verb: Tx<T>, steps: number): Tx<T> {
  let next = verb.next();
  for (let step = 0; next.done !== true; step += 1) {
    if (step >= steps) throw new Torn("the process died inside a transaction");
    next = verb.next(yield next.value);
  }
  throw new Torn("the process died before the commit");
}

function rethrowUnlessTorn(error: unknown): void {
  if (!(error instanceof Torn)) throw error;
}

function ignoreTorn(error: unknown): void {
  // Refusals of the verb itself matter to nobody any more.
  void error;
}
