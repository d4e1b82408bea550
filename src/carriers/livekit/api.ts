import { asObject, readObject } from "../../domain/json-object.ts";
import { withoutNumbers } from "../../domain/without-numbers.ts";
import type { OutsideAnswer, OutsideFetch } from "../../ports/carrier.ts";
import { member, textIn } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { DEFAULT_TIMEOUT_MS } from "./settings.ts";
import type { LiveKitSettings, Project } from "./settings.ts";
import { mint } from "./token.ts";
import type { Grants } from "./token.ts";

/** One request to a LiveKit server. */
export type Ask = {
  readonly project: Project;
  readonly settings: LiveKitSettings;
  /** Service and method, such as `RoomService/ListRooms`. */
  readonly method: string;
  readonly body: Fields;
  readonly grants: Grants;
  /** When its token ends (UTC ms). */
  readonly expiresAt: number;
  /** Default: the line's. */
  readonly timeoutMs?: number;
  readonly deadlineAt?: number;
};

/** Sends one request (Twirp, https://twitchtv.github.io/twirp/docs/spec_v7.html), once, on a connection of its own. */
export function ask(fetch: OutsideFetch, one: Ask): Promise<OutsideAnswer> {
  const { project, settings } = one;
  return fetch({
    method: "POST",
    url: `${project.baseUrl}/twirp/livekit.${one.method}`,
    headers: {
      accept: "application/json",
      authorization: `Bearer ${mint(project, one.grants, one.expiresAt)}`,
      "content-type": "application/json",
      "user-agent": "Carillon",
    },
    body: JSON.stringify(one.body),
    ...(one.deadlineAt !== undefined && { deadlineAt: one.deadlineAt }),
    timeoutMs: one.timeoutMs ?? settings.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    allowPrivate: settings.allow_private === true,
  });
}

/** The message that a request was answered with; null when it failed, or cannot be read. */
export function messageIn(answer: OutsideAnswer): Fields | null {
  const isSuccess = answer.kind === "answer" && answer.status >= 200 && answer.status < 300;
  return isSuccess ? readObject(answer.body) : null;
}

/** A failure in the server's own words. */
export type Failure = {
  readonly status: number;
  /** Twirp's, such as `not_found`; empty when the answer is not the server's. */
  readonly code: string;
  readonly message: string;
  /** What ended the call in the telephone network, where that was it; 0 where it was not. */
  readonly sipStatus: number;
  readonly sipReason: string;
};

export function failureIn(answer: Extract<OutsideAnswer, { kind: "answer" }>): Failure {
  const error = readObject(answer.body);
  const meta = asObject(member(error, "meta"));
  const sipStatus = textIn(meta, "sip_status_code");
  return {
    status: answer.status,
    code: textIn(error, "code"),
    message: textIn(error, "msg"),
    sipStatus: /^\d{3}$/.test(sipStatus) ? Number(sipStatus) : 0,
    sipReason: textIn(meta, "sip_status"),
  };
}

/** What went wrong, short, and without what could be a phone number. */
export function troubleIn(answer: OutsideAnswer): string {
  if (answer.kind !== "answer") return withoutNumbers(answer.detail);
  const { status, code, message, sipStatus, sipReason } = failureIn(answer);
  if (sipStatus !== 0) return withoutNumbers(`SIP ${sipStatus}${sipReason === "" ? "" : `: ${sipReason}`}`);
  const words = message === "" ? "" : `: ${message}`;
  return withoutNumbers(`HTTP ${status}${code === "" ? "" : `, LiveKit ${code}`}${words}`);
}
