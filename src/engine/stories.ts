import { type CallStory, type EntryFacts, type Published, tellEntry, untold } from "../domain/event-types.ts";
import type { LedgerRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";

const keptMax = 50_000;
const chainMax = 1000;

/**
 * Where each call's story stands, so that its next event gets the next number. It follows from the ledger alone: what is
 * not in memory is told again from the call's first entry on, along its chain.
 */
export class Stories {
  readonly #context: Pick<Context, "store">;
  /** By call: its story up to and with the entry `head`. */
  readonly #known = new Map<number, { readonly head: number; readonly story: CallStory }>();

  constructor(context: Pick<Context, "store">) {
    this.#context = context;
  }

  /** What is published of a call's entry, and the story with it. */
  async tell(row: LedgerRow): Promise<{ readonly after: CallStory; readonly events: readonly Published[] }> {
    const told = tellEntry(await this.#before(row), factsOf(row));
    this.#keep(row, told.after);
    return told;
  }

  async #before(row: LedgerRow): Promise<CallStory> {
    const chain: LedgerRow[] = [];
    const known = this.#known.get(row.call_id);
    let id = row.previous_id;
    let story = untold;
    while (id !== null && chain.length < chainMax) {
      if (known?.head === id) {
        story = known.story;
        break;
      }
      const wanted = id;
      const [entry] = await this.#context.store.read("read a call's history", () =>
        this.#context.store.statements.ledger.byIds([{ id: wanted }]),
      );
      if (entry === undefined) break;
      chain.push(entry);
      id = entry.previous_id;
    }
    for (const entry of chain.toReversed()) story = tellEntry(story, factsOf(entry)).after;
    return story;
  }

  /** Entries that waited for each other may come in another order than that of their chain: the furthest one is kept. */
  #keep(row: LedgerRow, story: CallStory): void {
    const known = this.#known.get(row.call_id);
    if (known !== undefined && known.story.sequence > story.sequence) return;
    this.#known.delete(row.call_id);
    this.#known.set(row.call_id, { head: row.id, story });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= keptMax) break;
      this.#known.delete(oldest);
    }
  }
}

export function factsOf(row: LedgerRow): EntryFacts {
  return { type: row.type, reason: row.reason, attemptId: row.attempt_id, data: dataOf(row) };
}

export function dataOf(row: LedgerRow): Readonly<Record<string, unknown>> {
  return row.data === null ? {} : (JSON.parse(row.data) as Record<string, unknown>);
}
