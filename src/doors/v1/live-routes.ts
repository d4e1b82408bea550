import type { FastifyInstance } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import * as of from "./live-schemas.ts";
import { liveHandlers } from "./live.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import { section } from "../../ports/http/section.ts";

/** The routes of `/v1/live`. */
export function addLive(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const live = section(app, "Live", "live");
  const handle = liveHandlers(ports);

  live.get("getLive", "/live", "Whom lines that can ring people may call", { answer: of.live }, handle.get);
  live.patch(
    "updateLive",
    "/live",
    "Change which kinds of numbers may be called, and how many of one block",
    { body: of.livePatch, answer: of.live },
    handle.update,
  );
  live.post(
    "openLive",
    "/live/open",
    "Call everybody whom the rules allow",
    { body: of.liveOpen, answer: of.live, refusals: ["confirm_needed"] },
    handle.open,
  );
  live.post(
    "closeLive",
    "/live/close",
    "Call nobody but the allow-list",
    { body: nothing, answer: of.live },
    handle.close,
  );
  live.get(
    "listLiveNumbers",
    "/live/numbers",
    "List the allow-list",
    { answer: of.numberPage },
    handle.numbers,
  );
  live.post(
    "allowNumber",
    "/live/numbers",
    "Put a number on the allow-list",
    {
      body: of.numberCreate,
      answer: of.number,
      statuses: [200, 201],
      refusals: ["phone_invalid", "too_many_items"],
    },
    handle.allow,
  );
  live.remove(
    "disallowNumber",
    "/live/numbers/:id",
    "Take a number off the allow-list, by id or number",
    {},
    handle.disallow,
  );
  live.patch(
    "decideCountry",
    "/live/countries/:id",
    "Allow or refuse calls to a country",
    { body: of.countryPatch, answer: of.country, refusals: ["country_unknown"] },
    handle.decide,
  );
  live.remove(
    "forgetCountry",
    "/live/countries/:id",
    "Take back what was decided on a country",
    { refusals: ["country_unknown"] },
    handle.forget,
  );
  live.get(
    "getBudget",
    "/live/budgets/:id",
    "Get what a line's calls cost and may cost",
    { answer: of.budget },
    handle.budget,
  );
  live.patch(
    "setBudget",
    "/live/budgets/:id",
    "Set what a line's calls cost and may cost",
    {
      body: of.budgetPatch,
      answer: of.budget,
      refusals: ["amount_invalid", "phone_invalid", "too_many_items"],
    },
    handle.setBudget,
  );
}
