import { classifyDestination, judgeDestination } from "../domain/destination.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import { costOf, formatAmount, priceOf } from "../domain/spend.ts";
import type { LineRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { budgetOf, homeCountryOf, isGuarded } from "./live-book.ts";

/** What a caller should know of a call that was taken, and the country on which a person has to decide first. */
export type LiveAdvice = { readonly warnings: readonly string[]; readonly newCountry: string | null };

/**
 * Refuses at once what no claim would let through: a number that may not be rung by a real line, or a call that could cost
 * more than one call may. The claim decides anew; this is so that whoever schedules hears of it in time.
 */
export async function checkLive(
  context: Context,
  actor: Actor,
  line: LineRow,
  e164: string,
): Promise<LiveAdvice> {
  try {
    return advise(context, actor, line, e164);
  } catch (error) {
    // What another node has just allowed is not refused because this one has not heard of it.
    if (!(error instanceof Refusal) || !(await isBookOld(context, actor))) throw error;
    await context.book.load();
    return advise(context, actor, line, e164);
  }
}

async function isBookOld(context: Context, actor: Actor): Promise<boolean> {
  if (context.store.singleOwner) return false;
  const rows = await context.store.read("look whether the rules have changed", () =>
    context.store.statements.workspaces.all({}),
  );
  const now = rows.find((row) => row.id === actor.workspaceId)?.plan_version;
  return now !== context.book.workspace(actor.workspaceId).row.plan_version;
}

function advise(context: Context, actor: Actor, line: LineRow, e164: string): LiveAdvice {
  checkCost(context, line, e164);
  if (!isGuarded(context, line)) return nothingToSay;
  const { rules, numbers } = context.book.liveOf(actor.workspaceId);
  const listed = numbers.has(context.secrets.numberHash(actor.workspaceId, e164));
  const judgement = judgeDestination(
    rules,
    classifyDestination(e164, context.phoneMetadata),
    listed,
    homeCountryOf(context, line),
  );
  if (judgement.kind === "ring") return nothingToSay;
  if (judgement.kind === "never") throw refuseField("destination_refused", "/to", judgement.detail);
  if (judgement.reason === "not_on_allow_list") {
    const { name } = context.book.workspace(actor.workspaceId).row;
    throw refuseField(
      "not_live",
      "/to",
      `The line "${line.name}" can ring people, and the workspace "${name}" is in canary: only numbers on its allow-list are called (carillon live allow NUMBER).`,
    );
  }
  return {
    warnings: [
      `No call to ${judgement.country ?? "there"} was allowed yet: it waits until a person allows it (carillon live country ${judgement.country ?? ""} allow).`,
    ],
    newCountry: judgement.country,
  };
}

const nothingToSay: LiveAdvice = { warnings: [], newCountry: null };

function checkCost(context: Context, line: LineRow, e164: string): void {
  const row = context.book.live.budgets.get(line.id);
  if (row === undefined || row.call_max === 0) return;
  const amount = costOf(priceOf(budgetOf(row), e164), line.max_duration_ms);
  if (amount > row.call_max) {
    throw refuseField(
      "too_costly",
      "/to",
      `It could cost ${formatAmount(amount)} ${row.currency}, and a call of this line may cost ${formatAmount(row.call_max)}.`,
    );
  }
}
