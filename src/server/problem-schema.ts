/** The schema of a problem document, for the API's description. */
export const problemSchema = {
  "x-name": "Problem",
  type: "object",
  description:
    "An error (RFC 9457). Some codes add members, such as attempt_id of already_dialing or existing_id of dedupe_conflict.",
  required: ["type", "title", "status", "code", "detail", "errors", "hint", "request_id", "retryable"],
  properties: {
    type: { type: "string", description: "Where the code is explained." },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", description: "For programs: stable, one meaning." },
    detail: { type: "string", description: "What was wrong with this request." },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["pointer", "code", "detail"],
        properties: {
          pointer: { type: "string", description: "The field, as a JSON pointer (RFC 6901)." },
          code: { type: "string" },
          detail: { type: "string" },
        },
      },
    },
    hint: { type: "string", description: "The cure." },
    request_id: { type: "string" },
    retryable: { type: "boolean", description: "Whether the same request may succeed later." },
  },
} as const;
