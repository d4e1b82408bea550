import type { Outcome } from "../../domain/outcome.ts";
import { retryAfterMs } from "../../domain/retry-after.ts";
import { fillTemplate, valueAt } from "../../domain/template.ts";
import type { Template } from "../../domain/template.ts";
import { withoutNumbers } from "../../domain/without-numbers.ts";
import type { Carrier, CarrierCheck, CarrierPorts, LookupAnswer, LookupOrder } from "../../ports/carrier.ts";
import type { Order, OutsideAnswer, PlaceAnswer, Report } from "../../ports/carrier.ts";
import { readDisposition, readOutcome, readReport } from "./report.ts";
import { bodyTemplateOf, DEFAULT_REFUSED_STATUSES, DEFAULT_TIMEOUT_MS } from "./settings.ts";
import type { HttpSettings } from "./settings.ts";

/** How long a backend that answers 429 without Retry-After is left alone. */
const LIMITED_MS = 10_000;
const RETRY_AFTER_MAX_MS = 3_600_000;

type Answer = Extract<OutsideAnswer, { kind: "answer" }>;

/** A voice backend behind HTTP as a carrier. It holds nothing open. */
export class HttpCarrier implements Carrier {
  readonly #ports: CarrierPorts;
  /** Parsed body templates by the settings they stand in. */
  readonly #templates = new WeakMap<object, Template>();

  constructor(ports: CarrierPorts) {
    this.#ports = ports;
  }

  async place(order: Order): Promise<PlaceAnswer> {
    const settings = order.settings as HttpSettings;
    const answer = await this.#ports.fetch({
      method: "POST",
      url: settings.url,
      headers: {
        accept: "application/json",
        "user-agent": "Carillon",
        ...settings.headers,
        "content-type": "application/json",
        "carillon-attempt-key": order.attemptKey,
        "carillon-call-id": order.callId,
      },
      body: JSON.stringify(fillTemplate(this.#templateOf(settings), valuesOf(order))),
      timeoutMs: settings.timeout_ms ?? DEFAULT_TIMEOUT_MS,
      deadlineAt: order.deadlineAt,
      allowPrivate: settings.allow_private === true,
    });
    if (answer.kind === "not_sent")
      return { kind: "refused", outcome: "not_placed", detail: withoutNumbers(answer.detail) };
    if (answer.kind === "unknown") return { kind: "unknown", detail: withoutNumbers(answer.detail) };
    if (isSuccess(answer)) return this.#readTaken(order, settings, answer);
    if ((settings.refused_statuses ?? DEFAULT_REFUSED_STATUSES).includes(answer.status)) {
      return readRefusal(answer, this.#ports.clock.now());
    }
    return { kind: "unknown", detail: `HTTP ${answer.status}` };
  }

  async lookup(order: LookupOrder): Promise<LookupAnswer> {
    const settings = order.settings as HttpSettings;
    const url = settings.lookup_url === undefined ? null : fillUrl(settings.lookup_url, order);
    if (url === null)
      return {
        kind: "unavailable",
        detail: "The line has no lookup_url, or it needs an id that is not known.",
      };
    const answer = await this.#ask("GET", url, settings, order.attemptKey);
    if (answer.kind !== "answer") return { kind: "unavailable", detail: withoutNumbers(answer.detail) };
    const body = parseJson(answer.body);
    // A bare 404 may only mean a wrong URL, or not yet; being sure takes a word.
    if (textAt(body, ["status"]) === "absent") return { kind: "absent" };
    if (!isSuccess(answer)) return { kind: "unavailable", detail: `HTTP ${answer.status}` };
    const reading = readReport(body, this.#ports.clock.now());
    if (!reading.ok) return { kind: "unavailable", detail: reading.detail };
    return {
      kind: "found",
      carrierRef: callIdOf(body, settings) ?? order.carrierRef ?? order.attemptKey,
      reports: withAccepted(reading.report),
    };
  }

  async hangUp(order: LookupOrder): Promise<boolean> {
    const settings = order.settings as HttpSettings;
    const url = settings.hang_up_url === undefined ? null : fillUrl(settings.hang_up_url, order);
    if (url === null) return false;
    const answer = await this.#ask("POST", url, settings, order.attemptKey);
    return answer.kind === "answer" && isSuccess(answer);
  }

  /** Asks the root of the backend's origin, which places no call; any answer shows that it can be reached. */
  async check(settings: unknown): Promise<CarrierCheck> {
    const { url } = settings as HttpSettings;
    const { origin } = new URL(url);
    const answer = await this.#ask("GET", `${origin}/`, settings as HttpSettings, null);
    if (answer.kind === "answer") return { ok: true, detail: `${origin} answers (HTTP ${answer.status}).` };
    return {
      ok: false,
      detail: `${origin} does not answer: ${answer.detail}`,
      cure: "Start the backend, or correct the line's url and allow_private.",
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #ask(
    method: "GET" | "POST",
    url: string,
    settings: HttpSettings,
    attemptKey: string | null,
  ): Promise<OutsideAnswer> {
    return this.#ports.fetch({
      method,
      url,
      headers: {
        accept: "application/json",
        "user-agent": "Carillon",
        ...settings.headers,
        ...(method === "POST" && { "content-type": "application/json" }),
        ...(attemptKey !== null && { "carillon-attempt-key": attemptKey }),
      },
      ...(method === "POST" && { body: JSON.stringify({ attempt_key: attemptKey }) }),
      timeoutMs: settings.timeout_ms ?? DEFAULT_TIMEOUT_MS,
      allowPrivate: settings.allow_private === true,
    });
  }

  #readTaken(order: Order, settings: HttpSettings, answer: Answer): PlaceAnswer {
    const body = parseJson(answer.body);
    const callId = callIdOf(body, settings);
    if (settings.completion === "at_once") {
      const ended = endedAtOnce(body, settings, this.#ports.clock.now());
      if (ended === null)
        return { kind: "unknown", detail: `HTTP ${answer.status} with an outcome that cannot be read` };
      return { kind: "accepted", carrierRef: callId ?? order.attemptKey, reports: [ended] };
    }
    if (callId === null) {
      const path = settings.call_id_path ?? "callId or id";
      return { kind: "unknown", detail: `HTTP ${answer.status} without a call id at ${path}` };
    }
    return { kind: "accepted", carrierRef: callId, reports: [] };
  }

  #templateOf(settings: HttpSettings): Template {
    const known = this.#templates.get(settings);
    if (known !== undefined) return known;
    const template = bodyTemplateOf(settings);
    this.#templates.set(settings, template);
    return template;
  }
}

function valuesOf(order: Order): Readonly<Record<string, unknown>> {
  return {
    to: order.to,
    from: order.from,
    call_id: order.callId,
    attempt_id: order.attemptId,
    attempt_key: order.attemptKey,
    attempt_number: order.attemptNumber,
    callback_url: order.callbackUrl,
    purpose: order.purpose,
    metadata: order.metadata,
    ring_timeout_seconds: Math.round(order.ringTimeoutMs / 1000),
    max_duration_seconds: Math.round(order.maxDurationMs / 1000),
  };
}

/** Null when the template needs what is not known. */
function fillUrl(template: string, order: LookupOrder): string | null {
  const values: Readonly<Record<string, string | null>> = {
    attempt_key: order.attemptKey,
    carrier_ref: order.carrierRef,
    to: order.to,
  };
  let isComplete = true;
  const url = template.replaceAll(/\{\{\s*([^{}\s]*)\s*\}\}/g, (_, name: string) => {
    const value = values[name] ?? null;
    isComplete &&= value !== null;
    return encodeURIComponent(value ?? "");
  });
  return isComplete ? url : null;
}

function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** A refusal may name its outcome, among those that mean that nothing rang. */
function readRefusal(answer: Answer, now: number): PlaceAnswer {
  const named = readOutcome(textAt(parseJson(answer.body), ["outcome"]));
  const outcome = named !== null && UNRUNG.includes(named) ? named : "carrier_error";
  const asked = retryAfterMs(answer.headers["retry-after"], now);
  const waitMs =
    asked !== null ? Math.min(asked, RETRY_AFTER_MAX_MS) : answer.status === 429 ? LIMITED_MS : null;
  return {
    kind: "refused",
    outcome,
    detail: `HTTP ${answer.status}`,
    ...(waitMs !== null && { retryAfterMs: waitMs }),
  };
}

const UNRUNG: readonly Outcome[] = [
  "invalid_number",
  "unreachable",
  "blocked",
  "carrier_error",
  "not_placed",
];

/** Null when an outcome is there and means nothing to us. */
function endedAtOnce(body: unknown, settings: HttpSettings, now: number): Report | null {
  const given =
    settings.outcome_path === undefined ? undefined : valueAt(body, settings.outcome_path.split("."));
  // An answer in which the outcome should stand, but which is not even JSON, tells nothing.
  if (settings.outcome_path !== undefined && body === undefined) return null;
  const outcome = given === undefined || given === null ? "answered_unknown" : readOutcome(given);
  if (outcome === null) return null;
  const said =
    settings.disposition_path === undefined ? undefined : valueAt(body, settings.disposition_path.split("."));
  const disposition = readDisposition(said) ?? undefined;
  return { key: "ended", kind: "ended", at: now, outcome, ...(disposition !== undefined && { disposition }) };
}

/** The backend's id of the call, at the line's path, else at `callId`, else at `id`; null when there is none. */
function callIdOf(body: unknown, settings: HttpSettings): string | null {
  const paths = settings.call_id_path === undefined ? ["callId", "id"] : [settings.call_id_path];
  for (const path of paths) {
    const id = valueAt(body, path.split("."));
    if (typeof id === "number" && Number.isSafeInteger(id)) return String(id);
    if (typeof id === "string" && id !== "" && id.length <= 200) return id;
  }
  return null;
}

/** That the backend knows the attempt is a report of its own, whatever else it says. */
function withAccepted(report: Report): Report[] {
  if (report.kind === "accepted" || report.outcome === "not_placed") return [report];
  return [{ key: "accepted:lookup", kind: "accepted", at: report.at }, report];
}

function textAt(body: unknown, path: readonly string[]): string | undefined {
  const value = valueAt(body, path);
  return typeof value === "string" ? value : undefined;
}

/** Undefined when it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
