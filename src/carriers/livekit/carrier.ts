import type {
  Carrier,
  CarrierCheck,
  CarrierPorts,
  LineFacts,
  LookupAnswer,
  LookupOrder,
  Order,
  OutsideAnswer,
  PlaceAnswer,
  PrepareAnswer,
} from "../../ports/carrier.ts";
import type { Report } from "../../domain/report.ts";
import { ask, messageIn, troubleIn } from "./api.ts";
import { checkProject } from "./check.ts";
import { textIn } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { lookInto } from "./look.ts";
import { stateOf } from "./participant.ts";
import { TROUBLE_MS, readFailure, readRefusal } from "./refusal.ts";
import { participantRequest, roomRequest } from "./request.ts";
import { identityOf, roomNameOf } from "./room.ts";
import { leewayMsOf, projectOf } from "./settings.ts";
import type { LiveKitDefaults, LiveKitSettings, Project } from "./settings.ts";
import type { Grants } from "./token.ts";

/**
 * So long after the last instant at which the request can have left, nobody comes into the room any more because of it: the
 * token has ended, LiveKit has given up what it was still working on (30 s), and two clocks may differ.
 */
export const QUIET_MS = 120_000;
/** Two looks so far apart show the same empty room only if nobody was ever in it: one that was left closes sooner. */
export const UNTOUCHED_MS = 60_000;
/** How long the event of a phone that has left is waited for: LiveKit drops what has waited for 30 s. */
export const GONE_MS = 60_000;
/** The same when somebody is known to have answered: a second look. */
const TALKED_GONE_MS = 5_000;
/** LiveKit itself gives up after 30 s. */
const CREATE_MS = 32_000;
/** An answer that waits for the callee's is waited for no longer. */
const WAIT_MAX_MS = 60_000;
const PREPARE_MS = 8_000;
const TOKEN_MS = 30_000;
const KNOWN_MAX = 10_000;

/** What was seen of an attempt's phone while this process watched (UTC ms). */
type Seen = {
  readonly goneAt?: number | undefined;
  /** The first look that found the room open and empty, after nobody could come any more. */
  readonly untouchedAt?: number | undefined;
  readonly hungUp?: { readonly at: number; readonly isAnswered: boolean };
};

/** LiveKit as a carrier: a room per attempt, an agent, and the phone as a participant. It holds nothing open. */
export class LiveKitCarrier implements Carrier {
  readonly #ports: CarrierPorts;
  readonly #defaults: LiveKitDefaults;
  readonly #seen = new Map<string, Seen>();

  constructor(ports: CarrierPorts, defaults: LiveKitDefaults) {
    this.#ports = ports;
    this.#defaults = defaults;
  }

  /** Makes the room, and sends the agent into it. Whatever becomes of that, nobody is rung. */
  async prepare(order: Order): Promise<PrepareAnswer> {
    const settings = order.settings as LiveKitSettings;
    const project = projectOf(settings, this.#defaults);
    if (project === null) return broken(NO_PROJECT);
    const request = roomRequest(order, this.#defaults);
    if (!request.ok) return unusable(request.detail);
    const answer = await this.#ask(project, settings, "RoomService/CreateRoom", request.body, {
      grants: { video: { roomCreate: true } },
      timeoutMs: Math.min(PREPARE_MS, settings.timeout_ms ?? PREPARE_MS),
    });
    if (messageIn(answer) !== null) return { kind: "ready", words: MADE };
    const refusal = answer.kind === "answer" ? readRefusal(answer, this.#ports.clock.now()) : null;
    if (refusal?.isOurs === true) this.#alert(order, refusal.detail);
    return (
      refusal ?? {
        kind: "refused",
        outcome: "not_placed",
        detail: `The room was not made: ${troubleIn(answer)}`,
      }
    );
  }

  async place(order: Order, prepared?: unknown): Promise<PlaceAnswer> {
    const settings = order.settings as LiveKitSettings;
    const project = projectOf(settings, this.#defaults);
    if (project === null) return broken(NO_PROJECT);
    const request = participantRequest(order, project);
    if (!request.ok) return unusable(request.detail);
    // Without it nobody could tell afterwards that nobody was rung.
    if (prepared !== MADE) return { kind: "refused", outcome: "not_placed", detail: "There is no room yet." };
    const isWaiting = settings.wait_until_answered === true;
    const answer = await this.#ask(project, settings, "SIP/CreateSIPParticipant", request.body, {
      grants: { sip: { call: true } },
      // A process that was stopped and wakes too late sends a token that nobody takes any more.
      expiresAt: order.deadlineAt - leewayMsOf(settings),
      deadlineAt: order.deadlineAt,
      timeoutMs: isWaiting
        ? Math.min(WAIT_MAX_MS, order.ringTimeoutMs + 15_000)
        : (settings.timeout_ms ?? CREATE_MS),
    });
    const placed = this.#readPlaced(order, answer, isWaiting);
    if (placed.kind !== "refused") return placed;
    if (placed.isOurs === true) this.#alert(order, placed.detail);
    // Nobody will come, so the agent need not wait.
    const room = roomNameOf(settings.room_name, order);
    await this.#ask(
      project,
      settings,
      "RoomService/DeleteRoom",
      { room },
      {
        grants: { video: { roomCreate: true } },
        timeoutMs: 2_000,
      },
    );
    return placed;
  }

  async lookup(order: LookupOrder): Promise<LookupAnswer> {
    const settings = order.settings as LiveKitSettings;
    const project = projectOf(settings, this.#defaults);
    if (project === null) return { kind: "unavailable", detail: NO_PROJECT };
    const look = await lookInto((...one) => this.#ask(project, settings, ...one), order, settings);
    const now = this.#ports.clock.now();
    switch (look.kind) {
      case "unavailable":
        return look;
      case "here": {
        this.#remember(order.attemptKey, { goneAt: undefined, untouchedAt: undefined });
        const { phone } = look;
        const who = [phone.callStatus, phone.answeredBy, phone.disposition].filter(Boolean).join(":");
        const reports = stateOf(phone, now, `${phone.callRef}:asked:${who}`);
        return { kind: "found", carrierRef: phone.callRef, reports };
      }
      case "untouched":
      case "gone": {
        const hungUp = this.#seen.get(order.attemptKey)?.hungUp;
        if (hungUp !== undefined) return found(order, hungUpReport(hungUp));
        if (order.carrierRef !== null) return this.#left(order, now);
        if (this.#wasNeverEntered(order, look.kind === "untouched", now)) return { kind: "absent" };
        return { kind: "unavailable", detail: "The phone is not in its room, and may have been there." };
      }
    }
  }

  async hangUp(order: LookupOrder): Promise<boolean> {
    const settings = order.settings as LiveKitSettings;
    const project = projectOf(settings, this.#defaults);
    if (project === null) return false;
    const look = await lookInto((...one) => this.#ask(project, settings, ...one), order, settings);
    if (look.kind === "unavailable") return false;
    if (look.kind !== "here") {
      const isKnown = order.carrierRef !== null || this.#seen.get(order.attemptKey)?.hungUp !== undefined;
      const isUntouched = look.kind === "untouched";
      return isKnown || this.#wasNeverEntered(order, isUntouched, this.#ports.clock.now());
    }
    const isAnswered = ["active", "automation", "hangup"].includes(look.phone.callStatus);
    // Somebody has answered, and nobody knew of it: a conversation is not cut off for that.
    if (isAnswered && !order.isAnswered) return true;
    const room = roomNameOf(settings.room_name, order);
    const answer = await this.#ask(
      project,
      settings,
      "RoomService/RemoveParticipant",
      { room, identity: identityOf(order.attemptKey) },
      { grants: { video: { roomAdmin: true, room } } },
    );
    const isGone = answer.kind === "answer" && answer.status === 404;
    if (messageIn(answer) === null && !isGone) return false;
    this.#remember(order.attemptKey, { hungUp: { at: this.#ports.clock.now(), isAnswered } });
    return true;
  }

  async check(settings: unknown, line: LineFacts): Promise<CarrierCheck> {
    const own = settings as LiveKitSettings;
    const project = projectOf(own, this.#defaults);
    if (project === null) {
      return {
        ok: false,
        detail: NO_PROJECT,
        cure: "Set them on the line, or LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET and LIVEKIT_SIP_TRUNK_ID where the server starts.",
      };
    }
    return checkProject({
      fetch: this.#ports.fetch,
      project,
      settings: { ...own, agent_name: own.agent_name ?? this.#defaults.agentName ?? "" },
      line,
      now: this.#ports.clock.now(),
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #readPlaced(order: Order, answer: OutsideAnswer, isWaiting: boolean): PlaceAnswer {
    const now = this.#ports.clock.now();
    if (answer.kind === "not_sent")
      return { kind: "refused", outcome: "not_placed", detail: troubleIn(answer) };
    if (answer.kind === "unknown") return { kind: "unknown", detail: troubleIn(answer) };
    if (answer.status < 200 || answer.status >= 300) {
      const failed = readFailure(answer, order.instructions !== null, now);
      if (failed.kind !== "ended") return failed;
      const carrierRef = identityOf(order.attemptKey);
      const { outcome, detail } = failed;
      const ended: Report = { key: `${carrierRef}:answer`, kind: "ended", at: now, outcome, detail };
      return { kind: "accepted", carrierRef, reports: [ended] };
    }
    const info = messageIn(answer);
    const carrierRef = textIn(info, "sip_call_id") || textIn(info, "participant_id");
    if (carrierRef === "") return { kind: "unknown", detail: `${troubleIn(answer)} without a call` };
    const answered: Report = { key: `${carrierRef}:answer`, kind: "answered", at: now, carrierRef };
    return { kind: "accepted", carrierRef, reports: isWaiting ? [answered] : [] };
  }

  /** A phone that was in its room is not there any more, and no event has told how it went. */
  #left(order: LookupOrder, now: number): LookupAnswer {
    const goneAt = this.#seen.get(order.attemptKey)?.goneAt ?? now;
    this.#remember(order.attemptKey, { goneAt });
    const detail = "the phone left its room, and LiveKit did not say how the call ended";
    const waitMs = order.isAnswered ? TALKED_GONE_MS : GONE_MS;
    if (now - goneAt < waitMs) return { kind: "unavailable", detail };
    const base = { key: "gone", at: goneAt, detail } as const;
    return found(
      order,
      order.isAnswered
        ? { ...base, kind: "ended", outcome: "answered_unknown" }
        : { ...base, kind: "review", at: now },
    );
  }

  /** Two looks at the room that was made before the request, both after nobody could come any more. */
  #wasNeverEntered(order: LookupOrder, isUntouched: boolean, now: number): boolean {
    if (!isUntouched || now < order.deadlineAt + QUIET_MS) {
      this.#remember(order.attemptKey, { untouchedAt: undefined });
      return false;
    }
    const untouchedAt = this.#seen.get(order.attemptKey)?.untouchedAt ?? now;
    this.#remember(order.attemptKey, { untouchedAt });
    return now - untouchedAt >= UNTOUCHED_MS;
  }

  #ask(
    project: Project,
    settings: LiveKitSettings,
    method: string,
    body: Fields,
    how: {
      readonly grants: Grants;
      readonly expiresAt?: number;
      readonly deadlineAt?: number;
      readonly timeoutMs?: number;
    },
  ): Promise<OutsideAnswer> {
    const expiresAt = how.expiresAt ?? this.#ports.clock.now() + TOKEN_MS;
    return ask(this.#ports.fetch, { project, settings, method, body, ...how, expiresAt });
  }

  #remember(attemptKey: string, seen: Seen): void {
    const all: Seen = { ...this.#seen.get(attemptKey), ...seen };
    this.#seen.delete(attemptKey);
    if (Object.values(all).every((value) => value === undefined)) return;
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size < KNOWN_MAX) break;
      this.#seen.delete(oldest);
    }
    this.#seen.set(attemptKey, all);
  }

  #alert(order: Order, detail: string): void {
    this.#ports.log.error(
      "LiveKit refuses calls until somebody puts the project, the trunk or the call right.",
      {
        attempt: order.attemptId,
        detail,
      },
    );
  }
}

const NO_PROJECT = "There is no url, api_key, api_secret or sip_trunk_id.";
/** What `prepare` hands to `place`. */
const MADE = "the room is made";

function broken(detail: string): Extract<PlaceAnswer, { kind: "refused" }> {
  return { kind: "refused", outcome: "carrier_error", detail, retryAfterMs: TROUBLE_MS, isOurs: true };
}

function unusable(detail: string): Extract<PlaceAnswer, { kind: "refused" }> {
  return { kind: "refused", outcome: "blocked", detail, isOurs: true };
}

function found(order: LookupOrder, report: Report): LookupAnswer {
  return {
    kind: "found",
    carrierRef: order.carrierRef ?? identityOf(order.attemptKey),
    reports: [report],
  };
}

function hungUpReport({ at, isAnswered }: NonNullable<Seen["hungUp"]>): Report {
  const base = { key: "hung_up", kind: "ended", at } as const;
  return isAnswered
    ? { ...base, outcome: "answered_unknown" }
    : { ...base, outcome: "no_answer", isCanceled: true };
}
