import { getBudget, setBudget } from "./budgets.ts";
import type { Context } from "./context.ts";
import type { LiveVerbs } from "./live-api.ts";
import { decideCountry, forgetCountry } from "./live-countries.ts";
import { allowNumber, disallowNumber, listLiveNumbers } from "./live-numbers.ts";
import { closeLive, live, openLive, updateLive } from "./live.ts";

export function liveVerbs(context: Context): LiveVerbs {
  return {
    live: (actor) => live(context, actor),
    openLive: (actor, confirm) => openLive(context, actor, confirm),
    closeLive: (actor) => closeLive(context, actor),
    updateLive: (actor, patch) => updateLive(context, actor, patch),
    listLiveNumbers: (actor) => listLiveNumbers(context, actor),
    allowNumber: (actor, input) => allowNumber(context, actor, input),
    disallowNumber: (actor, idOrNumber) => disallowNumber(context, actor, idOrNumber),
    decideCountry: (actor, country, status) => decideCountry(context, actor, country, status),
    forgetCountry: (actor, country) => forgetCountry(context, actor, country),
    getBudget: (actor, lineId) => getBudget(context, actor, lineId),
    setBudget: (actor, lineId, input) => setBudget(context, actor, lineId, input),
  };
}
