import type { FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Callback, CallbackReading, CarrierKind } from "../../ports/carrier.ts";
import type { DoorPorts } from "../../ports/door.ts";
import { callbackOf, refuse } from "./callback.ts";

/** Lines that a report about nobody's attempt is held against. */
const LINES_MAX = 50;

/** Which attempt a report is about, by its own unverified word. */
type NameAttempt = (callback: Callback, kind: CarrierKind) => string | null;

/**
 * Takes a report that came to the one address for all calls of a kind of carrier. Whatever is genuine is answered with 200,
 * also when it is repeated, or about a call that is not ours.
 *
 * 1. Find the attempt, if one is named. 2. Verify with its line's keys, else with those of any line. 3. Store.
 */
export async function receiveAtOneAddress(
  { engine, carrierKinds, clock, log, publicUrl }: DoorPorts<Engine>,
  request: FastifyRequest,
  carrier: string,
  nameAttempt: NameAttempt,
): Promise<{ status: "success" }> {
  const kind = await carrierKinds[carrier]?.();
  if (kind === undefined) throw new Refusal("forbidden", `There is no line at ${carrier}.`);
  const callback = callbackOf(request, publicUrl());
  const attemptKey = nameAttempt(callback, kind) ?? "";
  const attempt = await engine.attemptForCallback(attemptKey);

  const isOurs = attempt !== null && attempt.carrier === carrier;
  // Without a line the account of the environment may still be meant.
  const known = isOurs ? [attempt.settings] : [...engine.settingsAt(carrier).slice(0, LINES_MAX), {}];
  const reading = firstGenuine(callback, known, kind, clock.now());
  if (reading.kind !== "reports") refuse(kind, reading, log);
  if (isOurs) await engine.receive(attemptKey, reading.reports);
  return { status: "success" };
}

function firstGenuine(
  callback: Callback,
  known: readonly unknown[],
  kind: CarrierKind,
  now: number,
): CallbackReading {
  let last: CallbackReading = { kind: "forged", detail: "There is no line to hold it against." };
  for (const settings of known) {
    last = kind.readCallback?.(callback, settings, now) ?? last;
    if (last.kind !== "forged") return last;
  }
  return last;
}
