import { type FormFault, refuseForm } from "../../ports/http/detail.ts";
import { type TaskStatus, taskStatuses } from "./status.ts";

export const LIMIT_DEFAULT = 50;
/** More is lowered to it. */
export const LIMIT_MAX = 200;

export type ListQuery = { readonly status: TaskStatus | null; readonly limit: number };

/** Reads the query of `GET /tasks`. Throws with everything that is wrong. */
export function readListQuery(query: Readonly<Record<string, unknown>>): ListQuery {
  const faults: FormFault[] = [];
  const status = readStatus(query["status"], faults);
  const limit = readLimit(query["limit"], faults);
  if (faults.length > 0) throw refuseForm(faults);
  return { status, limit };
}

function readStatus(value: unknown, faults: FormFault[]): TaskStatus | null {
  if (value === undefined || value === "") return null;
  const found = taskStatuses.find((status) => status === value);
  if (found !== undefined) return found;
  const msg = `Input should be ${taskStatuses.map((one) => `'${one}'`).join(", ")}`;
  faults.push({ type: "enum", loc: ["query", "status"], msg });
  return null;
}

function readLimit(value: unknown, faults: FormFault[]): number {
  const loc = ["query", "limit"];
  if (value === undefined) return LIMIT_DEFAULT;
  if (typeof value !== "string" || !/^[+-]?\d{1,9}$/.test(value)) {
    faults.push({ type: "int_parsing", loc, msg: "Input should be a valid integer" });
    return LIMIT_DEFAULT;
  }
  if (Number(value) >= 1) return Math.min(Number(value), LIMIT_MAX);
  faults.push({ type: "greater_than_equal", loc, msg: "Input should be greater than or equal to 1" });
  return LIMIT_DEFAULT;
}
