import { Refusal, refuseField } from "../../domain/refusal.ts";
import type { ProgramActor } from "../../ports/program.ts";

import { requireAppointment, requireVersion } from "./appointments.ts";
import type { Context } from "./context.ts";
import { requireBusiness, requireClient } from "./directory.ts";
import { requireOwn } from "./refs.ts";
import type { AggregateRow, ChatRoomRow, ReviewRow } from "./rows.ts";

/** A review, its ids already read; an appointment tells whose it is. */
export type ReviewInput = {
  readonly appointmentId: number | null;
  readonly businessId: number | null;
  readonly clientId: number | null;
  readonly rating: number;
  readonly comment: string | null;
};

/** Stores a review and counts it, in one transaction. Each appointment is reviewed once. */
export async function createReview(
  context: Context,
  actor: ProgramActor,
  input: ReviewInput,
): Promise<ReviewRow> {
  const { businessId, clientId } = await reviewParties(context, actor, input);
  const id = await context.nextId(actor);
  const now = context.house.clock.now();
  const row: ReviewRow = {
    id,
    workspace_id: actor.workspaceId,
    business_id: businessId,
    client_id: clientId,
    appointment_id: input.appointmentId,
    rating: input.rating,
    comment: sealComment(context, id, input.comment),
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const { reviews, aggregates } = context.statements;
  await context.house.transact("store a review", actor, {}, function* () {
    if ((yield* reviews.insert([row])).length === 0)
      throw new Refusal("name_taken", "The appointment was reviewed already; change that review.");
    yield* aggregates.add([aggregateOf(row, 1)]);
  });
  return row;
}

export async function updateReview(
  context: Context,
  actor: ProgramActor,
  id: number,
  patch: { readonly rating?: number; readonly comment?: string | null },
  ifVersion?: number,
): Promise<ReviewRow> {
  const before = await requireReview(context, actor, id);
  requireVersion(before, ifVersion);
  const after: ReviewRow = {
    ...before,
    rating: patch.rating ?? before.rating,
    comment: patch.comment === undefined ? before.comment : sealComment(context, id, patch.comment),
    updated_at: context.house.clock.now(),
  };
  const { reviews, aggregates } = context.statements;
  await context.house.transact("change a review", actor, {}, function* () {
    if ((yield* reviews.change([after])) !== 1)
      throw new Refusal("precondition_failed", "It was changed at the same time.");
    if (after.rating === before.rating) return;
    yield* aggregates.add([aggregateOf(before, -1)]);
    yield* aggregates.add([aggregateOf(after, 1)]);
  });
  return { ...after, version: after.version + 1 };
}

export async function removeReview(context: Context, actor: ProgramActor, id: number): Promise<void> {
  await requireReview(context, actor, id);
  const { reviews, aggregates } = context.statements;
  await context.house.transact("remove a review", actor, {}, function* () {
    const [row] = yield* reviews.byIds([{ id }]);
    if (row === undefined) return;
    yield* reviews.remove([{ id }]);
    yield* aggregates.add([aggregateOf(row, -1)]);
  });
}

export async function requireReview(context: Context, actor: ProgramActor, id: number): Promise<ReviewRow> {
  const [row] = await context.house.read("read a review", () => context.statements.reviews.byIds([{ id }]));
  return requireOwn(actor, "review", row);
}

/** The room of a business and a client: one, opened again when it was archived. */
export async function openChatRoom(
  context: Context,
  actor: ProgramActor,
  businessId: number,
  clientId: number,
): Promise<{ readonly room: ChatRoomRow; readonly isNew: boolean }> {
  await requireBusiness(context, actor, businessId);
  await requireClient(context, actor, clientId);
  const now = context.house.clock.now();
  const row: ChatRoomRow = {
    id: await context.nextId(actor),
    workspace_id: actor.workspaceId,
    business_id: businessId,
    client_id: clientId,
    is_active: 1,
    last_activity_at: now,
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const { rooms } = context.statements;
  return context.house.transact("open a chat room", actor, {}, function* () {
    if ((yield* rooms.insert([row])).length > 0) return { room: row, isNew: true };
    const [found] = yield* rooms.between([{ business_id: businessId, client_id: clientId }]);
    if (found === undefined) throw new Error("A chat room is neither there nor not there");
    if (found.is_active === 1) return { room: found, isNew: false };
    const opened = { ...found, is_active: 1, last_activity_at: now, updated_at: now };
    yield* rooms.change([opened]);
    return { room: { ...opened, version: opened.version + 1 }, isNew: false };
  });
}

/** Archives or opens a room; `isActivity`: somebody said something in it, which opens it too. */
export async function updateChatRoom(
  context: Context,
  actor: ProgramActor,
  id: number,
  change: { readonly isActive: boolean; readonly isActivity: boolean },
  ifVersion?: number,
): Promise<ChatRoomRow> {
  const before = await requireChatRoom(context, actor, id);
  requireVersion(before, ifVersion);
  const now = context.house.clock.now();
  const after: ChatRoomRow = {
    ...before,
    is_active: change.isActive ? 1 : 0,
    last_activity_at: change.isActivity ? now : before.last_activity_at,
    updated_at: now,
  };
  await context.house.transact("change a chat room", actor, {}, function* () {
    if ((yield* context.statements.rooms.change([after])) !== 1)
      throw new Refusal("precondition_failed", "It was changed at the same time.");
  });
  return { ...after, version: after.version + 1 };
}

export async function removeChatRoom(context: Context, actor: ProgramActor, id: number): Promise<void> {
  await requireChatRoom(context, actor, id);
  await context.house.transact("remove a chat room", actor, {}, () =>
    context.statements.rooms.remove([{ id }]),
  );
}

export async function requireChatRoom(
  context: Context,
  actor: ProgramActor,
  id: number,
): Promise<ChatRoomRow> {
  const [row] = await context.house.read("read a chat room", () => context.statements.rooms.byIds([{ id }]));
  return requireOwn(actor, "chat_room", row);
}

/** Whose a review is. Throws `Refusal` for what does not belong together. */
export async function reviewParties(context: Context, actor: ProgramActor, input: ReviewInput) {
  const { appointmentId, businessId, clientId } = input;
  if (appointmentId !== null) {
    const appointment = await requireAppointment(context, actor, appointmentId);
    if (businessId !== null && businessId !== appointment.business_id)
      throw refuseField("invalid_body", "/business_id", "The appointment is with another business.");
    if (clientId !== null && clientId !== appointment.client_id)
      throw refuseField("invalid_body", "/client_id", "The appointment is another client's.");
    return { businessId: appointment.business_id, clientId: appointment.client_id };
  }
  if (businessId === null || clientId === null)
    throw refuseField(
      "invalid_body",
      "/appointment_id",
      "Send appointment_id, or business_id and client_id.",
    );
  await requireBusiness(context, actor, businessId);
  await requireClient(context, actor, clientId);
  return { businessId, clientId };
}

function sealComment({ house }: Context, id: number, comment: string | null): string | null {
  return comment === null ? null : house.secrets.seal(comment, `reviews.comment:${id}`);
}

/** What one review adds to its business's sums, or with -1 takes from them. */
function aggregateOf(row: ReviewRow, sign: 1 | -1): AggregateRow {
  const star = (rating: number): number => (row.rating === rating ? sign : 0);
  return {
    business_id: row.business_id,
    workspace_id: row.workspace_id,
    reviews: sign,
    rating_sum: sign * row.rating,
    stars_1: star(1),
    stars_2: star(2),
    stars_3: star(3),
    stars_4: star(4),
    stars_5: star(5),
    updated_at: row.updated_at,
  };
}
