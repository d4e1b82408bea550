import { taskBackendWith } from "../../../src/carriers/task-backend/kind.ts";
import type { TaskDoorSettings } from "../../../src/ports/door-settings.ts";
import type { TaskJson } from "../../../src/doors/tasks/render.ts";
import { defaultDoorSettings } from "../../../src/settings-doors.ts";
import { openFetch } from "../../../src/system/fetch.ts";
import { type OpenHouse, openHouse } from "../../support/open-house.ts";
import { type TaskBackend, startTaskBackend } from "../../support/task-backend.ts";

/** As it was read from JSON; what may be null is read as a text by the tests that expect one. */
export type ShownTask = Omit<TaskJson, "callId" | "lastError"> & {
  readonly callId: string;
  readonly lastError: string;
};

export type TaskHouse = OpenHouse & {
  readonly backend: TaskBackend;
  /** A second backend, which nobody has named. */
  readonly other: TaskBackend;
  /** Lets time pass up to an instant, and the requests that leave then be answered. */
  passTo(instant: string): Promise<void>;
  /** Waits until no request is under way that a backend will still answer. */
  quiet(): Promise<void>;
  /** Waits until the backend has received so many requests to a path; it need not have answered. */
  untilAsked(path: string, count: number): Promise<void>;
  /** Makes a task, and gives its id. */
  make(task: object, headers?: Record<string, string>): Promise<string>;
  /** The task as the door shows it. */
  show(taskId: string, headers?: Record<string, string>): Promise<ShownTask>;
  close(): Promise<void>;
};

type Options = {
  /** Default: five minutes before the time of the document's task. */
  readonly startAt?: string;
  /** True when the stub carrier shall count as one that rings people. */
  readonly realStub?: boolean;
  /** What the operator has set. Default: the backend that the house brings along. */
  readonly settings?: (backend: TaskBackend, other: TaskBackend) => Partial<TaskDoorSettings>;
};

/** The whole program on a clock that the test moves, before a backend behind real HTTP. */
export async function openTaskHouse(options: Options = {}): Promise<TaskHouse> {
  const [backend, other] = [await startTaskBackend(), await startTaskBackend()];
  const named = options.settings?.(backend, other) ?? { backendUrl: backend.url };
  const tasks: TaskDoorSettings = { ...defaultDoorSettings.tasks, ...named };
  const underWay = new Set<Promise<unknown>>();
  let isHeld = false;
  const house: OpenHouse = await openHouse({
    realStub: options.realStub ?? false,
    startAt: Date.parse(options.startAt ?? "2026-02-01T21:55:00Z"),
    doorSettings: { ...defaultDoorSettings, tasks },
    carrierKinds: {
      "task-backend": () =>
        Promise.resolve(taskBackendWith({ ...tasks, isOpen: async () => !(await house.engine.hasKeys()) })),
    },
    fetch: (clock) => {
      const fetch = openFetch({ clock, arm: (ms, wake) => clock.at(clock.now() + ms, wake) });
      return (request) => {
        const answer = fetch(request);
        underWay.add(answer);
        return answer.finally(() => underWay.delete(answer));
      };
    },
  });
  const quiet = async (): Promise<void> => {
    for (await house.drain(); underWay.size > 0 && !isHeld; await house.drain()) await Promise.race(underWay);
  };
  return {
    ...house,
    backend,
    other,
    quiet,
    untilAsked: async (path, count) => {
      for (let tries = 0; backend.askedFor(path).length < count && tries < 10_000; tries += 1)
        await house.drain();
      if (backend.askedFor(path).length < count) throw new Error(`${path} was not asked ${count} times`);
    },
    passTo: async (instant) => {
      await house.advance(Date.parse(instant) - house.clock.now());
      await quiet();
    },
    make: async (task, headers) => {
      const answer = await house.ask("POST", "/tasks", task, headers);
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${answer.body}`);
      return answer.json<{ taskId: string }>().taskId;
    },
    show: async (taskId, headers) => (await house.ask("GET", `/tasks/${taskId}`, undefined, headers)).json(),
    close: async () => {
      isHeld = true;
      await house.server.close(0);
      await house.engine.stop(0);
      await backend.close();
      await other.close();
    },
  };
}

/** The document's task, with what a test changes. */
export function direct(change: object = {}, payload: object = {}): Record<string, unknown> {
  return {
    runAtUtc: "2026-02-01T22:00:00Z",
    agentType: "STOCK_CHECKER",
    conversationId: "conv-123",
    mode: "DIRECT",
    payload: {
      placeId: "ChIJ...",
      phoneE164: "+61731824583",
      scriptPreview: "Hello, I'm calling to check if you have...",
      slots: { product: "BBQ Chicken" },
      ...payload,
    },
    ...change,
  };
}

export function briefStart(change: object = {}, payload: object = {}): Record<string, unknown> {
  return {
    ...direct(),
    mode: "BRIEF_START",
    payload: {
      place: { placeId: "ChIJ...", businessName: "Red Rooster", phoneE164: "+61731824583" },
      slots: { product: "BBQ Chicken" },
      disclosure: { nameShare: false, phoneShare: false },
      fallbacks: { askETA: true },
      ...payload,
    },
    ...change,
  };
}
