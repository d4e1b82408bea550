import { Refusal } from "../../domain/refusal.ts";
import { detailSchema } from "../../ports/http/detail.ts";

/** What cannot be done, in one sentence: 400. */
export function refuse(sentence: string): Refusal {
  return new Refusal("invalid_body", sentence);
}

export function customerNotFound(): Refusal {
  return new Refusal("not_found", "Customer not found");
}

export function policyNotFound(): Refusal {
  return new Refusal("not_found", "Policy not found");
}

export function holdingNotFound(): Refusal {
  return new Refusal("not_found", "Customer policy not found");
}

export function callNotFound(): Refusal {
  return new Refusal("not_found", "Call not found");
}

export const refusalSchema = detailSchema("daily_call_time");
