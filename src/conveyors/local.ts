import type { Conveyor } from "../ports/conveyor.ts";

/** Claimed work is placed by the process that claimed it. */
export function localConveyor(): Conveyor {
  let work: (attemptIds: readonly number[]) => void = () => {};
  return {
    deliver: (attemptIds) => work(attemptIds),
    onWork: (worker) => {
      work = worker;
    },
    close: () => Promise.resolve(),
  };
}
