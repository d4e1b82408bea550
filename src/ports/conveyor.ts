/**
 * Moves claimed attempts to whoever places them. It carries hints only: a message that is lost, doubled, late or out of
 * order changes nothing but the delay, because the worker must win the fence in the store.
 */
export interface Conveyor {
  /** Hands over attempts by id. */
  deliver(attemptIds: readonly number[]): void;
  /** Sets who works. Called once, before anything is delivered. */
  onWork(work: (attemptIds: readonly number[]) => void): void;
  close(): Promise<void>;
}
