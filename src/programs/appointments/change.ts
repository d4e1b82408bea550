import { Refusal } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Note, ProgramActor } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Context } from "./context.ts";
import { type Facts, factsOf, markOf, partiesMark, readFacts } from "./facts.ts";
import type { AppointmentRow } from "./rows.ts";
import type { Planned } from "./rules.ts";
import { takesTime } from "./status.ts";
import { needsOf, prepareTelling, storeTelling } from "./tell.ts";

/** What somebody wants to become of an appointment: the row as it shall be, and what the ledger says of it. */
export type Edit = {
  readonly after: AppointmentRow;
  readonly note: Omit<Note, "data"> | null;
  /** What is told beside, because of the change. */
  readonly beside?: readonly Planned[];
};

/** More changes at the same time than this, and the caller is told. */
const triesMax = 8;

/**
 * Changes an appointment, and with it what its client is told, in one transaction. `edit` decides from what is there; it
 * may be asked again when somebody else was faster, answers null for nothing to change, and throws `Refusal`.
 *
 * 1. Read the appointment with its parties and messages. 2. Decide what it becomes and what is told of it; draft that.
 * 3. In one transaction: compare with what was read, write the row, cancel and store messages.
 */
export async function changeAppointment(
  context: Context,
  actor: ProgramActor,
  id: number,
  edit: (facts: Facts, now: number) => Edit | null,
): Promise<AppointmentRow> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const facts = await readFacts(context, actor, id);
    if (facts === null) throw new Refusal("not_found", "There is no such appointment.");
    const now = context.house.clock.now();
    const wish = edit(facts, now);
    if (wish === null) return facts.appointment;
    const after = agreed(facts.appointment, wish.after, now);
    const telling = await prepareTelling(context, actor, { ...facts, appointment: after }, now, wish.beside);
    const done = await context.house.transact(
      "change an appointment",
      actor,
      needsOf(telling),
      function* (tx): Tx<boolean> {
        if (!sameTime(facts.appointment, after)) yield* requireFree(context, after);
        const found = yield* factsOf(context, actor, id);
        if (found === null || markOf(found) !== markOf(facts)) return false;
        const changed = yield* context.statements.appointments.change([{ ...after, updated_at: tx.now }]);
        if (changed !== 1) return false;
        yield* storeTelling(context, tx, after, telling);
        if (wish.note !== null) tx.note({ ...wish.note, data: noteData(context, after) });
        return true;
      },
    );
    if (done) return { ...after, version: after.version + 1 };
  }
  throw new Refusal("precondition_failed", "Others changed the appointment at the same time.");
}

/** Stores a new appointment with what is told of it. False: its code or own id is taken. */
export async function insertAppointment(
  context: Context,
  actor: ProgramActor,
  facts: Facts,
): Promise<"made" | "taken" | "stale"> {
  const now = context.house.clock.now();
  const { business, client, service } = facts;
  const appointment = agreed(null, facts.appointment, now);
  const telling = await prepareTelling(context, actor, { ...facts, appointment }, now);
  return context.house.transact("book an appointment", actor, needsOf(telling), function* (tx) {
    yield* requireFree(context, appointment);
    const { businesses, clients, services, appointments } = context.statements;
    const [own] = yield* businesses.byIds([{ id: business.id }]);
    const [whose] = yield* clients.byIds([{ id: client.id }]);
    const [what] = service === null ? [] : yield* services.byIds([{ id: service.id }]);
    if (own === undefined || whose === undefined) return "stale";
    const found = { business: own, client: whose, service: what ?? null };
    if (partiesMark(found).join(" ") !== partiesMark(facts).join(" ")) return "stale";
    const stored = yield* appointments.insert([{ ...appointment, created_at: tx.now, updated_at: tx.now }]);
    if (stored.length === 0) return "taken";
    yield* storeTelling(context, tx, appointment, telling);
    tx.note({ type: "appointment.booked", data: noteData(context, appointment) });
    return "made";
  });
}

/**
 * The row with the marks of what is agreed: a start that is new, or agreed upon anew, begins a round of its own, in which
 * everything may be told once.
 */
function agreed(before: AppointmentRow | null, after: AppointmentRow, now: number): AppointmentRow {
  const isConfirmed = after.status === "confirmed";
  const isUnplanned = before?.needs_plan === 1 && before.round === 0;
  const isAnew =
    before === null ||
    isUnplanned ||
    before.starts_at !== after.starts_at ||
    (isConfirmed && (before.status !== "confirmed" || before.planned_for !== after.starts_at));
  // A row that something else inserted was agreed upon when it was made.
  const toldFrom = isUnplanned && before.starts_at === after.starts_at ? before.created_at : now;
  return {
    ...after,
    needs_plan: 0,
    round: isAnew ? after.round + 1 : after.round,
    told_from: isAnew ? toldFrom : after.told_from,
    planned_for: isConfirmed ? after.starts_at : null,
  };
}

/** Locks the business, so that two appointments at once cannot both find the time of a person free. */
function* requireFree(context: Context, wanted: AppointmentRow): Tx<void> {
  const { businesses, appointments } = context.statements;
  const { staff, status, starts_at: startsAt, ends_at: endsAt } = wanted;
  if (staff === null || !(takesTime as readonly string[]).includes(status)) return;
  yield* businesses.lock([{ id: wanted.business_id }]);
  const [other] = yield* appointments.overlapping({
    business_id: wanted.business_id,
    staff,
    id: wanted.id,
    from: startsAt - longestMs,
    starts_at: startsAt,
    ends_at: endsAt,
  });
  if (other === undefined) return;
  const { publicId } = context.house.secrets;
  throw new Refusal(
    "slot_taken",
    `${staff.slice(0, 64)} has an appointment from ${formatUtc(other.starts_at)} to ${formatUtc(other.ends_at)}.`,
    { extra: { appointment_id: publicId("appointment", other.id) } },
  );
}
/** The table's own limit. */
const longestMs = 86_400_000;

function sameTime(a: AppointmentRow, b: AppointmentRow): boolean {
  return (
    a.starts_at === b.starts_at &&
    a.ends_at === b.ends_at &&
    a.staff === b.staff &&
    a.business_id === b.business_id &&
    (takesTime as readonly string[]).includes(a.status)
  );
}

function noteData(context: Context, { id, status, starts_at: startsAt }: AppointmentRow) {
  return {
    appointment: context.house.secrets.publicId("appointment", id),
    status,
    starts_at: formatUtc(startsAt),
  };
}
