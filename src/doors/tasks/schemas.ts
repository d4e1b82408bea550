import { LIMIT_DEFAULT, LIMIT_MAX } from "./read-list.ts";
import { taskStatuses } from "./status.ts";

const text = (description: string, example?: string) => ({
  type: "string",
  description,
  ...(example === undefined ? {} : { example }),
});
const orNull = { type: ["string", "null"] };
const utc = { type: "string", example: "2026-02-01T22:00:00Z" };
const object = { type: "object", additionalProperties: true };

export const taskCreate = {
  type: "object",
  "x-name": "TaskCreate",
  required: ["runAtUtc", "agentType", "conversationId", "mode", "payload"],
  properties: {
    runAtUtc: text("ISO 8601; without an offset it is UTC.", "2026-02-01T22:00:00Z"),
    backendBaseUrl: text(
      "Default: DEFAULT_BACKEND_BASE_URL. Another origin must be one of BACKEND_ALLOWED_ORIGINS.",
      "https://api.callerooapp.com",
    ),
    agentType: text("Passed on to the backend.", "STOCK_CHECKER"),
    conversationId: text("Passed on to the backend.", "conv-123"),
    mode: {
      type: "string",
      enum: ["DIRECT", "BRIEF_START"],
      description:
        "DIRECT: the payload holds scriptPreview, placeId and phoneE164. BRIEF_START: it holds place, and the backend writes the script.",
    },
    payload: object,
    timezone: text("The recipient's IANA zone, for calling hours; runAtUtc does not depend on it."),
    notifyTarget: text("Kept with the task."),
    backendAuthToken: text("Sent to the backend in place of BACKEND_INTERNAL_TOKEN; never shown."),
  },
} as const;

export const taskCreated = {
  type: "object",
  "x-name": "TaskCreated",
  required: ["taskId", "status"],
  properties: { taskId: { type: "string" }, status: { type: "string", enum: taskStatuses } },
} as const;

export const taskCanceled = {
  type: "object",
  "x-name": "TaskCanceled",
  required: ["taskId", "status", "message"],
  properties: {
    taskId: { type: "string" },
    status: { type: "string", enum: taskStatuses },
    message: { type: "string" },
  },
} as const;

export const task = {
  type: "object",
  "x-name": "Task",
  properties: {
    taskId: { type: "string" },
    status: { type: "string", enum: taskStatuses },
    runAtUtc: utc,
    agentType: orNull,
    conversationId: orNull,
    mode: { type: "string", enum: ["DIRECT", "BRIEF_START"] },
    placeId: orNull,
    phoneE164: { type: "string" },
    callId: { ...orNull, description: "The backend's id of the call, once it took it." },
    lastError: orNull,
    createdAt: utc,
    updatedAt: utc,
    events: {
      type: "array",
      items: {
        type: "object",
        properties: {
          id: { type: "integer" },
          tsUtc: utc,
          level: { type: "string", enum: ["INFO", "WARN", "ERROR"] },
          message: { type: "string" },
        },
      },
    },
  },
} as const;

export const tasks = { type: "array", items: task } as const;

export const listQuery = {
  type: "object",
  properties: {
    status: { type: "string", enum: taskStatuses },
    limit: { type: "integer", minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT },
  },
} as const;

export const taskParams = {
  type: "object",
  required: ["taskId"],
  properties: { taskId: { type: "string" } },
} as const;
