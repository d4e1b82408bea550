import { nextCallStatus } from "../../src/domain/call.ts";
import { parsePhone } from "../../src/domain/phone.ts";
import { Refusal, refuseField } from "../../src/domain/refusal.ts";
import { defaultRetryPolicy } from "../../src/domain/retry.ts";
import type {
  HoursView,
  KeyView,
  LineView,
  Principal,
  RetryPolicyView,
  SuppressionView,
} from "../../src/engine/config-api.ts";
import type { Actor, CallRequest, CallView, Engine, EventView } from "../../src/engine/engine.ts";

import { FAKE_START } from "./fake-clock.ts";

/**
 * Just enough of an engine to show the shapes of HTTP: it keeps lists in memory and notes every verb that writes in
 * `writes`. It plans nothing and places nothing.
 */
export class FakeEngine implements Partial<Engine> {
  readonly writes: string[] = [];
  readonly calls = new Map<string, CallView>();
  readonly events: EventView[] = [];
  readonly keys = new Map<string, Principal>();
  readonly received: unknown[] = [];
  /** What `schedule` waits for, so that a test can look while it runs. */
  gate: Promise<void> = Promise.resolve();
  callback: Awaited<ReturnType<Engine["attemptForCallback"]>> = null;
  spoken: Awaited<ReturnType<Engine["spokenAttempt"]>> = null;
  lineSettings: readonly unknown[] = [];
  healthy = true;
  #wakers = new Set<() => void>();
  #next = 0;
  readonly #remembered = new Map<string, { fingerprint: string; id: string }>();

  now = (): number => FAKE_START;
  defaultActor = (): Actor => ({ workspaceId: 1, name: "open" });
  hasKeys = (): Promise<boolean> => Promise.resolve(this.keys.size > 0);
  authenticate = (secret: string): Promise<Principal | null> =>
    Promise.resolve(this.keys.get(secret) ?? null);

  schedule: Engine["schedule"] = async (actor, request, idempotency) => {
    await this.gate;
    if (!parsePhone(request.to).ok) throw refuseField("phone_invalid", "/to", "to is not in E.164 form");
    if (idempotency !== undefined) {
      const slot = `${actor.workspaceId} ${idempotency.key}`;
      const known = this.#remembered.get(slot);
      if (known !== undefined) {
        if (known.fingerprint !== idempotency.fingerprint)
          throw new Refusal("idempotency_mismatch", "The key was used with another request.");
        return { call: this.#find(actor, known.id), replayed: true, status: 201 };
      }
      const call = this.#create(actor, request);
      this.#remembered.set(slot, { fingerprint: idempotency.fingerprint, id: call.id });
      return { call, replayed: false, status: 201 };
    }
    return { call: this.#create(actor, request), replayed: false, status: 201 };
  };

  scheduleMany: Engine["scheduleMany"] = async (actor, requests) => {
    const items = [];
    for (const request of requests) {
      try {
        items.push({ ok: true as const, scheduled: await this.schedule(actor, request) });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        items.push({ ok: false as const, refusal: error });
      }
    }
    return { items, replayed: false };
  };

  preview: Engine["preview"] = (_actor, request) => Promise.resolve(viewOf("call_preview", request));
  getCall: Engine["getCall"] = async (actor, id) => this.#find(actor, id);
  listCalls: Engine["listCalls"] = async (actor, filter, page) => {
    const from = Number(page.cursor ?? "0");
    const mine = [...this.calls.entries()]
      .filter(
        ([key, view]) => owner(key) === actor.workspaceId && (filter.status?.includes(view.status) ?? true),
      )
      .map(([, view]) => view);
    const end = from + page.limit;
    return { data: mine.slice(from, end), nextCursor: end < mine.length ? String(end) : null };
  };
  listAttempts: Engine["listAttempts"] = async (actor, id) => [
    {
      id: "att_1",
      callId: this.#find(actor, id).id,
      number: 1,
      status: "ended",
      lineId: "line_1",
      dueAt: FAKE_START,
      claimedAt: FAKE_START + 4,
      placingAt: FAKE_START + 5,
      acceptedAt: FAKE_START + 9,
      ringingAt: null,
      answeredAt: null,
      endedAt: FAKE_START + 9000,
      durationMs: null,
      outcome: "busy",
      disposition: null,
      carrierRef: "ref-1",
      detail: null,
      waitedFor: null,
      startDelayMs: 4,
      checkAt: null,
    },
  ];
  listCallEvents: Engine["listCallEvents"] = async (actor, id) => {
    this.#find(actor, id);
    return this.events.filter((event) => event.callId === id);
  };
  explain: Engine["explain"] = async (actor, id) => ({
    call: this.#find(actor, id),
    summary: "It waits for the instant that was asked for.",
    steps: [{ at: FAKE_START, sentence: "It was scheduled.", type: "call.scheduled", reason: "requested" }],
    attempts: await this.listAttempts(actor, id),
  });
  cancel: Engine["cancel"] = async (actor, id, version) => this.#change("cancel", actor, id, version);
  pause: Engine["pause"] = async (actor, id, version) => this.#change("pause", actor, id, version);
  resume: Engine["resume"] = async (actor, id, version) => this.#change("resume", actor, id, version);
  callNow: Engine["callNow"] = async (actor, id, version) => this.#change("reschedule", actor, id, version);
  reschedule: Engine["reschedule"] = async (actor, id, _request, version) =>
    this.#change("reschedule", actor, id, version);
  settle: Engine["settle"] = async (actor, id) => this.#change("complete", actor, id);

  newestCursor: Engine["newestCursor"] = async () => String(this.events.length);
  listEvents: Engine["listEvents"] = async (_actor, after, limit, types) => {
    const tail = String(this.events.length);
    const from = Number(after ?? "0");
    if (Number.isNaN(from)) throw new Refusal("invalid_cursor", "The cursor is not one of ours.");
    const data = this.events
      .slice(from)
      .filter((event) => types === undefined || types.includes(event.type))
      .slice(0, limit);
    return { data, cursor: data.length === limit ? (data.at(-1)?.cursor ?? tail) : tail };
  };
  onEvents = (wake: () => void): (() => void) => {
    this.#wakers.add(wake);
    return () => this.#wakers.delete(wake);
  };
  listeners = (): number => this.#wakers.size;
  /** Adds an event to the ledger and wakes whoever follows it. */
  emit(type: string): void {
    const cursor = String(this.events.length + 1);
    const at = FAKE_START;
    const nobody = { callId: null, attemptId: null, reason: null, actor: null };
    this.events.push({ id: `evt_${cursor}`, cursor, type, at, ...nobody, data: { cursor } });
    for (const wake of this.#wakers) wake();
  }

  createLine: Engine["createLine"] = async (_actor, input) => this.#wrote("createLine", lineOf(input.name));
  updateLine: Engine["updateLine"] = async (_actor, id, patch) =>
    this.#wrote("updateLine", lineOf(patch.name ?? requireKnown(id)));
  removeLine: Engine["removeLine"] = async (_actor, id) =>
    this.#wrote(`removeLine ${requireKnown(id)}`, undefined);
  pauseLine: Engine["pauseLine"] = async (_actor, id) => this.#wrote("pauseLine", lineOf(requireKnown(id)));
  resumeLine: Engine["resumeLine"] = async (_actor, id) =>
    this.#wrote("resumeLine", lineOf(requireKnown(id)));
  getLine: Engine["getLine"] = async (_actor, id) => lineOf(requireKnown(id));
  listLines: Engine["listLines"] = async () => [lineOf("main")];
  checkLine: Engine["checkLine"] = async (_actor, id) => ({
    ok: true,
    detail: `${requireKnown(id)} is in order`,
  });

  createHours: Engine["createHours"] = async () => this.#wrote("createHours", hours);
  updateHours: Engine["updateHours"] = async (_actor, id) =>
    this.#wrote(`updateHours ${requireKnown(id)}`, hours);
  removeHours: Engine["removeHours"] = async (_actor, id) =>
    this.#wrote(`removeHours ${requireKnown(id)}`, undefined);
  listHours: Engine["listHours"] = async () => [hours];
  createRetryPolicy: Engine["createRetryPolicy"] = async () => this.#wrote("createRetryPolicy", policy);
  updateRetryPolicy: Engine["updateRetryPolicy"] = async (_actor, id) =>
    this.#wrote(`updateRetryPolicy ${requireKnown(id)}`, policy);
  removeRetryPolicy: Engine["removeRetryPolicy"] = async (_actor, id) =>
    this.#wrote(`removeRetryPolicy ${requireKnown(id)}`, undefined);
  listRetryPolicies: Engine["listRetryPolicies"] = async () => [policy];
  createSuppression: Engine["createSuppression"] = async () => this.#wrote("createSuppression", suppression);
  removeSuppression: Engine["removeSuppression"] = async (_actor, id) =>
    this.#wrote(`removeSuppression ${requireKnown(id)}`, undefined);
  listSuppressions: Engine["listSuppressions"] = async () => ({ data: [suppression], nextCursor: null });
  getSettings: Engine["getSettings"] = async () => settings;
  updateSettings: Engine["updateSettings"] = async (_actor, patch) =>
    this.#wrote("updateSettings", { ...settings, ...patch });

  createKey: Engine["createKey"] = async (actor, input) => {
    const secret = `car_${this.keys.size + 1}_secret`;
    const view = keyOf(`key_${this.keys.size + 1}`, input.name, input.scopes ?? ["*"]);
    this.keys.set(secret, { actor, scopes: view.scopes, keyId: view.id });
    return this.#wrote("createKey", { key: view, secret });
  };
  revokeKey: Engine["revokeKey"] = async (_actor, id) => {
    for (const [secret, principal] of this.keys) {
      if (principal.keyId !== id) continue;
      this.keys.delete(secret);
      return this.#wrote("revokeKey", { ...keyOf(id, "gone", ["*"]), revokedAt: FAKE_START });
    }
    throw new Refusal("not_found", "There is no key with this id.");
  };
  listKeys: Engine["listKeys"] = async () => [keyOf("key_1", "one", ["*"])];

  stopDialing: Engine["stopDialing"] = async () => this.#wrote("stopDialing", undefined);
  resumeDialing: Engine["resumeDialing"] = async () => this.#wrote("resumeDialing", undefined);
  dialing: Engine["dialing"] = async () => ({ stopped: false, reason: null, since: null });

  receive: Engine["receive"] = async (_key, reports) => {
    this.received.push(...reports);
    return "stored";
  };
  attemptForCallback: Engine["attemptForCallback"] = async () => this.callback;
  spokenAttempt: Engine["spokenAttempt"] = async () => this.spoken;
  settingsAt: Engine["settingsAt"] = () => this.lineSettings;
  advanceClock: Engine["advanceClock"] = async (_actor, ms) =>
    this.#wrote("advanceClock", { now: FAKE_START + ms, offsetMs: ms });
  stats: Engine["stats"] = async () => ({
    calls: {
      scheduled: 1,
      queued: 0,
      dialing: 0,
      paused: 0,
      needs_review: 0,
      completed: 0,
      failed: 0,
      expired: 0,
      canceled: 0,
      skipped: 0,
    },
    outcomes: { busy: 2 },
    attempts: 2,
    inFlight: 0,
    dueNow: 0,
    oldestDueAt: null,
    startDelay: { count: 2, p50: 1, p95: 2, p99: 2, max: 2 },
  });
  health: Engine["health"] = async () => ({
    store: { kind: "sqlite", ok: this.healthy, detail: this.healthy ? "in order" : "the disk is gone" },
    tzdb: { version: "2026f", source: "test" },
    clockOffsetMs: 0,
    oldestDueAt: FAKE_START - 5000,
    inFlight: 3,
    dialing: "running",
    downtime: null,
    problems: this.healthy ? [] : ["the store cannot be used"],
  });

  #create(actor: Actor, request: CallRequest): CallView {
    this.#next += 1;
    const view = viewOf(`call_${this.#next}`, request);
    this.calls.set(`${actor.workspaceId} ${view.id}`, view);
    return this.#wrote("schedule", view);
  }

  #find(actor: Actor, id: string): CallView {
    const found = this.calls.get(`${actor.workspaceId} ${id}`);
    if (found === undefined) throw new Refusal("not_found", "There is no call with this id.");
    return found;
  }

  #change(
    event: "cancel" | "pause" | "resume" | "reschedule" | "complete",
    actor: Actor,
    id: string,
    ifVersion?: number,
  ): CallView {
    const found = this.#find(actor, id);
    if (ifVersion !== undefined && ifVersion !== found.version)
      throw new Refusal("precondition_failed", `Its version is ${found.version} now.`);
    if (found.status === "dialing")
      throw new Refusal("already_dialing", "The call is being dialed.", { extra: { attempt_id: "att_7" } });
    const next = nextCallStatus(found.status === "queued" ? "scheduled" : found.status, event);
    if (next === undefined)
      throw new Refusal("wrong_state", `A call that is ${found.status} cannot do this.`);
    const changed = { ...found, status: next, version: found.version + 1 };
    this.calls.set(`${actor.workspaceId} ${id}`, changed);
    return this.#wrote(event, changed);
  }

  #wrote<T>(verb: string, answer: T): T {
    this.writes.push(verb);
    return answer;
  }
}

/** A call as the real engine would show it, due at once. */
export function viewOf(id: string, request: CallRequest): CallView {
  return {
    id,
    status: "scheduled",
    reason: "requested",
    waitingFor: "requested",
    to: request.to,
    name: request.name ?? null,
    timezone: request.timezone ?? null,
    timezoneSource: request.timezone === undefined ? null : "given",
    requestedAt: FAKE_START,
    dueAt: FAKE_START,
    closesAt: null,
    expiresAt: FAKE_START + 3_600_000,
    nextActionAt: FAKE_START,
    line: { id: "line_1", name: "main" },
    purpose: request.purpose ?? null,
    priority: request.priority ?? 5,
    hours: null,
    retryPolicy: null,
    metadata: request.metadata ?? {},
    externalId: request.external_id ?? null,
    dedupeKey: request.dedupe_key ?? null,
    attempts: 0,
    attemptId: null,
    outcome: null,
    disposition: null,
    dispatchedAt: null,
    endedAt: null,
    sandboxScript: request.sandbox?.script ?? null,
    owner: request.owner ?? null,
    agent: request.agent ?? null,
    window: null,
    source: null,
    series: null,
    createdAt: FAKE_START,
    updatedAt: FAKE_START,
    version: 1,
    warnings: [],
    moves: [],
  };
}

function owner(key: string): number {
  return Number(key.split(" ", 1)[0]);
}

/** Things other than calls are known by "1" or "main". */
function requireKnown(id: string): string {
  if (id === "1" || id === "main") return id;
  throw new Refusal("not_found", "There is no such thing.");
}

const kept = { isDefault: true, version: 1, createdAt: FAKE_START, updatedAt: FAKE_START };

function lineOf(name: string): LineView {
  return {
    id: "line_1",
    name,
    carrier: "sandbox",
    real: false,
    status: "active",
    statusReason: null,
    settings: {},
    callerId: null,
    slotsMax: 10,
    slotsUsed: 0,
    callsPerSecond: 0,
    burst: 1,
    dailyMax: 0,
    dayUsed: 0,
    ringTimeoutMs: 30_000,
    maxDurationMs: 3_600_000,
    timezone: "UTC",
    hours: null,
    retryPolicy: null,
    waitingFor: null,
    ...kept,
  };
}

const hours: HoursView = {
  id: "1",
  name: "main",
  timezone: null,
  weekly: { mon: ["09:00-20:00"] },
  closedDates: ["2026-12-25"],
  holidays: { country: "US", region: "NY" },
  description: "Monday 09:00-20:00",
  ...kept,
};
const policy: RetryPolicyView = { id: "1", name: "main", policy: defaultRetryPolicy, ...kept };
const suppression: SuppressionView = {
  id: "sup_1",
  to: "+12125550100",
  kind: "suppressed",
  reason: "asked",
  purpose: null,
  untilAt: null,
  createdAt: FAKE_START,
};
const settings = {
  default_hours: null,
  default_retry_policy: null,
  default_line: "main",
  default_expires_after: "1h",
  number_caps: [{ max: 3, windowMs: 86_400_000 }],
};

function keyOf(id: string, name: string, scopes: readonly string[]): KeyView {
  return {
    id,
    name,
    workspace: "default",
    hint: "car_1",
    scopes,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    createdAt: FAKE_START,
  };
}
