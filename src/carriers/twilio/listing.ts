import { objectIn } from "../../domain/json-object.ts";
import type { LookupOrder, OutsideFetch } from "../../ports/carrier.ts";
import { ask, isSuccess, troubleIn } from "./api.ts";
import { readResource } from "./resource.ts";
import type { Resource } from "./resource.ts";
import type { Account, TwilioSettings } from "./settings.ts";

export type Listing =
  | { readonly kind: "found"; readonly call: Resource }
  | { readonly kind: "none" }
  | { readonly kind: "unavailable"; readonly detail: string };

/** Twilio shows whole seconds, and its clock is not ours. */
const BEFORE_MS = 5_000;
/** A request that we gave up may become a call a minute later. */
const AFTER_MS = 300_000;
const PAGE = 50;
const ASKED_MAX = 5;

export type Search = {
  readonly fetch: OutsideFetch;
  readonly account: Account;
  readonly settings: TwilioSettings;
  readonly order: LookupOrder;
  readonly from: string;
  /** Calls that are another attempt's, as far as this process knows. */
  readonly isOthers: (callSid: string) => Promise<boolean>;
};

/**
 * Looks for the call of an attempt whose answer was lost: from our number to theirs, made when our request left, and not
 * known as another attempt's. Twilio has no key of ours in its list, so more than one such call is nobody's, until the
 * requests that Twilio made for them, which hold our address, can be read.
 *
 * The list is not narrowed by StartTime, because a call that Twilio still queues has none.
 */
export async function findInListing(search: Search): Promise<Listing> {
  const { order, from } = search;
  const answer = await ask(search.fetch, {
    ...search,
    method: "GET",
    path: "Calls.json",
    query: [
      ["To", order.to],
      ["From", from],
      ["PageSize", String(PAGE)],
    ],
  });
  const calls = isSuccess(answer) ? objectIn(answer)?.["calls"] : undefined;
  if (!Array.isArray(calls)) return { kind: "unavailable", detail: troubleIn(answer) };
  const fitting: Resource[] = [];
  for (const value of calls) {
    const call = readResource(value);
    if (call !== null && fits(call, order, from) && !(await search.isOthers(call.sid))) fitting.push(call);
  }
  // The newest come first: a full page that does not reach back to our request says nothing about what is missing.
  const oldest = readResource(calls.at(-1))?.createdAt ?? 0;
  if (fitting.length === 0) {
    const isWhole = calls.length < PAGE || oldest < order.placedAt - BEFORE_MS;
    return isWhole
      ? { kind: "none" }
      : { kind: "unavailable", detail: "There are too many calls to this number." };
  }
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return { kind: "found", call: only };
  return (
    (await byOurAddress(search, fitting)) ?? {
      kind: "unavailable",
      detail: `${fitting.length} calls of that time could be it.`,
    }
  );
}

function fits(call: Resource, order: LookupOrder, from: string): boolean {
  return (
    call.to === order.to &&
    call.from === from &&
    (call.direction === "outbound-api" || call.direction === "") &&
    call.createdAt >= order.placedAt - BEFORE_MS &&
    call.createdAt <= order.placedAt + AFTER_MS
  );
}

/** A quarter of an hour after a call Twilio shows the requests made for it, and in them the attempt's key. */
async function byOurAddress(search: Search, fitting: readonly Resource[]): Promise<Listing | null> {
  for (const call of fitting.slice(0, ASKED_MAX)) {
    const answer = await ask(search.fetch, {
      ...search,
      method: "GET",
      path: `Calls/${call.sid}/Events.json`,
    });
    const events = isSuccess(answer) ? objectIn(answer)?.["events"] : undefined;
    if (JSON.stringify(events ?? null).includes(search.order.attemptKey)) return { kind: "found", call };
  }
  return null;
}
