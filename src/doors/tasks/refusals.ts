import { Refusal } from "../../domain/refusal.ts";
import { detailSchema } from "../../ports/http/detail.ts";

/** A task that cannot be, in one sentence: 400. */
export function refuseTask(sentence: string): Refusal {
  return new Refusal("invalid_body", sentence);
}

export function taskNotFound(taskId: string): Refusal {
  return new Refusal("not_found", `Task not found: ${taskId.slice(0, 64)}`);
}

export const refusalSchema = detailSchema("runAtUtc");
