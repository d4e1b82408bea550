import { StoreError } from "../ports/store.ts";
import { Failure } from "./failure.ts";

/** Words a store that cannot be used, and ends the command with the exit that fits. Other errors go on as they are. */
export function storeFailure(error: unknown): never {
  if (error instanceof StoreError) {
    const isPassing = error.fault === "busy" || error.fault === "unavailable";
    throw failure(
      isPassing,
      error.fault === "full" ? "store_full" : "store_unavailable",
      error.message,
      error,
    );
  }
  if (isNetworkError(error)) {
    throw failure(true, "store_unavailable", `The database cannot be reached: ${wordsOf(error)}.`, error);
  }
  throw error;
}

const NETWORK = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "ECONNRESET",
  "EHOSTUNREACH",
]);

function isNetworkError(error: unknown): error is Error {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && NETWORK.has(error.code)
  );
}

/** An error of several addresses has no message of its own. */
function wordsOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((one: unknown) => String(one)).join("; ");
  return error.message;
}

function failure(isPassing: boolean, code: string, detail: string, cause: unknown): Failure {
  const hint = isPassing
    ? "Check DATABASE_PATH or DATABASE_URL; a file of SQLite belongs to one process at a time."
    : undefined;
  const exit = isPassing ? "unavailable" : "failed";
  return new Failure(exit, { title: "The store cannot be used", code, detail, hint }, { cause });
}
