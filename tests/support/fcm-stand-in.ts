import { type KeyObject, generateKeyPairSync } from "node:crypto";

import { jwtVerify } from "jose";

import type { FirebaseAccount } from "../../src/ports/messenger.ts";
import {
  type Loopback,
  type Reply,
  type Request,
  type Taking,
  isTaken,
  json,
  listenOnLoopback,
  replyTo,
} from "./loopback.ts";

export type Taken = Readonly<Record<string, unknown>> & {
  readonly token: string;
  readonly notification: { readonly title?: string; readonly body: string };
  readonly data: Readonly<Record<string, string>>;
};

const PROJECT = "carillon-test";
const EMAIL = "calls@carillon-test.iam.gserviceaccount.com";
const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });

/**
 * A server on loopback that speaks as much of Google's published interfaces as push messages need: tokens for signed
 * assertions, and FCM HTTP v1. `faults` says what no client should have sent.
 */
export class FcmStandIn {
  readonly taken: Taken[] = [];
  readonly faults: string[] = [];
  /** Messages that arrived with a token that is honoured, whatever became of them. */
  posts = 0;
  tokensGiven = 0;
  tokensAsked = 0;
  next: Taking | ((message: Taken) => Taking) = "takes";
  /** What the next questions for a token are answered, instead of being granted. */
  nextToken: Reply | null = null;
  /** Held back until somebody opens it. */
  tokenGate: Promise<void> = Promise.resolve();
  /** Each holds back one answer that a token is not honoured, the first one first. */
  readonly refusalGates: Promise<void>[] = [];
  onArrival: () => void = () => {};
  readonly #now: () => number;
  readonly #honoured = new Set<string>();
  #server: Loopback | null = null;

  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
  }

  async listen(): Promise<this> {
    this.#server = await listenOnLoopback((request) => this.#respond(request));
    return this;
  }

  get account(): FirebaseAccount {
    const url = this.#server?.url ?? "http://127.0.0.1:9";
    return {
      projectId: PROJECT,
      clientEmail: EMAIL,
      privateKey: pemOf(keys.privateKey),
      tokenUrl: `${url}/token`,
      apiUrl: url,
    };
  }

  /** No token that was given so far is honoured any more. */
  revoke(): void {
    this.#honoured.clear();
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #respond(request: Request): Promise<Reply> {
    if (request.method !== "POST") this.faults.push(request.method);
    if (request.url === "/token") return this.#grant(request);
    if (request.url === `/v1/projects/${PROJECT}/messages:send`) return this.#take(request);
    return { status: 404, headers: { "content-type": "text/html" }, body: "<html>404</html>" };
  }

  async #grant({ body, headers }: Request): Promise<Reply> {
    this.tokensAsked += 1;
    await this.tokenGate;
    if (this.nextToken !== null) return this.nextToken;
    if (headers["content-type"] !== "application/x-www-form-urlencoded") this.faults.push("not a form");
    const form = new URLSearchParams(body);
    if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer")
      return json(400, { error: "unsupported_grant_type", error_description: "Invalid grant_type" });
    const wrong = await this.#wrongAssertion(form.get("assertion") ?? "");
    if (wrong !== null) return json(400, { error: "invalid_grant", error_description: wrong });
    this.tokensGiven += 1;
    const token = `ya29.${this.tokensGiven}`;
    this.#honoured.add(token);
    return json(200, { access_token: token, expires_in: 3599, token_type: "Bearer" });
  }

  async #wrongAssertion(assertion: string): Promise<string | null> {
    try {
      const { payload } = await jwtVerify(assertion, keys.publicKey, {
        algorithms: ["RS256"],
        issuer: EMAIL,
        audience: this.account.tokenUrl,
        currentDate: new Date(this.#now()),
      });
      const { iat = 0, exp = 0, scope } = payload;
      if (exp - iat > 3600 || iat * 1000 > this.#now()) return "Invalid JWT: not short-lived";
      return scope === SCOPE ? null : "Invalid scope";
    } catch (error) {
      return `Invalid JWT: ${String(error)}`;
    }
  }

  async #take({ body, headers }: Request): Promise<Reply> {
    const [, token = ""] = /^Bearer (\S+)$/.exec(headers.authorization ?? "") ?? [];
    if (!this.#honoured.has(token)) {
      await this.refusalGates.shift();
      return googleFault(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    }
    this.posts += 1;
    this.onArrival();
    const { message, ...others } = JSON.parse(body) as { readonly message: Taken };
    const next = typeof this.next === "function" ? this.next(message) : this.next;
    if (isTaken(next)) {
      this.faults.push(...faultsOf("message", message, MESSAGE), ...Object.keys(others));
      if (Buffer.byteLength(JSON.stringify([message.data, message.notification])) > 4096)
        return fcmFault(400, "INVALID_ARGUMENT", "Android message is too big");
      const reserved = Object.keys(message.data).find((name) =>
        /^(?:from|message_type|gcm|google)/.test(name),
      );
      if (reserved !== undefined)
        return fcmFault(400, "INVALID_ARGUMENT", `Invalid data payload key: ${reserved}`);
      this.taken.push(message);
    }
    return replyTo(next, json(200, { name: `projects/${PROJECT}/messages/0:${this.taken.length}` }));
  }
}

/** An error of Google's in general (https://google.aip.dev/193). */
export function googleFault(
  status: number,
  code: string,
  message: string,
  details: readonly object[] = [],
  headers: Readonly<Record<string, string>> = {},
): Exclude<Reply, string> {
  return json(status, { error: { code: status, message, status: code, details } }, headers);
}

/** An error in FCM's own code. */
export function fcmFault(
  status: number,
  errorCode: string,
  message = `Refused: ${errorCode}`,
  headers: Readonly<Record<string, string>> = {},
): Exclude<Reply, string> {
  const details = [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode }];
  return googleFault(status, GENERAL[errorCode] ?? errorCode, message, details, headers);
}

/** What Google's general status is, where FCM's own code has another name. */
const GENERAL: Readonly<Record<string, string>> = {
  UNREGISTERED: "NOT_FOUND",
  SENDER_ID_MISMATCH: "PERMISSION_DENIED",
  QUOTA_EXCEEDED: "RESOURCE_EXHAUSTED",
  THIRD_PARTY_AUTH_ERROR: "UNAUTHENTICATED",
  UNSPECIFIED_ERROR: "UNKNOWN",
};

type Shape = "text" | "texts" | "any" | RegExp | { readonly [name: string]: Shape };

/** The fields of a message that Carillon uses, as the reference has them (projects.messages). */
const MESSAGE: Shape = {
  token: "text",
  notification: { title: "text", body: "text" },
  data: "texts",
  android: { priority: /^(?:NORMAL|HIGH)$/, ttl: /^\d+(?:\.\d{1,9})?s$/, notification: { tag: "text" } },
  apns: { headers: "texts", payload: { aps: "any" } },
  webpush: { headers: "texts", notification: "any" },
};

function faultsOf(path: string, value: unknown, shape: Shape): string[] {
  if (shape === "any") return [];
  if (shape === "text") return typeof value === "string" ? [] : [`${path} is no text`];
  if (shape instanceof RegExp)
    return typeof value === "string" && shape.test(value) ? [] : [`${path} is wrong`];
  if (typeof value !== "object" || value === null) return [`${path} is no object`];
  return Object.entries(value).flatMap(([name, member]) => {
    const inner = shape === "texts" ? "text" : shape[name];
    return inner === undefined ? [`${path}.${name} is unknown`] : faultsOf(`${path}.${name}`, member, inner);
  });
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}
