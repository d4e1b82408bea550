import { StoreError } from "../ports/store.ts";
import { Failure } from "./failure.ts";

/** Words a store that cannot be used, and ends the command with the exit that fits. */
export function storeFailure(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  const isPassing = error.fault === "busy" || error.fault === "unavailable";
  throw new Failure(
    isPassing ? "unavailable" : "failed",
    {
      title: "The store cannot be used",
      code: error.fault === "full" ? "store_full" : "store_unavailable",
      detail: error.message,
      hint: isPassing ? "Check DATABASE_PATH or DATABASE_URL; on SQLite, stop the server first." : undefined,
    },
    { cause: error },
  );
}
