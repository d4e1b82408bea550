import { refuseField } from "../domain/refusal.ts";
import { type Micros, type Price, type Spending, parseAmount } from "../domain/spend.ts";
import type { LineBudgetRow, LineSpendingRow } from "../ports/live-rows.ts";
import type { LineRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { spansNow } from "./line-waits.ts";
import { requireLine } from "./lines.ts";
import type { BudgetInput, BudgetView } from "./live-api.ts";
import { budgetOf } from "./live-book.ts";
import { changeLive } from "./live-change.ts";

const pricesMax = 500;

/** What the calls of a line cost and may cost. Without a budget nothing is counted: all amounts are 0. */
export async function getBudget(context: Context, actor: Actor, lineId: string): Promise<BudgetView> {
  const line = requireLine(context, actor, lineId);
  const found = (await readBudgetViews(context, actor)).get(line.id);
  return found ?? view(line, emptyBudget(line, 0), []);
}

/** Sets what is given; the rest stays. Attempts under way keep what was reserved for them. */
export async function setBudget(
  context: Context,
  actor: Actor,
  lineId: string,
  input: BudgetInput,
): Promise<BudgetView> {
  const line = requireLine(context, actor, lineId);
  await changeLive<number>(
    context,
    actor,
    (at) => ({ at, type: "line.budget_changed", data: { line: line.name, names: Object.keys(input) } }),
    function* (now): Tx<number> {
      const { money } = context.store.statements;
      const [before] = yield* money.budget({ line_id: line.id });
      yield* money.putBudget([patched(before ?? emptyBudget(line, now), input, now)]);
      return now;
    },
  );
  return getBudget(context, actor, lineId);
}

/** The budgets of the workspace's lines that have one, with the money of this hour and this day. */
export async function readBudgetViews(
  context: Context,
  actor: Actor,
): Promise<ReadonlyMap<number, BudgetView>> {
  const { money } = context.store.statements;
  const lines = context.book.linesOf(actor.workspaceId);
  const read = await context.store.read("read budgets", function* () {
    const budgets = (yield* money.budgets({})).filter((row) => lines.some(({ id }) => id === row.line_id));
    const keys = lines
      .filter(({ id }) => budgets.some((row) => row.line_id === id))
      .flatMap((line) => spansNow(context, line));
    return { budgets, spending: yield* money.spending(keys) };
  });
  const views = new Map<number, BudgetView>();
  for (const line of lines) {
    const row = read.budgets.find((one) => one.line_id === line.id);
    const own = read.spending.filter((one) => one.line_id === line.id);
    if (row !== undefined) views.set(line.id, view(line, row, own));
  }
  return views;
}

function patched(before: LineBudgetRow, input: BudgetInput, now: number): LineBudgetRow {
  const limit = (text: string | null | undefined, field: string, old: Micros): Micros =>
    text === undefined ? old : text === null ? 0 : amount(text, `/${field}`);
  const row = {
    ...before,
    currency: input.currency ?? before.currency,
    per_minute:
      input.price_per_minute === undefined
        ? before.per_minute
        : amount(input.price_per_minute, "/price_per_minute"),
    prices: input.prices === undefined ? before.prices : JSON.stringify(readPrices(input.prices)),
    call_max: limit(input.per_call_max, "per_call_max", before.call_max),
    hour_max: limit(input.per_hour_max, "per_hour_max", before.hour_max),
    day_max: limit(input.per_day_max, "per_day_max", before.day_max),
    updated_at: now,
  };
  // A maximum that every call passes for free protects nobody.
  const limits = row.call_max + row.hour_max + row.day_max;
  if (limits > 0 && row.per_minute === 0)
    throw refuseField("amount_invalid", "/price_per_minute", "A maximum needs the price of a minute.");
  return row;
}

function readPrices(prices: NonNullable<BudgetInput["prices"]>): Price[] {
  if (prices.length > pricesMax)
    throw refuseField("too_many_items", "/prices", `At most ${pricesMax} prices.`);
  return prices.map(({ prefix, per_minute }, index) => {
    if (!/^\+[1-9]\d{0,14}$/.test(prefix))
      throw refuseField("phone_invalid", `/prices/${index}/prefix`, "Send + and digits, such as +44.");
    return { prefix, perMinute: amount(per_minute, `/prices/${index}/per_minute`) };
  });
}

function amount(text: string, pointer: string): Micros {
  const micros = parseAmount(text);
  if (micros === undefined)
    throw refuseField("amount_invalid", pointer, `"${text.slice(0, 32)}" is no amount such as "0.0145".`);
  return micros;
}

function emptyBudget(line: LineRow, now: number): LineBudgetRow {
  return {
    line_id: line.id,
    workspace_id: line.workspace_id,
    currency: "USD",
    per_minute: 0,
    prices: "[]",
    call_max: 0,
    hour_max: 0,
    day_max: 0,
    updated_at: now,
  };
}

function view(line: LineRow, row: LineBudgetRow, spending: readonly LineSpendingRow[]): BudgetView {
  const of = (span: "hour" | "day"): Spending =>
    spending.find((one) => one.span === span) ?? { reserved: 0, spent: 0, overspent: 0 };
  const { perMinute, prices, callMax, hourMax, dayMax } = budgetOf(row);
  return {
    line: line.name,
    currency: row.currency,
    perMinute,
    prices,
    callMax,
    hourMax,
    dayMax,
    hour: of("hour"),
    day: of("day"),
  };
}
