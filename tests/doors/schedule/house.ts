import assert from "node:assert/strict";

import { type OpenHouse, openHouse } from "../../support/open-house.ts";

/** 2024-01-14T10:00:00Z: the day before the dates that the schedule module's document uses. */
export const DAY_BEFORE = Date.UTC(2024, 0, 14, 10);
/** The document's own instant. */
export const DOCUMENT_TIME = "2024-01-15T10:00:00Z";

export type Options = NonNullable<Parameters<typeof openHouse>[0]>;
/** A body as it came; each test says what it must be. */
export type Json = ReturnType<typeof JSON.parse>;

export type ScheduleHouse = OpenHouse & {
  /** The body of an answer whose status must be this; 200 unless told. */
  get(url: string, status?: number, headers?: Record<string, string>): Promise<Json>;
  post(url: string, body?: unknown, status?: number, headers?: Record<string, string>): Promise<Json>;
  put(url: string, body: unknown, status?: number, headers?: Record<string, string>): Promise<Json>;
  remove(url: string, status?: number, headers?: Record<string, string>): Promise<Json>;
  /** Creates a schedule and returns its id; the fields are over a good request. */
  schedule(fields?: Json, headers?: Record<string, string>): Promise<string>;
};

/** The whole program in memory, on the day before the document's examples. */
export async function openScheduleHouse(options: Options = {}): Promise<ScheduleHouse> {
  const house = await openHouse({ startAt: DAY_BEFORE, ...options });
  const ask =
    (method: "GET" | "POST" | "PUT" | "DELETE") =>
    async (url: string, body: unknown, status = 200, headers: Record<string, string> = {}): Promise<Json> => {
      const answer = await house.ask(method, url, body, headers);
      assert.equal(answer.statusCode, status, `${method} ${url}: ${answer.body}`);
      return answer.json();
    };
  const post = ask("POST");
  return {
    ...house,
    get: (url, status, headers) => ask("GET")(url, undefined, status, headers),
    post,
    put: ask("PUT"),
    remove: (url, status, headers) => ask("DELETE")(url, undefined, status, headers),
    schedule: async (fields = {}, headers = {}) =>
      (await post("/schedule/", { ...good, ...fields }, 200, headers))["schedule_id"],
  };
}

export const good: Json = { phone: "+12125550100", scheduled_time: DOCUMENT_TIME };

/** Whether each printed field is there, with the type that is printed. */
export function assertPrinted(found: unknown, printed: unknown, path = ""): void {
  if (printed === null || typeof printed !== "object") {
    assert.equal(typeof found, typeof printed, `${path} is ${JSON.stringify(found)}`);
    return;
  }
  assert.ok(typeof found === "object" && found !== null, `${path} is ${JSON.stringify(found)}`);
  for (const [name, value] of Object.entries(printed))
    assertPrinted((found as Json)[name], value, `${path}/${name}`);
}

/** 2024-01-15T09:59:00Z, where the day before would only cost time. */
export const MINUTE_BEFORE = Date.parse(DOCUMENT_TIME) - 60_000;

/** Lets a call be dialed and end. */
export const A_CALL_MS = 120_000;
