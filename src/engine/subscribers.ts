import type { SubscriberRow } from "../ports/rows.ts";
import type { Store } from "../ports/store.ts";

const freshMs = 1000;

/**
 * Who is enabled to be told what happens, kept in memory, because every change of every call asks. Read again after each
 * change of ours, and about each second where several nodes share the store.
 */
export class Subscribers {
  readonly #store: Store;
  #enabled: readonly SubscriberRow[] = [];
  #byWorkspace: ReadonlyMap<number, readonly SubscriberRow[]> = new Map();
  #readAt = -Infinity;

  constructor(store: Store) {
    this.#store = store;
  }

  get enabled(): readonly SubscriberRow[] {
    return this.#enabled;
  }

  get any(): boolean {
    return this.#enabled.length > 0;
  }

  of(workspaceId: number): readonly SubscriberRow[] {
    return this.#byWorkspace.get(workspaceId) ?? [];
  }

  async load(): Promise<void> {
    this.#enabled = await this.#store.read("read who is told", () =>
      this.#store.statements.subscribers.enabled({}),
    );
    this.#byWorkspace = Map.groupBy(this.#enabled, (row) => row.workspace_id);
  }

  /** `mono` in ms of the steady clock. */
  async refresh(mono: number): Promise<void> {
    if (this.#store.singleOwner || mono - this.#readAt < freshMs) return;
    this.#readAt = mono;
    await this.load();
  }
}

/** Where the sealed parts of a subscriber stand, bound into their envelopes. */
export const targetPlace = (id: number): string => `subscribers|target|${id}`;
export const secretPlace = (id: number): string => `subscribers|secret|${id}`;
export const oldSecretPlace = (id: number): string => `subscribers|old_secret|${id}`;
export const bodyPlace = (deliveryId: number): string => `deliveries|body|${deliveryId}`;
