import { randomUUID } from "node:crypto";

import { exitOfStatus } from "./exit-codes.ts";
import { Failure } from "./failure.ts";

/** Query parameters; what is undefined is left out, lists are joined with commas. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export type Page<T> = { readonly data: readonly T[]; readonly next_cursor: string | null };

/** The public API over HTTP. Every method throws `Failure` with the API's own problem, or exit 6 when nobody answers. */
export type Client = {
  readonly url: string;
  get<T>(path: string, query?: Query): Promise<T>;
  /** `key` is the Idempotency-Key; a fresh one when absent. */
  post<T>(path: string, body?: unknown, options?: PostOptions): Promise<T>;
  /** As `post`, with the headers of the answer. */
  exchange(path: string, body: unknown, key: string): Promise<{ body: unknown; headers: Headers }>;
  patch<T>(path: string, body: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  /** Sends a file as it is. */
  upload<T>(path: string, file: Uint8Array<ArrayBuffer>, type: string, query?: Query): Promise<T>;
  remove(path: string): Promise<void>;
  /** Every item of a list, page by page, at most `max`. */
  list<T>(path: string, query: Query, max: number): AsyncGenerator<T>;
  /** The server-sent events of a stream, as parsed data, until `signal` aborts. */
  stream<T>(path: string, query: Query, signal: AbortSignal): AsyncGenerator<T>;
};

export type PostOptions = {
  readonly query?: Query;
  readonly key?: string;
  /** How long to wait for the answer; 60 s when absent. */
  readonly withinMs?: number;
};

const ANSWER_WITHIN_MS = 60_000;
const UPLOAD_WITHIN_MS = 600_000;
const PAGE_SIZE = 200;

export function openClient({ url, apiKey }: { url: string; apiKey: string | null }): Client {
  const headers: Record<string, string> = { accept: "application/json", "user-agent": "carillon-cli" };
  if (apiKey !== null) headers["authorization"] = `Bearer ${apiKey}`;

  const send = async (method: string, path: string, init: Sending): Promise<Response> => {
    const withinMs = init.withinMs ?? ANSWER_WITHIN_MS;
    const target = new URL(`${url}${path}${queryText(init.query)}`);
    let answer: Response;
    try {
      answer = await fetch(target, {
        method,
        headers: { ...headers, ...init.headers },
        body: init.body ?? null,
        redirect: "error",
        signal: init.signal ?? AbortSignal.timeout(withinMs),
      });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw unreachable(url, error, withinMs);
    }
    if (!answer.ok) throw await refusalOf(answer, url);
    return answer;
  };
  const exchange = async (method: string, path: string, init: Sending) => {
    const answer = await send(method, path, init);
    try {
      const body: unknown = await answer.json();
      return { body, headers: answer.headers };
    } catch (error) {
      throw notCarillon(url, error);
    }
  };
  const json = async <T>(method: string, path: string, init: Sending): Promise<T> =>
    (await exchange(method, path, init)).body as T;
  const withBody = (body: unknown, more: Record<string, string> = {}): Sending =>
    body === undefined
      ? { headers: more }
      : { body: JSON.stringify(body), headers: { "content-type": "application/json", ...more } };

  return {
    url,
    get: (path, query) => json("GET", path, { query }),
    post: (path, body, options = {}) =>
      json("POST", path, {
        ...withBody(body, { "idempotency-key": options.key ?? randomUUID() }),
        query: options.query,
        withinMs: options.withinMs,
      }),
    exchange: (path, body, key) => exchange("POST", path, withBody(body, { "idempotency-key": key })),
    patch: (path, body) => json("PATCH", path, withBody(body)),
    put: (path, body) => json("PUT", path, withBody(body)),
    upload: (path, file, type, query) =>
      json("POST", path, {
        body: file,
        headers: { "content-type": type },
        query,
        withinMs: UPLOAD_WITHIN_MS,
      }),
    remove: async (path) => {
      await (await send("DELETE", path, {})).body?.cancel();
    },
    async *list<T>(path: string, query: Query, max: number) {
      let cursor: string | undefined;
      let left = max;
      while (left > 0) {
        const limit = Math.min(left, PAGE_SIZE);
        const page: Page<T> = await json("GET", path, { query: { ...query, limit, cursor } });
        yield* page.data.slice(0, left);
        left -= page.data.length;
        if (page.next_cursor === null || page.next_cursor === undefined || page.data.length === 0) return;
        cursor = page.next_cursor;
      }
    },
    async *stream<T>(path: string, query: Query, signal: AbortSignal) {
      const answer = await send("GET", path, { query, signal, headers: { accept: "text/event-stream" } });
      if (answer.body === null) return;
      let rest = "";
      for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + chunk).replaceAll("\r\n", "\n").split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const data = eventData(block);
          if (data !== "") yield JSON.parse(data) as T;
        }
      }
    },
  };
}

type Sending = {
  readonly query?: Query | undefined;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly withinMs?: number | undefined;
};

function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

/** The data lines of one server-sent event; empty for comments and heartbeats. */
function eventData(block: string): string {
  return block
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).replace(/^ /, ""))
    .join("\n");
}

async function refusalOf(answer: Response, url: string): Promise<Failure> {
  const exit = exitOfStatus(answer.status);
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return notCarillon(url, error, answer.status);
  }
  if (typeof body !== "object" || body === null || !("code" in body || "detail" in body)) {
    return notCarillon(url, undefined, answer.status);
  }
  const problem = inOurWords(body);
  const word = (name: string, fallback: string): string =>
    typeof problem[name] === "string" ? problem[name] : fallback;
  return new Failure(exit, {
    ...problem,
    title: word("title", "The server refused"),
    code: word("code", "refused"),
    detail: word("detail", word("title", `The server answered ${answer.status}.`)),
    hint: typeof problem["hint"] === "string" ? problem["hint"] : undefined,
    status: answer.status,
  });
}

/** The doors of other systems say what is wrong in their own words: a sentence, or a list of what is wrong with the form. */
function inOurWords(body: object): Record<string, unknown> {
  const problem = body as Record<string, unknown>;
  if (!Array.isArray(problem["detail"])) return problem;
  const faults = problem["detail"] as readonly {
    loc?: readonly (string | number)[];
    msg?: string;
  }[];
  const sentences = faults.map(({ loc, msg }) => `${loc?.at(-1) ?? ""}: ${msg ?? ""}`);
  return { ...problem, detail: `${sentences.join("; ")}.` };
}

function unreachable(url: string, error: unknown, withinMs: number): Failure {
  const isSlow = error instanceof Error && error.name === "TimeoutError";
  return new Failure(
    "unavailable",
    {
      title: "The server cannot be reached",
      code: isSlow ? "server_silent" : "server_unreachable",
      detail: isSlow
        ? `Carillon at ${url} did not answer within ${withinMs / 1000} s.`
        : `No Carillon answers at ${url}${causeWords(error)}.`,
      hint: isSlow
        ? "Look at its log; ask again. What was sent may have been done."
        : "Start it with `npm start`, or say where it is with --url or CARILLON_URL.",
    },
    { cause: error },
  );
}

function notCarillon(url: string, error: unknown, status?: number): Failure {
  return new Failure(
    "failed",
    {
      title: "The answer is not Carillon's",
      code: "answer_unreadable",
      detail: `What answers at ${url} is not Carillon${status === undefined ? "" : ` (HTTP ${status} without a problem document)`}.`,
      hint: "Check --url or CARILLON_URL, and whether a proxy stands between.",
    },
    { cause: error },
  );
}

function causeWords(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? ` (${code})` : "";
}
