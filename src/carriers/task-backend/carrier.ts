import { type BackendRules, trustIn, usualBackendUrl } from "../../domain/task-backend.ts";
import { withoutNumbers } from "../../domain/without-numbers.ts";
import type {
  Carrier,
  CarrierCheck,
  CarrierPorts,
  LookupAnswer,
  Order,
  OutsideAnswer,
  PlaceAnswer,
  PrepareAnswer,
} from "../../ports/carrier.ts";

import type { TaskInstructions } from "./instructions.ts";
import { BRIEF_TIMEOUT_MS, START_TIMEOUT_MS, type TaskBackendSettings } from "./settings.ts";

/** What the operator says about backends. */
export type TaskEnvironment = BackendRules & {
  /** Sent to the operator's own backends alone. Secret. */
  readonly backendToken: string | null;
  /** Open on loopback: then backends on this machine may be asked, too. */
  readonly isOpen: () => Promise<boolean>;
};

/** `/call/brief` is asked this often in all, since it rings nobody; a second later, then two. */
export const BRIEF_TRIES_MAX = 3;
const BRIEF_WAIT_MS = 1000;
/** What a gateway answers says nothing about what the backend behind it did. */
const UNKNOWN_STATUSES: readonly number[] = [408, 502, 504];

/** Where a task's requests go, and with which token. */
type Target = { readonly url: string; readonly token: string | null; readonly allowPrivate: boolean };
type Answer = Extract<OutsideAnswer, { kind: "answer" }>;
/** What is said, and what the backend would have liked to know for it. */
type Script = { readonly text: string; readonly missing: readonly string[] };

/** Speaks to the backends of tasks. It holds nothing open. */
export class TaskBackendCarrier implements Carrier {
  readonly #ports: CarrierPorts;
  readonly #environment: TaskEnvironment;

  constructor(ports: CarrierPorts, environment: TaskEnvironment) {
    this.#ports = ports;
    this.#environment = environment;
  }

  /** The script: as it was sent, or written by the backend, which may be asked for it again. */
  async prepare(order: Order): Promise<PrepareAnswer> {
    const task = taskOf(order);
    if (task === null) return refused("The call carries no task for a backend.");
    if (task.mode === "DIRECT") return { kind: "ready", words: { text: task.script ?? "", missing: [] } };
    const target = await this.#targetOf(task);
    return target === null ? notAllowed : this.#brief(order, task, target);
  }

  /** 1. May this backend still be asked? 2. One `/call/start`. */
  async place(order: Order, prepared?: unknown): Promise<PlaceAnswer> {
    const task = taskOf(order);
    if (task === null) return refused("The call carries no task for a backend.");
    const target = await this.#targetOf(task);
    if (target === null) return notAllowed;
    const script = prepared as Script | undefined;
    return script === undefined
      ? { ...refused("The script was not written in time."), retryAfterMs: 0 }
      : this.#start(order, task, target, script);
  }

  /** The backend cannot be asked about a call. */
  lookup(): Promise<LookupAnswer> {
    return Promise.resolve({
      kind: "unavailable",
      detail: "A task backend cannot be asked what became of a call.",
    });
  }

  hangUp(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** Asks the root of the operator's backend, which places no call; any answer shows that it can be reached. */
  async check(): Promise<CarrierCheck> {
    const url = this.#environment.backendUrl ?? usualBackendUrl;
    const { origin } = new URL(url);
    const answer = await this.#ports.fetch({
      method: "GET",
      url: `${origin}/`,
      headers: { accept: "application/json", "user-agent": "Carillon" },
      timeoutMs: START_TIMEOUT_MS,
      allowPrivate: this.#environment.backendUrl !== null,
    });
    if (answer.kind === "answer") return { ok: true, detail: `${origin} answers (HTTP ${answer.status}).` };
    return {
      ok: false,
      detail: `${origin} does not answer: ${answer.detail}`,
      cure: "Start the backend, or correct DEFAULT_BACKEND_BASE_URL.",
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Null when nobody vouches for the backend any more. Only the operator's own backends get the operator's token. */
  async #targetOf(task: TaskInstructions): Promise<Target | null> {
    const { backendUrl, backendToken, isOpen } = this.#environment;
    const trust = trustIn(task.backend_url, this.#environment);
    if (trust === "foreign" || (trust === "loopback" && !(await isOpen()))) return null;
    return {
      url: task.backend_url,
      token: task.token ?? (trust === "own" ? backendToken : null),
      // The usual backend is on the public Internet; what the operator names may be anywhere.
      allowPrivate: trust === "loopback" || !isUsual(task.backend_url, backendUrl),
    };
  }

  /** Has the script written. It rings nobody, so a failure is certain, and one that may pass is asked for again. */
  async #brief(order: Order, task: TaskInstructions, target: Target): Promise<PrepareAnswer> {
    const { brief_timeout_ms: timeoutMs = BRIEF_TIMEOUT_MS } = order.settings as TaskBackendSettings;
    const body = {
      conversationId: task.conversation_id,
      agentType: task.agent_type,
      place: task.place ?? {},
      slots: task.slots ?? {},
      disclosure: task.disclosure ?? { nameShare: false, phoneShare: false },
      fallbacks: task.fallbacks ?? {},
    };
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#post("/call/brief", body, order, target, timeoutMs);
      if (isSuccess(answer)) return readScript(answer);
      if (tries === BRIEF_TRIES_MAX || !mayPass(answer)) {
        return refused(`${wordsOf("/call/brief", answer)}${tries > 1 ? ` (asked ${tries} times)` : ""}`);
      }
      await this.#pause(tries * BRIEF_WAIT_MS);
    }
  }

  async #start(order: Order, task: TaskInstructions, target: Target, script: Script): Promise<PlaceAnswer> {
    const { start_timeout_ms: timeoutMs = START_TIMEOUT_MS } = order.settings as TaskBackendSettings;
    const body = {
      conversationId: task.conversation_id,
      agentType: task.agent_type,
      placeId: task.place_id,
      phoneE164: order.to,
      scriptPreview: script.text,
      slots: task.slots ?? {},
    };
    const answer = await this.#post("/call/start", body, order, target, timeoutMs);
    const words = wordsOf("/call/start", answer);
    if (answer.kind === "not_sent") return refused(words);
    if (answer.kind === "unknown") return { kind: "unknown", detail: words };
    if (!isTaken(answer.status)) {
      return UNKNOWN_STATUSES.includes(answer.status)
        ? { kind: "unknown", detail: words }
        : { kind: "refused", outcome: "carrier_error", detail: words };
    }
    const callId = callIdIn(answer);
    if (callId === null) return { kind: "unknown", detail: `${words} without a callId` };
    // The backend tells nothing of what happens next, so for us the call ends with its word that it took it.
    const detail =
      script.missing.length === 0 ? {} : { detail: `the brief lacked ${script.missing.join(", ")}` };
    const at = this.#ports.clock.now();
    return {
      kind: "accepted",
      carrierRef: callId,
      reports: [{ key: "ended", kind: "ended", at, outcome: "answered_unknown", ...detail }],
    };
  }

  #post(
    path: string,
    body: object,
    order: Order,
    { url, token, allowPrivate }: Target,
    timeoutMs: number,
  ): Promise<OutsideAnswer> {
    return this.#ports.fetch({
      method: "POST",
      url: `${url}${path}`,
      headers: {
        accept: "application/json",
        "user-agent": "Carillon",
        "content-type": "application/json",
        "carillon-attempt-key": order.attemptKey,
        "carillon-call-id": order.callId,
        ...(token !== null && { "x-calleroo-internal-token": token }),
      },
      body: JSON.stringify(body),
      timeoutMs,
      deadlineAt: order.deadlineAt,
      allowPrivate,
    });
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#ports;
    return new Promise((resolve) => void clock.at(clock.now() + ms, resolve));
  }
}

function isUsual(url: string, backendUrl: string | null): boolean {
  return backendUrl === null && URL.parse(url)?.origin === usualBackendUrl;
}

/** Checked by the kind when the call was made. */
function taskOf({ instructions }: Order): TaskInstructions | null {
  return instructions as TaskInstructions | null;
}

function refused(detail: string) {
  return { kind: "refused", outcome: "not_placed", detail } as const;
}

const notAllowed = refused("The backend's origin is not allowed (BACKEND_ALLOWED_ORIGINS).");

function isSuccess(answer: OutsideAnswer): answer is Answer {
  return answer.kind === "answer" && isTaken(answer.status);
}

function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Not what the backend has judged: that will be the same again. */
function mayPass(answer: OutsideAnswer): boolean {
  return answer.kind !== "answer" || answer.status >= 500 || answer.status === 408 || answer.status === 429;
}

function readScript(answer: Answer): PrepareAnswer {
  const { scriptPreview: text, requiredFieldsMissing: missing } = fieldsOf(answer);
  if (typeof text !== "string" || text === "") return refused("/call/brief answered without a scriptPreview");
  const names = Array.isArray(missing) ? missing.filter((name) => typeof name === "string") : [];
  return { kind: "ready", words: { text, missing: names.slice(0, 20) } satisfies Script };
}

function callIdIn(answer: Answer): string | null {
  const { callId } = fieldsOf(answer);
  if (typeof callId === "number" && Number.isSafeInteger(callId)) return String(callId);
  return typeof callId === "string" && callId !== "" && callId.length <= 200 ? callId : null;
}

/** What happened, with the backend's own words where it has some. */
function wordsOf(path: string, answer: OutsideAnswer): string {
  if (answer.kind !== "answer") return withoutNumbers(`${path}: ${answer.detail}`);
  const { detail, message } = fieldsOf(answer);
  const said = typeof detail === "string" ? detail : message;
  const words = typeof said === "string" && said !== "" ? `: ${said}` : "";
  return withoutNumbers(`${path} answered HTTP ${answer.status}${words}`);
}

/** The members of a JSON answer; none when it is no object. */
function fieldsOf({ body }: Answer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
