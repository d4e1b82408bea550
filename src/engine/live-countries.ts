import { Refusal, refuseField } from "../domain/refusal.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { Entries } from "./ledger.ts";
import type { LiveCountryView } from "./live-api.ts";
import { waitingCountry } from "./live-claim.ts";
import { changeLive } from "./live-change.ts";

/** Allows or refuses calls to a country; what waited for the decision goes on or is skipped. */
export async function decideCountry(
  context: Context,
  actor: Actor,
  country: string,
  status: "allowed" | "refused",
): Promise<LiveCountryView> {
  const code = readCountry(country);
  const changedAt = await changeLive<number>(
    context,
    actor,
    (at) => ({
      at,
      type: status === "allowed" ? "live.country_allowed" : "live.country_refused",
      data: { country: code },
    }),
    function* (now): Tx<number> {
      yield* context.store.statements.live.putCountry([
        { workspace_id: actor.workspaceId, country: code, status, changed_by: actor.name, changed_at: now },
      ]);
      return now;
    },
  );
  return { country: code, status, changedAt, changedBy: actor.name };
}

/** Takes a decision back: the next call to the country asks again. */
export async function forgetCountry(context: Context, actor: Actor, country: string): Promise<void> {
  const code = readCountry(country);
  await changeLive<number>(
    context,
    actor,
    (at) => ({ at, type: "live.country_forgotten", data: { country: code } }),
    function* (now): Tx<number> {
      const gone = yield* context.store.statements.live.removeCountry({
        workspace_id: actor.workspaceId,
        country: code,
      });
      if (gone.length === 0) throw noSuchCountry(country);
      return now;
    },
  );
}

/**
 * Notes that a call was scheduled to a country on which nobody has decided, so that people hear of it before the call is
 * due. A failure is no harm: the claim asks again.
 */
export async function askCountry(context: Context, actor: Actor, country: string): Promise<void> {
  if (context.book.liveOf(actor.workspaceId).rules.countries.has(country)) return;
  try {
    const lease = await context.ids.reserve({ ledger: 1 });
    await context.store.run("ask for a country", function* () {
      const { statements } = context.store;
      const now = context.clock.now();
      const asked = yield* statements.live.askCountry([waitingCountry(actor.workspaceId, country, now)]);
      if (asked.length === 0) return;
      const entries = new Entries(lease);
      entries.addWide(actor.workspaceId, {
        at: now,
        type: "live.country_waiting",
        actor: actor.name,
        data: { country },
      });
      yield* statements.ledger.insert(entries.rows);
    });
    await context.book.load();
    context.announce();
  } catch (error) {
    context.log.warn("A new country could not be noted; the claim will ask for it.", {
      error: error as Error,
    });
  }
}

/** "GB" from "gb"; throws when it is no code that the numbering plans know. */
function readCountry(country: string): string {
  const code = country.toUpperCase();
  if (!/^[A-Z]{2}$/.test(code))
    throw refuseField("country_unknown", "/country", "Send two letters, such as GB.");
  return code;
}

function noSuchCountry(country: string): Refusal {
  return new Refusal("not_found", `Nobody has decided on "${country.slice(0, 64)}".`);
}
