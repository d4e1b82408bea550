/** Amounts are integers: millionths of a unit of currency. */
export type Micros = number;

/** What a line's calls cost, and what they may cost. A maximum of 0 is none. */
export type Budget = {
  /** A started minute to any number. */
  readonly perMinute: Micros;
  /** Other prices by the beginning of the number; the longest beginning counts. */
  readonly prices: readonly Price[];
  readonly callMax: Micros;
  readonly hourMax: Micros;
  readonly dayMax: Micros;
};
export type Price = { readonly prefix: string; readonly perMinute: Micros };

/** The money of an hour or a day. */
export type Spending = {
  readonly reserved: Micros;
  readonly spent: Micros;
  /** Charged beyond what had been reserved: the carrier let a call go on, or an unknown attempt turned out to be a call. */
  readonly overspent: Micros;
};

/** The money of one attempt: reserved until it is settled, and what it has cost so far. */
export type Charge = {
  readonly perMinute: Micros;
  readonly reserved: Micros;
  readonly spent: Micros;
  readonly settled: boolean;
};

/** The price of a started minute to a number. */
export function priceOf(budget: Pick<Budget, "perMinute" | "prices">, e164: string): Micros {
  let best: Price | undefined;
  for (const price of budget.prices) {
    if (e164.startsWith(price.prefix) && price.prefix.length > (best?.prefix.length ?? 0)) best = price;
  }
  return best?.perMinute ?? budget.perMinute;
}

/** What a call of this length costs: every started minute in full. */
export function costOf(perMinute: Micros, durationMs: number): Micros {
  return Math.ceil(Math.max(0, durationMs) / 60_000) * perMinute;
}

/** What stands in the way of spending an amount; null when nothing does. */
export function limitReached(
  budget: Budget,
  hour: Spending,
  day: Spending,
  amount: Micros,
): "call" | "hour" | "day" | null {
  if (budget.callMax > 0 && amount > budget.callMax) return "call";
  if (budget.dayMax > 0 && usedOf(day) + amount > budget.dayMax) return "day";
  return budget.hourMax > 0 && usedOf(hour) + amount > budget.hourMax ? "hour" : null;
}

/** All that counts against a maximum. */
export function usedOf(spending: Spending): Micros {
  return spending.reserved + spending.spent + spending.overspent;
}

/** What is known of an attempt that holds money. `cost` null: nobody can tell any more, and its money comes back. */
export type Ending = { readonly durationMs: number | null; readonly wasAnswered: boolean } | null;

/**
 * Settles an attempt's charge: the reservation comes back exactly once, and what the call cost is spent. A later report
 * can only add what was not known before. `change` is what to add to the money of its hour and day.
 */
export function settleCharge(charge: Charge, ending: Ending): { charge: Charge; change: Spending } {
  const cost = ending === null ? 0 : endingCost(charge, ending);
  if (!charge.settled) {
    const within = Math.min(cost, charge.reserved);
    return {
      charge: { ...charge, spent: cost, settled: true },
      change: { reserved: -charge.reserved, spent: within, overspent: cost - within },
    };
  }
  const more = Math.max(0, cost - charge.spent);
  return {
    charge: { ...charge, spent: charge.spent + more },
    change: { reserved: 0, spent: 0, overspent: more },
  };
}

/** A conversation whose length nobody told is taken to have lasted as long as it was allowed to. */
function endingCost(charge: Charge, ending: NonNullable<Ending>): Micros {
  if (ending.durationMs !== null) return costOf(charge.perMinute, ending.durationMs);
  return ending.wasAnswered ? charge.reserved : 0;
}

const AMOUNT = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/** "0.0145" as 14500; undefined when it is no amount of at most nine digits and six decimals. */
export function parseAmount(text: string): Micros | undefined {
  const match = AMOUNT.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(6, "0"));
}

/** 14500 as "0.0145", and 20000000 as "20.00": at least two decimals, and no more than are needed. */
export function formatAmount(micros: Micros): string {
  const whole = Math.floor(micros / 1_000_000);
  const rest = String(micros % 1_000_000).padStart(6, "0");
  return `${whole}.${rest.slice(0, 2)}${rest.slice(2).replace(/0+$/, "")}`;
}
