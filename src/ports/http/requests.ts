import type { FastifyReply, FastifyRequest } from "fastify";
import type { Static, TSchema } from "typebox";

import { parsePhone } from "../../domain/phone.ts";
import { Refusal } from "../../domain/refusal.ts";
import { parseWhen } from "../../domain/zone.ts";
import type { Caller } from "../door.ts";

const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;

/** A request that the route's schemas have checked. */
export type Checked<Body = unknown, Query = unknown> = FastifyRequest<{
  Params: { id: string };
  Body: Body;
  Querystring: Query;
}>;
export type CheckedBy<Body extends TSchema, Query extends TSchema> = Checked<Static<Body>, Static<Query>>;

/** On whose behalf the request runs; asserts that the gate has let it through. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error("a route was reached without passing the gate");
  return request.caller;
}

export function actorOf(request: FastifyRequest): Caller["actor"] {
  return callerOf(request).actor;
}

/** More than the maximum is lowered, not refused. */
export function limitOf(query: { readonly limit?: number }): number {
  return Math.min(query.limit ?? PAGE_DEFAULT, PAGE_MAX);
}

export function pageRequestOf(query: { readonly limit?: number; readonly cursor?: string }) {
  return { limit: limitOf(query), ...(query.cursor === undefined ? {} : { cursor: query.cursor }) };
}

/** A part of a list, and where the next one begins. */
type Page<T> = { readonly data: readonly T[]; readonly nextCursor: string | null };

/** A page as JSON, with a Link to the next one (RFC 8288). */
export function sendPage<T, Json>(
  page: Page<T>,
  render: (item: T) => Json,
  request: FastifyRequest,
  reply: FastifyReply,
): { data: Json[]; has_more: boolean; next_cursor: string | null } {
  const { nextCursor } = page;
  if (nextCursor !== null)
    reply.header("link", `<${withParameter(request.url, "cursor", nextCursor)}>; rel="next"`);
  return { data: page.data.map(render), has_more: nextCursor !== null, next_cursor: nextCursor };
}

/** A list that is short by nature, in the form of a page. */
export function wholePage<Json>(data: Json[]): { data: Json[]; has_more: boolean; next_cursor: null } {
  return { data, has_more: false, next_cursor: null };
}

export function withParameter(url: string, name: string, value: string): string {
  const [path = "/", query = ""] = url.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set(name, value);
  return `${path}?${parameters.toString()}`;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** The version that `If-Match` asks for; undefined for none or `*`. What is no ETag of ours never matches. */
export function ifVersionOf(request: FastifyRequest): number | undefined {
  const header = request.headers["if-match"];
  if (header === undefined || header.trim() === "*") return undefined;
  const version = /^(?:W\/)?"(\d{1,15})"$/.exec(header.trim())?.[1];
  return version === undefined ? -1 : Number(version);
}

/** For verbs that take no version themselves: compares just before they run. */
export function requireVersion(request: FastifyRequest, found: number): void {
  const wanted = ifVersionOf(request);
  if (wanted !== undefined && wanted !== found)
    throw new Refusal("precondition_failed", `Its version is ${found} now.`, { extra: { version: found } });
}

/** "a,b" as a list of allowed words. */
export function wordsOf<Word extends string>(
  name: string,
  text: string | undefined,
  allowed: readonly Word[] | null,
): readonly Word[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(",").map((word) => word.trim());
  const wrong = words.find((word) => word === "" || (allowed !== null && !isOneOf(word, allowed)));
  if (wrong !== undefined)
    throw refuseParameter(
      name,
      allowed === null ? `${name} has an empty part` : `${name} takes ${allowed.join(", ")}, not "${wrong}"`,
    );
  return words as Word[];
}

/** A filter's instant. An unescaped + of an offset arrives as a blank and is meant as +. */
export function instantOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const when = parseWhen(text.replace(/ (\d\d:?\d\d)$/, "+$1"));
  if (when.kind === "instant") return when.at;
  throw refuseParameter(
    name,
    when.kind === "invalid" ? `${name}: ${when.why}` : `${name} needs an offset, such as Z or -05:00`,
  );
}

/** A filter's number; its unescaped + arrives as a blank too. */
export function phoneOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const parsed = parsePhone(text.replace(/^ /, "+"));
  if (parsed.ok) return parsed.e164;
  throw refuseParameter(name, `${name}: ${parsed.detail}`);
}

export function refuseParameter(name: string, detail: string): Refusal {
  return new Refusal("invalid_parameter", `${detail}.`, {
    faults: [{ pointer: `/query/${name}`, code: "invalid_parameter", detail }],
  });
}

function isOneOf<Word extends string>(word: string, allowed: readonly Word[]): word is Word {
  return (allowed as readonly string[]).includes(word);
}
