import { forever } from "../domain/ids.ts";
import { nextCallStatus } from "../domain/call.ts";
import type { JobEdit } from "../ports/job.ts";
import type {
  CallDraft,
  Canceled,
  Needs,
  Note,
  NotificationDraft,
  ProgramActor,
  ProgramTx,
} from "../ports/program.ts";
import { StoreError, type Tx } from "../ports/store.ts";
import { editCall } from "./change.ts";
import type { Context } from "./context.ts";
import type { Draft } from "./draft.ts";
import { entryOf } from "./hooks.ts";
import type { Lease } from "./ids.ts";
import { Entries, type Entry, type Working, move } from "./ledger.ts";
import { askCountry } from "./live-countries.ts";
import { runSure } from "./run-sure.ts";
import { claimKeys, documentRow, insertDrafts, scheduledEntry } from "./write-drafts.ts";

/** What stands behind the parts of a program's transaction that are not calls. */
export type TxParts = {
  /** Stores notifications; null for one whose dedupe key is taken. At most `notificationNotes` ledger ids each. */
  insertNotification(
    lease: Lease,
    entries: Entries,
    actor: ProgramActor,
    draft: NotificationDraft,
    now: number,
  ): Tx<number | null>;
  cancelNotification(
    entries: Entries,
    actor: ProgramActor,
    id: number,
    reason: string,
    now: number,
  ): Tx<Canceled>;
  editJob(entries: Entries, actor: ProgramActor, name: string, edit: JobEdit, now: number): Tx<void>;
};

const jobEditsMax = 4;

/** One transaction of a program, exactly once; see `House.transact`. */
export async function transact<T>(
  context: Context,
  parts: TxParts,
  name: string,
  actor: ProgramActor,
  needs: Needs,
  verb: (tx: ProgramTx) => Tx<T>,
): Promise<T> {
  if (!context.store.roomForMore()) throw new StoreError("full", "The disk is almost full");
  const { rows = 0, calls = 0, notifications = 0, notes = 0, cancels = 0 } = needs;
  const lease = await context.ids.reserve({
    call: calls,
    record: 1 + rows + notifications,
    ledger: calls + notifications + notes + cancels + jobEditsMax,
  });
  const { programMarks } = context.store.statements;
  const markId = lease.next("record");
  const runs: { readonly running: Running; readonly value: T }[] = [];
  const committed = await runSure(context, name, function* (again) {
    const [mark] = again ? yield* programMarks.byIds([{ id: markId }]) : [];
    if (mark !== undefined) return mark.run;
    const running = new Running(context, parts, lease, actor);
    const value = yield* verb(running);
    yield* running.finish();
    yield* programMarks.insert([{ id: markId, run: runs.length, created_at: running.now }]);
    return runs.push({ running, value }) - 1;
  });
  context.ids.release(lease);
  const run = runs[committed];
  if (run === undefined) throw new Error("A transaction was committed that was never run");
  await settled(context, actor, run.running);
  return run.value;
}

/** Wakes whoever has new work. */
async function settled(context: Context, actor: ProgramActor, running: Running): Promise<void> {
  if (running.soonestCall < forever) context.wake("dispatch", running.soonestCall);
  if (running.soonestNotification < forever) context.wake("tell", running.soonestNotification);
  if (running.editedJobs) context.wake("jobs");
  for (const country of running.newCountries) await askCountry(context, actor, country);
  context.announce();
}

class Running implements ProgramTx {
  readonly actor: ProgramActor;
  readonly now: number;
  readonly newCountries = new Set<string>();
  soonestCall = forever;
  soonestNotification = forever;
  editedJobs = false;
  readonly #context: Context;
  readonly #parts: TxParts;
  readonly #lease: Lease;
  readonly #entries: Entries;
  #drafts: Draft[] = [];

  constructor(context: Context, parts: TxParts, lease: Lease, actor: ProgramActor) {
    this.actor = actor;
    this.now = context.clock.now();
    this.#context = context;
    this.#parts = parts;
    this.#lease = lease;
    lease.rewind("call");
    lease.rewind("record");
    // The first one is the mark's.
    lease.next("record");
    this.#entries = new Entries(lease);
  }

  nextId(): number {
    return this.#lease.next("record");
  }

  *schedule(wanted: CallDraft): Tx<number> {
    const draft = wanted as unknown as Draft;
    draft.call.id = this.#lease.next("call");
    draft.call.ledger_head = 0;
    const [written] = yield* claimKeys(this.#context, [draft]);
    if (written?.kind === "duplicate") return written.callId;
    this.#entries.add(draft.call, scheduledEntry(draft));
    this.#drafts.push(draft);
    this.soonestCall = Math.min(this.soonestCall, draft.call.due_at);
    if (draft.newCountry !== null) this.newCountries.add(draft.newCountry);
    return draft.call.id;
  }

  *cancelCall(callId: number, reason: "canceled_by_request" | "canceled_by_program"): Tx<Canceled> {
    yield* this.#store();
    const { calls } = this.#context.store.statements;
    const [seen] = yield* calls.byIds([{ id: callId }]);
    if (seen === undefined || seen.workspace_id !== this.actor.workspaceId) return "unknown";
    if (seen.status === "canceled") return "canceled";
    const call = yield* editCall(this.#context, seen, this.#entries, (row) => {
      if (nextCallStatus(row.status, "cancel") === undefined) return this.#lastAttempt(row);
      move(row, "cancel", this.now);
      row.reason = reason;
      row.ended_at = this.now;
      return { at: this.now, type: "call.canceled", reason, actor: this.actor.name };
    });
    return call?.status === "canceled" ? "canceled" : "too_late";
  }

  /** The attempt that is under way is the last one: where another would follow, the call has expired. */
  #lastAttempt(row: Working): Entry | null {
    if (row.status !== "dialing" || row.expires_at <= this.now) return null;
    Object.assign(row, { expires_at: this.now, expires_after_ms: null, updated_at: this.now });
    return {
      at: this.now,
      type: "call.amended",
      actor: this.actor.name,
      data: { fields: ["expires_at"] },
    };
  }

  *notify(draft: NotificationDraft): Tx<number | null> {
    const id = yield* this.#parts.insertNotification(this.#lease, this.#entries, this.actor, draft, this.now);
    if (id !== null) this.soonestNotification = Math.min(this.soonestNotification, draft.dueAt);
    return id;
  }

  cancelNotification(notificationId: number, reason: string): Tx<Canceled> {
    return this.#parts.cancelNotification(this.#entries, this.actor, notificationId, reason, this.now);
  }

  *editJob(name: string, edit: JobEdit): Tx<void> {
    this.editedJobs = true;
    yield* this.#parts.editJob(this.#entries, this.actor, name, edit, this.now);
  }

  note(note: Note): void {
    const data = {
      ...note.data,
      ...(note.callId !== undefined && { call_id: this.#publicCall(note.callId) }),
    };
    this.#entries.addWide(this.actor.workspaceId, {
      ...entryOf(this.now, { ...note, data }),
      actor: this.actor.name,
    });
  }

  /** Writes what was only gathered. */
  *finish(): Tx<void> {
    yield* this.#store();
    yield* this.#context.store.statements.ledger.insert(this.#entries.rows);
  }

  *#store(): Tx<void> {
    const drafts = this.#drafts;
    this.#drafts = [];
    if (drafts.length === 0) return;
    yield* insertDrafts(
      this.#context,
      drafts,
      drafts.map((draft) => documentRow(this.#context, draft)),
    );
  }

  #publicCall(id: number): string {
    return this.#context.secrets.publicId("call", id);
  }
}
