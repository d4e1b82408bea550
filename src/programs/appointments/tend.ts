import { Refusal } from "../../domain/refusal.ts";
import type { ProgramActor, ProgramCall } from "../../ports/program.ts";

import { planAppointmentAgain } from "./appointments.ts";
import type { Context } from "./context.ts";
import { statusOf } from "./hear.ts";
import type { MessageStatus } from "./rows.ts";
import { withdrawRow } from "./tell.ts";

/** Pieces of work at a time. */
const pageSize = 100;
const pagesMax = 1000;
/** Beyond it nothing is due soon, and the next runs come to it. */
const horizonMs = 40 * 86_400_000;

/** Messages of deleted appointments are withdrawn when they are due within this: some runs of the job. */
const soonMs = 1_800_000;

export type Tended = { readonly planned: number; readonly failed: number };

/**
 * Works out anew what is told of some of the appointments that were marked for it. `isAll`: no marked ones are left, but for
 * what is marked meanwhile.
 */
export async function planMarked(
  context: Context,
  actor: ProgramActor,
): Promise<Tended & { readonly isAll: boolean }> {
  const rows = await context.house.read("find what to plan again", () =>
    context.statements.appointments.toPlan({ workspace_id: actor.workspaceId, limit: pageSize }),
  );
  const tended = { planned: 0, failed: 0 };
  for (const { id } of rows) tended[await planOne(context, actor, id)] += 1;
  return { ...tended, isAll: rows.length < pageSize };
}

/** One that cannot be planned loses its mark, so that it keeps the others from nothing; the five-minute job finds it again. */
async function planOne(context: Context, actor: ProgramActor, id: number): Promise<"planned" | "failed"> {
  try {
    await planAppointmentAgain(context, actor, id);
    return "planned";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.house.log.warn("What is told of an appointment cannot be planned", {
      appointment: context.house.secrets.publicId("appointment", id),
      code: error.code,
    });
    await context.house.transact("take a mark away", actor, {}, () =>
      context.statements.appointments.unmark([{ id, needs_plan: 0 }]),
    );
    return "failed";
  }
}

/**
 * Finds what was changed in the tables past the program: appointments that were inserted, moved or cancelled there, and
 * messages of such as were deleted. Then plans them.
 */
export async function heal(
  context: Context,
  actor: ProgramActor,
  isStopping: () => boolean,
): Promise<Tended & { readonly withdrawn: number }> {
  const { house, statements } = context;
  const { appointments, messages } = statements;
  const now = house.clock.now();
  const args = { workspace_id: actor.workspaceId, now };
  await house.transact("mark what was changed in the tables", actor, {}, function* () {
    yield* appointments.planUnplanned({ ...args, until: now + horizonMs });
    yield* appointments.planMisplanned(args);
  });
  const orphans = await house.read("find messages of nothing", () =>
    messages.orphans({ workspace_id: actor.workspaceId, before: now + soonMs, limit: pageSize }),
  );
  if (orphans.length > 0)
    await house.transact("withdraw messages of nothing", actor, { cancels: orphans.length }, function* (tx) {
      for (const row of orphans) yield* withdrawRow(context, tx, row, "appointment_deleted");
    });
  await closePast(context, actor, isStopping);
  const healed = { planned: 0, failed: 0, withdrawn: orphans.length };
  for (let page = 0; page < pagesMax && !isStopping(); page += 1) {
    const { planned, failed, isAll } = await planMarked(context, actor);
    healed.planned += planned;
    healed.failed += failed;
    if (isAll) break;
  }
  return healed;
}

/** Programs are not told of calls that expire or are canceled by request: what those were to tell is closed here. */
async function closePast(context: Context, actor: ProgramActor, isStopping: () => boolean): Promise<void> {
  const { house, statements } = context;
  const { messages } = statements;
  let afterId = 0;
  for (let page = 0; page < pagesMax && !isStopping(); page += 1) {
    const args = { workspace_id: actor.workspaceId, after_id: afterId, now: house.clock.now() };
    const rows = await house.read("find calls that are past", () =>
      messages.callsPast({ ...args, limit: pageSize }),
    );
    const calls = await house.calls(
      actor,
      rows.map((row) => row.call_id ?? 0),
    );
    const became = rows.flatMap((row, index) => {
      const call = calls[index] ?? null;
      const [status, reason] = call === null ? (["expired", "expired"] as const) : endOf(call);
      return status === "planned" ? [] : [{ id: row.id, status, reason, updated_at: args.now }];
    });
    if (became.length > 0)
      await house.transact("close what nobody calls for", actor, {}, () => messages.became(became));
    if (rows.length < pageSize) break;
    afterId = rows.at(-1)?.id ?? afterId;
  }
}

/** What a call came to for its message; a call that waits in a queue is still planned. */
function endOf({ status, reason }: ProgramCall): readonly [MessageStatus, string | null] {
  const became = status === "queued" ? "planned" : statusOf({ status });
  return [became, became === "sent" ? null : reason];
}
