import type { ProgramActor } from "../../ports/program.ts";
import type { JobResult } from "../../ports/job.ts";

import type { Context } from "./context.ts";
import { averageOf } from "./render.ts";
import type { AggregateRow } from "./rows.ts";

type Counted = readonly { readonly rating: number; readonly count: number }[];

/** Counts a day and stores it; counting it again stores it anew. `from` and `to` are its instants (UTC ms). */
export async function countDay(
  context: Context,
  actor: ProgramActor,
  day: { readonly day: string; readonly timezone: string; readonly from: number; readonly to: number },
): Promise<JobResult> {
  const { appointments, clients, businesses, reviews, statistics } = context.statements;
  const args = { workspace_id: actor.workspaceId, from: day.from, to: day.to };
  return context.house.transact("count a day", actor, {}, function* (tx) {
    const byStatus = Object.fromEntries(
      (yield* appointments.countByStatus(args)).map(({ status, count }) => [status, count]),
    );
    const rated = yield* reviews.countMade(args);
    const row = {
      workspace_id: actor.workspaceId,
      day: day.day,
      timezone: day.timezone,
      appointments: sumOf(Object.values(byStatus)),
      by_status: JSON.stringify(byStatus),
      new_clients: (yield* clients.countMade(args))[0]?.count ?? 0,
      new_businesses: (yield* businesses.countMade(args))[0]?.count ?? 0,
      active_businesses: (yield* appointments.countBusinesses(args))[0]?.count ?? 0,
      reviews: sumOf(rated.map(({ count }) => count)),
      average_rating: averageRating(rated),
      counted_at: tx.now,
    };
    yield* statistics.putDaily([row]);
    return { ...row, by_status: byStatus };
  });
}

/** Counts all appointments and reviews of a business, and stores it. */
export async function countBusiness(
  context: Context,
  actor: ProgramActor,
  businessId: number,
): Promise<void> {
  const { appointments, reviews, statistics } = context.statements;
  await context.house.transact("count a business", actor, {}, function* (tx) {
    const counted = yield* appointments.countOfBusiness({ business_id: businessId });
    const rated = yield* reviews.countStars({ business_id: businessId });
    const byStatus = new Map(counted.map(({ status, count }) => [status, count]));
    const completed = byStatus.get("completed") ?? 0;
    const ended = completed + (byStatus.get("cancelled") ?? 0) + (byStatus.get("no_show") ?? 0);
    yield* statistics.putBusiness([
      {
        business_id: businessId,
        workspace_id: actor.workspaceId,
        appointments: sumOf([...byStatus.values()]),
        by_status: JSON.stringify(Object.fromEntries(byStatus)),
        completion_rate: ended === 0 ? null : Math.round((1000 * completed) / ended) / 1000,
        reviews: sumOf(rated.map(({ count }) => count)),
        average_rating: averageRating(rated),
        counted_at: tx.now,
      },
    ]);
  });
}

/** Adds up the reviews of a business anew, from the reviews themselves. */
export async function sumReviews(context: Context, actor: ProgramActor, businessId: number): Promise<void> {
  const { reviews, aggregates, businesses } = context.statements;
  await context.house.transact("add up reviews", actor, {}, function* (tx) {
    yield* businesses.lock([{ id: businessId }]);
    const rated = yield* reviews.countStars({ business_id: businessId });
    const stars = (rating: number): number => rated.find((one) => one.rating === rating)?.count ?? 0;
    const row: AggregateRow = {
      business_id: businessId,
      workspace_id: actor.workspaceId,
      reviews: sumOf(rated.map(({ count }) => count)),
      rating_sum: sumOf(rated.map(({ rating, count }) => rating * count)),
      stars_1: stars(1),
      stars_2: stars(2),
      stars_3: stars(3),
      stars_4: stars(4),
      stars_5: stars(5),
      updated_at: tx.now,
    };
    yield* aggregates.put([row]);
  });
}

function averageRating(rated: Counted): number | null {
  return averageOf(
    sumOf(rated.map(({ rating, count }) => rating * count)),
    sumOf(rated.map(({ count }) => count)),
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
