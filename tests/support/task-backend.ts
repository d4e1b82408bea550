import { type IncomingMessage, type ServerResponse, createServer } from "node:http";

/** A request that a backend received. */
export type Asked = {
  readonly path: string;
  readonly token: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
};

/** What the backend does with a request: answers, breaks the connection, or waits until it is told. */
export type Behaviour =
  | { readonly status: number; readonly body?: unknown }
  | "reset"
  | ((answer: (status: number, body: unknown) => void) => void);

/** A backend of tasks on this machine that a test steers. */
export type TaskBackend = {
  readonly url: string;
  readonly asked: readonly Asked[];
  askedFor(path: string): readonly Asked[];
  /** What it does with the next requests to a path, the last one again and again. */
  will(path: string, ...behaviours: readonly Behaviour[]): void;
  close(): Promise<void>;
};

const brief = {
  objective: "Ask whether BBQ chickens are available.",
  scriptPreview: "Hello, I'm calling to ask about BBQ chickens.",
  confirmationChecklist: [],
  normalizedPhoneE164: "+61731824583",
  requiredFieldsMissing: [],
  aiCallMade: true,
  aiModel: "a model",
};

/** Starts one that takes every call as CA1234567890, and writes the same script for all. */
export async function startTaskBackend(): Promise<TaskBackend> {
  const asked: Asked[] = [];
  const plans = new Map<string, Behaviour[]>([
    ["/call/brief", [{ status: 200, body: brief }]],
    [
      "/call/start",
      [{ status: 200, body: { callId: "CA1234567890", status: "queued", message: "Call started" } }],
    ],
  ]);
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const path = request.url ?? "";
      asked.push({ path, token: tokenOf(request), body: JSON.parse(text === "" ? "{}" : text) });
      const known = [...plans.keys()].find((one) => path.endsWith(one));
      const plan = plans.get(known ?? "") ?? [{ status: 404 }];
      behave(plan.length > 1 ? plan.shift() : plan[0], response);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    askedFor: (path) => asked.filter((one) => one.path.endsWith(path)),
    will: (path, ...behaviours) => void plans.set(path, [...behaviours]),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function behave(behaviour: Behaviour | undefined, response: ServerResponse): void {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  if (behaviour === "reset") response.destroy();
  else if (typeof behaviour === "function") behaviour(answer);
  else answer(behaviour?.status ?? 500, behaviour?.body ?? {});
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  const token = headers["x-calleroo-internal-token"];
  return Array.isArray(token) ? token.join() : token;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
