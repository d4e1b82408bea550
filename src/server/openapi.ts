import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifySchema, RouteOptions } from "fastify";

import { Refusal, type RefusalCode, refusals } from "../domain/refusal.ts";
import { scopes } from "../domain/scope.ts";
import type { Engine } from "../engine/engine.ts";
import type { Door } from "../ports/door.ts";

import { problemSchema } from "./problem-schema.ts";
import { problemOf } from "./problems.ts";

type Json = Readonly<Record<string, unknown>>;

const tags = [
  { name: "Calls", description: "One call is one intended conversation; its attempts are the dials." },
  { name: "Agents", description: "Who speaks in calls, by your own ids." },
  { name: "Lines", description: "A line is a carrier account with a caller id and its limits." },
  { name: "Hours", description: "When people may be called." },
  { name: "Retry policies", description: "Which outcome is tried again, how often and when." },
  { name: "Suppressions", description: "Numbers that must not be called." },
  { name: "Events", description: "The ledger, as a list and as a live stream." },
  { name: "Webhooks", description: "Where events are sent, signed, and what became of each message." },
  { name: "Notification handlers", description: "Whom to tell of which events: by webhook, e-mail or log." },
  { name: "Dialing", description: "The switch that stops all new calls." },
  { name: "Queues", description: "The calls as queues of jobs: counted, paused, resumed, cleaned." },
  { name: "Keys", description: "API keys." },
  { name: "Settings", description: "Defaults of the workspace." },
  { name: "Stats", description: "Counts and delays." },
  { name: "Sandbox", description: "The pretend telephone network and its clock." },
];

/** Codes that every route with a body, and every route with a key, may refuse with. */
const refusalsOfBodies: readonly RefusalCode[] = [
  "malformed_json",
  "body_too_large",
  "unsupported_media_type",
  "invalid_body",
  "unknown_field",
];
const refusalsOfKeys: readonly RefusalCode[] = ["unauthenticated", "forbidden", "rate_limited"];
const refusalsOfAll: readonly RefusalCode[] = ["internal", "store_unavailable"];

/** The page for people; everything it loads comes from here. */
const DOCS_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'";

/** Describes every route that is added afterwards: `/openapi.json` (OpenAPI 3.1), `/docs` and `/docs/errors`. */
export async function addOpenApi(
  app: FastifyInstance,
  options: {
    readonly version: string;
    readonly doors: readonly Door<Engine>[];
    readonly doorAt: (url: string) => Door<Engine> | undefined;
  },
): Promise<void> {
  const { version, doors, doorAt } = options;
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Carillon",
        version,
        description:
          "Places the phone calls and reminders you promised: at their minute, once, inside the hours the other person may be called.",
        license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
      },
      tags: [...tags, ...doors.flatMap(({ tag }) => tag ?? [])],
      components: {
        securitySchemes: {
          key: {
            type: "http",
            scheme: "bearer",
            description: `An API key (car_…). Needed once any key exists; before that the server is open to its own machine. Scopes: ${scopes.join(", ")}. A write scope includes its read scope.`,
          },
        },
      },
    },
    transform: ({ schema, url, route }) => ({ schema: describe(schema, route, doorAt(url)), url }),
    transformObject: (document) =>
      "openapiObject" in document ? nameSchemas(document.openapiObject) : document.swaggerObject,
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: DOCS_POLICY,
    uiConfig: { deepLinking: true, docExpansion: "list" },
  });

  let printed: string | null = null;
  app.get("/openapi.json", { schema: { hide: true }, config: { access: "public" } }, (_request, reply) => {
    printed ??= JSON.stringify(app.swagger());
    return reply.type("application/json; charset=utf-8").send(printed);
  });
  app.get("/docs/errors", { schema: { hide: true }, config: { access: "public" } }, (_request, reply) =>
    reply.header("content-security-policy", DOCS_POLICY).type("text/html; charset=utf-8").send(errorsPage()),
  );
}

/** Adds to a route's schema what follows from its door and access: tag, scope, and the errors it may answer with. */
function describe(
  schema: FastifySchema,
  route: RouteOptions,
  door: Door<Engine> | undefined,
): FastifySchema & { readonly tags?: readonly string[] } {
  const access = route.config?.access;
  const hasKey = access !== undefined && access !== "public" && access !== "own";
  const codes = [
    ...((route.config?.refusals ?? []) as readonly RefusalCode[]),
    ...(schema?.body === undefined ? [] : refusalsOfBodies),
    ...(schema?.querystring === undefined ? [] : (["invalid_parameter"] as const)),
    ...(hasKey ? refusalsOfKeys : []),
    ...refusalsOfAll,
  ];
  return {
    ...(door?.tag === undefined ? {} : { tags: [door.tag.name] }),
    ...schema,
    ...(hasKey ? { security: [{ key: [access] }] } : {}),
    response: {
      ...(schema?.response as object | undefined),
      ...(door?.sendRefusal === undefined ? problemResponses(codes) : refusalResponse(door)),
    },
  };
}

/** A door of its own words words every error in one shape. */
function refusalResponse({ refusalSchema = {} }: Door<Engine>): Json {
  const description = "Every refusal and every failure.";
  return { default: { description, content: { "application/json": { schema: refusalSchema } } } };
}

function problemResponses(codes: readonly RefusalCode[]): Json {
  const byStatus = Map.groupBy(new Set(codes), (code) => refusals[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, found]) => [
      status,
      {
        description: found.map((code) => `\`${code}\`: ${refusals[code].title}.`).join(" "),
        content: {
          "application/problem+json": {
            schema: problemSchema,
            example: exampleOf(found[0] ?? "internal"),
          },
        },
      },
    ]),
  );
}

function exampleOf(code: RefusalCode): object {
  return problemOf(new Refusal(code, `${refusals[code].title}.`), "req_3k9x0a1b2c3d1");
}

/**
 * Moves every schema that has a name (`x-name`) to the components, once, and refers to it. `x-item` names the schema of
 * items that the handler checks one by one.
 */
function nameSchemas<T extends { components?: object }>(document: T): T {
  const named: Record<string, unknown> = {};
  const walk = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(walk);
    const { "x-name": name, "x-item": item, "x-refusal": _code, ...rest } = value as Record<string, unknown>;
    if (rest.description === "Default Response") rest.description = "Done.";
    const walked = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, walk(inner)]));
    if (typeof item === "string") walked.items = referTo(item);
    if (typeof name !== "string") return walked;
    named[name] = walked;
    return referTo(name);
  };
  const walked = walk(document) as T;
  return { ...walked, components: { ...walked.components, schemas: named } };
}

function referTo(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function errorsPage(): string {
  const rows = Object.entries(refusals).map(
    ([code, { status, title, cure }]) =>
      `<tr id="${code}"><td><a href="#${code}"><code>${code}</code></a></td><td>${status}</td><td>${escapeHtml(title)}</td><td>${escapeHtml(cure)}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Carillon: errors</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}td,th{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #ddd;vertical-align:top}tr:target{background:#fff3c4}</style>
<h1>Errors</h1><p>Every error is a problem document (RFC 9457) with one of these codes. <a href="/docs">All paths</a></p>
<table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th><th>Cure</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table></html>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
