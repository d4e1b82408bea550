import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { formatUtc } from "../../../src/domain/zone.ts";
import { isQuiet, quietOf } from "../../../src/programs/appointments/quiet.ts";
import { isAnswer } from "../../../src/programs/appointments/rules.ts";
import { loadZones } from "../../../src/system/zones.ts";
import { seedOf } from "../../domain/seed.ts";

import { type Salon, openForBusiness, openSalon } from "./salon.ts";

const MINUTE_MS = 60_000;

/** An appointment as the test knows it: how often it was agreed upon, and whether it stands. */
type Known = { status: string; startsAt: number; round: number };

type Step =
  | { readonly kind: "book"; readonly inMinutes: number; readonly pending: boolean }
  | { readonly kind: "move"; readonly which: number; readonly inMinutes: number }
  | { readonly kind: "confirm" | "cancel" | "reschedule" | "start"; readonly which: number }
  | { readonly kind: "quiet"; readonly from: number; readonly hours: number }
  | { readonly kind: "wait" | "sleep"; readonly minutes: number };

const which = fc.nat(4);
const inMinutes = fc.integer({ min: 20, max: 420 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("book" as const), inMinutes, pending: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("move" as const), which, inMinutes }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("confirm", "cancel", "reschedule", "start"), which }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("quiet" as const),
      from: fc.nat(23),
      hours: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("wait", "sleep"),
      minutes: fc.integer({ min: 1, max: 75 }),
    }),
  },
);

test("no reminder outlives its appointment or is told twice, and nobody is recalled in quiet hours", async (context) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 24 }), async (steps) => {
      const salon = await openSalon();
      const run = await begin(salon);
      for (const one of steps) await run.take(one);
      // On to the end of the last appointment: what is still planned has its chance to be wrong.
      await salon.advance(430 * MINUTE_MS);
      assert.deepEqual(run.wrong, []);
    }),
    { seed: seedOf(context), numRuns: 6 },
  );
});

async function begin(salon: Salon) {
  const { businessId, clientId, serviceId } = await openForBusiness(salon, { reminders: ["3h", "1h"] });
  const zone = loadZones().zone("America/New_York");
  if (zone === undefined) throw new Error("There is no New York");
  const known = new Map<string, Known>();
  const told = new Set<string>();
  const wrong: string[] = [];
  let quiet: ReturnType<typeof quietOf> = null;
  const say = (what: string, data: Readonly<Record<string, string>>) =>
    wrong.push(`${what} at ${formatUtc(salon.clock.now())}: ${JSON.stringify(data)}`);

  salon.letters.sms.answer = ({ event, data, id }) => {
    const now = salon.clock.now();
    if (quiet !== null && !isAnswer(data["kind"] ?? "") && isQuiet(quiet, now)) say("in quiet hours", data);
    const appointment = known.get(data["appointment_id"] ?? "");
    // The confirmation goes out before the answer to the booking is read.
    if (appointment !== undefined) {
      const key = `${data["appointment_id"]} ${data["kind"]} ${appointment.round}`;
      if (told.has(key)) say("twice", data);
      told.add(key);
      if (event === "appointment_reminder") {
        if (appointment.status !== "confirmed") say(`though it is ${appointment.status}`, data);
        if (data["starts_at"] !== formatUtc(appointment.startsAt)) say("for another time", data);
        if (now >= appointment.startsAt) say("after it began", data);
      }
    }
    return { kind: "sent", reference: id };
  };

  const change = async (index: number, verb: string, body: object, becomes: (one: Known) => Known) => {
    const id = [...known.keys()].at(index);
    const one = id === undefined ? undefined : known.get(id);
    if (id === undefined || one === undefined) return;
    // Known before it is done: what is told while it is done is told of what it becomes.
    known.set(id, becomes(one));
    const answer = await salon.ask("POST", `/v1/appointments/${id}/${verb}`, body);
    if (answer.statusCode >= 300) known.set(id, one);
    else {
      const { status, starts_at: startsAt } = answer.json();
      assert.deepEqual([status, startsAt], [known.get(id)?.status, formatUtc(known.get(id)?.startsAt ?? 0)]);
    }
    await salon.drain();
  };

  const take = async (one: Step): Promise<void> => {
    const now = salon.clock.now();
    switch (one.kind) {
      case "wait":
        return salon.advance(one.minutes * MINUTE_MS);
      case "sleep":
        // As when the machine was suspended: everything is late by that.
        salon.clock.jump(one.minutes * MINUTE_MS);
        return salon.advance(MINUTE_MS);
      case "quiet": {
        const to = (one.from + one.hours) % 24;
        const hours = { from: `${pad(one.from)}:00`, to: `${pad(to)}:00` };
        quiet = quietOf(zone, hours.from, hours.to);
        await salon.patch(`/v1/businesses/${businessId}`, { quiet_hours: hours });
        return;
      }
      case "book": {
        const startsAt = now + one.inMinutes * MINUTE_MS;
        const status = one.pending ? "pending" : "confirmed";
        const parties = { business_id: businessId, client_id: clientId, service_id: serviceId };
        const answer = await salon.post("/v1/appointments", {
          ...parties,
          starts_at: formatUtc(startsAt),
          status,
        });
        known.set(String(answer["id"]), { status, startsAt, round: 0 });
        return;
      }
      case "move": {
        const startsAt = now + one.inMinutes * MINUTE_MS;
        return change(one.which, "move", { starts_at: formatUtc(startsAt) }, ({ status, round }) => ({
          status: status === "rescheduled" ? "confirmed" : status,
          startsAt,
          round: round + 1,
        }));
      }
      case "confirm":
        return change(one.which, "confirm", {}, ({ status, startsAt, round }) => ({
          status: "confirmed",
          startsAt,
          round: status === "confirmed" ? round : round + 1,
        }));
      case "cancel":
        return change(one.which, "cancel", {}, (before) => ({ ...before, status: "cancelled" }));
      case "reschedule":
        return change(one.which, "reschedule", {}, (before) => ({ ...before, status: "rescheduled" }));
      case "start":
        return change(one.which, "start", {}, (before) => ({ ...before, status: "in_progress" }));
    }
  };
  return { take, wrong };
}

function pad(hour: number): string {
  return String(hour).padStart(2, "0");
}
