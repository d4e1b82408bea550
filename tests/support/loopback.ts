import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request to a stand-in; the URL is a path with its query. */
export type Request = {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
};
export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
};
/** An answer, or what happens to the connection instead. */
export type Reply = Answer | "close" | "reset" | "hang";

/** What becomes of the next message, and of those after it. */
export type Taking =
  | "takes"
  /** Taken, and the connection is closed, reset or left open without an answer. */
  | "loses_answer"
  | "resets"
  | "hangs"
  /** Answered so; with `afterTaking` it was taken all the same. */
  | { readonly answer: Reply; readonly afterTaking?: boolean };

export type Loopback = { readonly url: string; close(): Promise<void> };

/** An HTTP server on loopback that answers as it is told. */
export async function listenOnLoopback(
  respond: (request: Request) => Reply | Promise<Reply>,
): Promise<Loopback> {
  const server = createServer((request, response) => void answer(request, response, respond));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  respond: (request: Request) => Reply | Promise<Reply>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = "", url = "/", headers } = request;
  const reply = await respond({ method, url, headers, body: Buffer.concat(chunks).toString() });
  if (reply === "close") return void response.destroy();
  if (reply === "reset") return void response.socket?.resetAndDestroy();
  if (reply === "hang") return;
  response.writeHead(reply.status, { ...reply.headers }).end(reply.body);
}

export function isTaken(next: Taking): boolean {
  return typeof next === "string" || next.afterTaking === true;
}

/** What is answered to a message; `yes` where it is simply taken. */
export function replyTo(next: Taking, yes: Answer): Reply {
  if (next === "takes") return yes;
  if (next === "loses_answer") return "close";
  if (next === "resets") return "reset";
  return next === "hangs" ? "hang" : next.answer;
}

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
