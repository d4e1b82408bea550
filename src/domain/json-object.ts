/** A JSON object whose members nobody has looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** The object that a text is; null when it is none, such as the page of a proxy or a body that was cut off. */
export function readObject(text: string): JsonObject | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // No JSON is as good as no object, and the caller is told so.
    return null;
  }
}

/** The object in the body of an HTTP exchange that was answered; null when there was no answer, or none in it. */
export function objectIn(answer: { readonly kind: string; readonly body?: string }): JsonObject | null {
  return answer.kind === "answer" && answer.body !== undefined ? readObject(answer.body) : null;
}
