import { hasEnded } from "../../../src/domain/call.ts";
import type { MessageRow } from "../../../src/programs/appointments/rows.ts";
import type { Checker, Violation } from "../checker.ts";
import type { Facts } from "../facts.ts";
import type { Visit } from "../history.ts";
import { idealOf, reignOf } from "../visit-facts.ts";

const hourMs = 3_600_000;
const told = new Set(["sent", "delivered"]);
/** Reasons of the rules, for not telling something of an appointment that stands; the last one: calling hours leave no time. */
const rules = new Set(["too_late", "quiet_hours", "next_is_near", "no_address", "expires_too_early"]);
/** What may keep a letter from a client although nothing goes wrong. */
const unreached = new Set(["no_address", "address_gone"]);

/**
 * I24: an appointment is as it was answered, whatever is due for it was told or says why not, and in a healed world it was
 * told.
 */
export const nobodyForgotten: Checker = {
  name: "I24",
  promise: "No appointment is lost, and what is due is told, or its history says why not.",
  *check(facts) {
    const { history, visits } = facts;
    for (const visit of history.visits) {
      yield* asAnswered(facts, visit);
      const appointment = visits.appointmentOf.get(visit.external);
      const rows = appointment === undefined ? [] : (visits.messagesOf.get(appointment.id) ?? []);
      for (const row of rows) yield* accounted(facts, visit, row);
      yield* planned(facts, visit, rows);
    }
  },
};

function* asAnswered({ visits }: Facts, { external, steps }: Visit): Generator<Violation> {
  const last = steps.findLast((step) => step.heard === "yes");
  if (last === undefined || steps.at(-1)?.heard === "pending") return;
  const row = visits.appointmentOf.get(external);
  if (row === undefined) yield { what: `${external} was answered and is not there`, at: last.sentAt };
  else if (row.status !== last.status || row.starts_at !== last.startsAt)
    yield {
      what: `${external} is ${row.status} at ${row.starts_at}, and was answered as ${last.status ?? "none"} at ${last.startsAt}`,
      at: last.sentAt,
    };
}

/** What became of a message, and why. */
function* accounted(facts: Facts, { external }: Visit, row: MessageRow): Generator<Violation> {
  const { history, visits, calls } = facts;
  const name = `${external}: ${row.kind} for ${new Date(row.starts_at).toISOString()}`;
  const letter = visits.notifications.get(row.notification_id ?? 0);
  const call = calls.get(row.call_id ?? 0);
  if (row.status === "planned") yield { what: `${name} was due at ${row.at} and is still planned` };
  if (told.has(row.status)) {
    const wasTold = visits.tellings.some(
      (one) =>
        one.visit.external === external &&
        one.kind === row.kind &&
        one.startsAt === row.starts_at &&
        one.isTaken,
    );
    if (!wasTold) yield { what: `${name} counts as told, and nobody was` };
    return;
  }
  const reason = row.reason ?? letter?.reason ?? call?.reason ?? null;
  if (reason === null) yield { what: `${name} is ${row.status} and does not say why` };
  const isHealed = row.at > history.healedAt + 2 * hourMs;
  if (!isHealed || row.status === "dropped" || row.status === "withdrawn" || row.status === "planned") return;
  if (letter !== undefined && !unreached.has(letter.reason ?? ""))
    yield {
      what: `${name} was due in a healed world and is ${row.status} (${letter.reason ?? "no reason"})`,
      at: row.at,
    };
  if (call !== undefined && !hasEnded(call.status))
    yield { what: `${name} is still ${call.status}`, callId: call.id };
}

/** A reminder of an appointment that stood as confirmed from before it was due until it was over was planned, and stayed so. */
function* planned(facts: Facts, visit: Visit, rows: readonly MessageRow[]): Generator<Violation> {
  const { history } = facts;
  const { shop, external, steps } = visit;
  const slackMs = history.plan.classes.includes("clock") ? 2 * hourMs : 60_000;
  for (const { startsAt } of steps.filter((step) => step.what === "book" || step.what === "move")) {
    const { confirmed = null, ended = null } = reignOf(visit, startsAt) ?? {};
    if (confirmed?.heardAt === undefined || confirmed.heardAt === null) continue;
    if (steps.some((step) => step.heard === "pending")) continue;
    for (const kind of shop.reminders) {
      const ideal = idealOf(history.zones, shop, kind, startsAt);
      const isDue = confirmed.heardAt < ideal - slackMs && ideal < history.endedAt;
      if (!isDue || (ended !== null && ended.sentAt < startsAt + slackMs)) continue;
      const row = rows.findLast((one) => one.kind === kind && one.starts_at === startsAt);
      const name = `${external}: ${kind} for ${new Date(startsAt).toISOString()}`;
      if (row === undefined) yield { what: `${name} was never planned`, at: ideal };
      else if ((row.status === "dropped" || row.status === "withdrawn") && !rules.has(row.reason ?? ""))
        yield { what: `${name} is ${row.status} (${row.reason ?? "no reason"})`, at: ideal };
    }
  }
}
