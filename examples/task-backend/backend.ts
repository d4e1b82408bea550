// The backend of the task service in one file: it writes scripts (POST /call/brief) and pretends to start calls
// (POST /call/start). Run it with: node examples/task-backend/backend.ts
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";

const port = Number(process.env["PORT"] ?? 9099);
/** With it, requests must carry the same token. */
const token = process.env["BACKEND_INTERNAL_TOKEN"];

const server = createServer((request, answer) => {
  void answerTo(request).then(({ status, body }) =>
    answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
  );
});

server.listen(port, "127.0.0.1", () => {
  const address = server.address();
  console.log(
    `Backend at http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`,
  );
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));

type Json = Record<string, unknown>;

async function answerTo(request: IncomingMessage): Promise<{ status: number; body: Json }> {
  const { method, url } = request;
  if (token !== undefined && request.headers["x-calleroo-internal-token"] !== token)
    return { status: 401, body: { detail: "X-Calleroo-Internal-Token is missing or wrong" } };
  const order = await readJson(request);
  if (order === null) return { status: 400, body: { detail: "The body is no JSON object" } };
  if (method === "POST" && url === "/call/brief") return writeScript(order);
  if (method === "POST" && url === "/call/start") return startCall(order);
  return { status: 404, body: { detail: "Not Found" } };
}

/** Writing a script rings nobody, so it may be asked for as often as one likes. */
function writeScript(order: Json): { status: number; body: Json } {
  const { businessName, phoneE164 } = order["place"] as Json;
  console.log(`writing a script about ${String(businessName)}`);
  return {
    status: 200,
    body: {
      objective: `Ask ${String(businessName)}`,
      scriptPreview: `Hello, is this ${String(businessName)}?`,
      confirmationChecklist: [],
      normalizedPhoneE164: phoneE164,
      requiredFieldsMissing: [],
      aiCallMade: false,
      aiModel: null,
    },
  };
}

/** Whoever is answered 200 was rung: this must not be asked twice. */
function startCall(order: Json): { status: number; body: Json } {
  if (typeof order["phoneE164"] !== "string")
    return { status: 422, body: { detail: "phoneE164 is missing" } };
  const callId = `CA${randomUUID().replaceAll("-", "")}`;
  console.log(`${callId}: calling ${order["phoneE164"]}: ${String(order["scriptPreview"])}`);
  return { status: 200, body: { callId, status: "queued", message: "Call started" } };
}

async function readJson(request: IncomingMessage): Promise<Json | null> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Json) : null;
  } catch {
    return null;
  }
}
