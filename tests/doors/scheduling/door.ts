import assert from "node:assert/strict";

import type { DoorSettings, SchedulingDoorSettings } from "../../../src/ports/door-settings.ts";
import { defaultDoorSettings } from "../../../src/settings-doors.ts";
import type { EngineOptions } from "../../support/engine.ts";
import { type OpenHouse, openHouse } from "../../support/open-house.ts";

/** A Saturday, the day before the dates of the service's examples. */
export const START = Date.parse("2025-11-01T08:00:00Z");

/** A call as the door lists it, as far as tests look at it. */
export type Item = {
  readonly _id: string;
  readonly scheduledFor: string;
  readonly timezone: string;
  readonly status: string;
  readonly isPending: boolean;
  readonly isRecurring: boolean;
  readonly canCancel: boolean;
  readonly userId: string | null;
  readonly agentId: { readonly _id: string; readonly name: string } | null;
  readonly respectBusinessHours: boolean;
  readonly businessHours: object | null;
  readonly recurring: { readonly currentOccurrence: number; readonly frequency: string } | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly callLogId: string | null;
  readonly processedAt: string | null;
  readonly failedAt: string | null;
  readonly failureReason: string | null;
  readonly nextRun: string | null;
};

export type Retry = {
  readonly _id: string;
  readonly originalCallLogId: string;
  readonly retryCallLogId: string | null;
  readonly attemptNumber: number;
  readonly scheduledFor: string;
  readonly status: string;
  readonly failureReason: string;
  readonly outcome: string | null;
};

/** `data` of any answer of the door: each has some of these. */
export type Data = {
  readonly scheduledCallId: string;
  readonly scheduledFor: string;
  readonly status: string;
  readonly message: string;
  readonly scheduledCalls: readonly Item[];
  readonly total: number;
  readonly scheduler: Readonly<Record<string, number>>;
  readonly queue: Readonly<Record<string, number>>;
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly retryAttemptId: string;
  readonly failureType: string;
  readonly attemptNumber: number;
  readonly retries: readonly Retry[];
  readonly totalRetries: number;
  readonly scheduled: number;
  readonly failed: number;
  readonly details: readonly { readonly success: boolean; readonly error?: string }[];
};

export type Fault = {
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly field: string; readonly message: string }[];
};

export type Door = OpenHouse & {
  /** Asks the door and asserts the status; gives `data`. */
  readonly post: (path: string, body?: unknown, status?: number) => Promise<Data>;
  readonly get: (path: string, status?: number) => Promise<Data>;
  /** Asks the door for what it refuses; gives `error`. */
  readonly refused: (method: "GET" | "POST", path: string, body: unknown, status: number) => Promise<Fault>;
  /** The user's calls as the door lists them. */
  readonly list: (query?: string) => Promise<readonly Item[]>;
  readonly item: (id: string) => Promise<Item>;
};

/** The service's door before a real engine, its clock a day before the examples. */
export async function openDoor(
  options: EngineOptions & { readonly settings?: Partial<SchedulingDoorSettings> } = {},
): Promise<Door> {
  const { settings, ...rest } = options;
  const doorSettings: DoorSettings = {
    ...defaultDoorSettings,
    scheduling: { ...defaultDoorSettings.scheduling, ...settings },
  };
  const house = await openHouse({ startAt: START, ...rest, doorSettings });
  const ask = async (method: "GET" | "POST", path: string, body: unknown, status: number) => {
    const answer = await house.ask(method, `/api/v1${path}`, body);
    assert.equal(answer.statusCode, status, answer.body);
    return answer.json<{ success: boolean; data: Data; error: Fault }>();
  };
  const taken = async (method: "GET" | "POST", path: string, body: unknown, status: number) => {
    const { success, data } = await ask(method, path, body, status);
    assert.equal(success, true);
    return data;
  };
  const list = async (query = ""): Promise<readonly Item[]> =>
    (await taken("GET", `/scheduling/scheduled-calls?userId=user123${query}`, undefined, 200)).scheduledCalls;
  return {
    ...house,
    post: (path, body, status = path.endsWith("/schedule") ? 201 : 200) => taken("POST", path, body, status),
    get: (path, status = 200) => taken("GET", path, undefined, status),
    refused: async (method, path, body, status) => {
      const { success, error } = await ask(method, path, body, status);
      assert.equal(success, false);
      assert.deepEqual(Object.keys(error), ["code", "message", "details"]);
      return error;
    },
    list,
    item: async (id) => {
      const found = (await list()).find((one) => one._id === id);
      assert.ok(found, `${id} is not listed`);
      return found;
    },
  };
}

/** The body of the service's first example. */
export const simple = {
  phoneNumber: "+919876543210",
  agentId: "agent123",
  userId: "user123",
  scheduledFor: "2025-11-02T10:00:00Z",
};
