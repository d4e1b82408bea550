import type { FastifyReply } from "fastify";

import { type Micros, type Spending, formatAmount } from "../../domain/spend.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import type { BudgetView, LiveCountryView, LiveNumberView, LiveView } from "../../engine/live-api.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type {
  BudgetJson,
  BudgetPatch,
  CountryJson,
  CountryPatch,
  LiveJson,
  LiveOpen,
  LivePatch,
  NumberCreate,
  NumberJson,
} from "./live-schemas.ts";
import { instant } from "./render.ts";
import { type Checked, actorOf, wholePage } from "../../ports/http/requests.ts";

/** The handlers of `/v1/live`: whom the lines that can ring people may ring, and what calls may cost. */
export function liveHandlers({ engine }: DoorPorts<Engine>) {
  return {
    get: async (request: Checked) => render(await engine.live(actorOf(request))),
    open: async (request: Checked<LiveOpen>) =>
      render(await engine.openLive(actorOf(request), request.body.confirm)),
    close: async (request: Checked) => render(await engine.closeLive(actorOf(request))),
    update: async (request: Checked<LivePatch>) =>
      render(await engine.updateLive(actorOf(request), request.body)),

    numbers: async (request: Checked) =>
      wholePage((await engine.listLiveNumbers(actorOf(request))).map(renderNumber)),
    allow: async (request: Checked<NumberCreate>, reply: FastifyReply) => {
      const { number, isNew } = await engine.allowNumber(actorOf(request), request.body);
      reply.code(isNew ? 201 : 200);
      return renderNumber(number);
    },
    disallow: async (request: Checked, reply: FastifyReply) => {
      await engine.disallowNumber(actorOf(request), request.params.id);
      reply.code(204);
    },

    decide: async (request: Checked<CountryPatch>) =>
      renderCountry(await engine.decideCountry(actorOf(request), request.params.id, request.body.status)),
    forget: async (request: Checked, reply: FastifyReply) => {
      await engine.forgetCountry(actorOf(request), request.params.id);
      reply.code(204);
    },

    budget: async (request: Checked) =>
      renderBudget(await engine.getBudget(actorOf(request), request.params.id)),
    setBudget: async (request: Checked<BudgetPatch>) =>
      renderBudget(await engine.setBudget(actorOf(request), request.params.id, request.body)),
  };
}

function render(view: LiveView): LiveJson {
  return {
    workspace: view.workspace,
    mode: view.mode,
    opened_at: instant(view.openedAt),
    opened_by: view.openedBy,
    numbers: view.numbers,
    number_types: [...view.numberTypes],
    block_hour_max: view.blockHourMax,
    countries: view.countries.map(renderCountry),
    lines: view.lines.map((line) => ({
      id: line.id,
      name: line.name,
      carrier: line.carrier,
      guarded: line.guarded,
      home_country: line.homeCountry,
      budget: line.budget === null ? null : renderBudget(line.budget),
    })),
    warnings: [...view.warnings],
  };
}

function renderCountry(view: LiveCountryView): CountryJson {
  return {
    country: view.country,
    status: view.status,
    changed_at: instant(view.changedAt),
    changed_by: view.changedBy,
  };
}

function renderNumber(view: LiveNumberView): NumberJson {
  return {
    id: view.id,
    to: view.to,
    note: view.note,
    created_by: view.createdBy,
    created_at: formatUtc(view.createdAt),
  };
}

function renderBudget(view: BudgetView): BudgetJson {
  return {
    line: view.line,
    currency: view.currency,
    price_per_minute: formatAmount(view.perMinute),
    prices: view.prices.map(({ prefix, perMinute }) => ({ prefix, per_minute: formatAmount(perMinute) })),
    per_call_max: limit(view.callMax),
    per_hour_max: limit(view.hourMax),
    per_day_max: limit(view.dayMax),
    this_hour: renderMoney(view.hour),
    today: renderMoney(view.day),
  };
}

function renderMoney({ reserved, spent, overspent }: Spending) {
  return {
    reserved: formatAmount(reserved),
    spent: formatAmount(spent),
    overspent: formatAmount(overspent),
  };
}

function limit(max: Micros): string | null {
  return max === 0 ? null : formatAmount(max);
}
