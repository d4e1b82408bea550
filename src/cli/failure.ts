import { type Exit, exitCodes } from "./exit-codes.ts";

/** An error as the API words it (RFC 9457), whoever found it. `code` is stable, `hint` is the cure. */
export type Problem = {
  readonly title: string;
  readonly code: string;
  readonly detail: string;
  readonly hint?: string | undefined;
  readonly status?: number | undefined;
  readonly [member: string]: unknown;
};

/** Ends a command with a message for people, the same as JSON for programs, and an exit status. */
export class Failure extends Error {
  readonly exit: Exit;
  readonly problem: Problem;

  constructor(exit: Exit, problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.name = "Failure";
    this.exit = exit;
    this.problem = problem;
  }
}

/** What was typed cannot be used. */
export function usage(detail: string, hint?: string): Failure {
  return new Failure("usage", { title: "The command cannot be understood", code: "usage", detail, hint });
}

/** The problem as a JSON document, with the exit status beside it. */
export function problemJson(failure: Failure): Record<string, unknown> {
  return { type: "about:blank", ...failure.problem, exit_code: exitCodes[failure.exit].code };
}

/** The problem in words: what is wrong, where, and what to do. */
export function problemWords({ problem }: Failure): string {
  const lines = [problem.detail === "" ? problem.title : problem.detail];
  const faults = Array.isArray(problem["errors"]) ? problem["errors"] : [];
  for (const fault of faults) {
    const line = faultWords(fault);
    if (line !== undefined && !line.endsWith(problem.detail)) lines.push(`  ${line}`);
  }
  if (problem.hint !== undefined && problem.hint !== "") lines.push(`  → ${problem.hint}`);
  return lines.join("\n");
}

function faultWords(fault: unknown): string | undefined {
  if (typeof fault !== "object" || fault === null) return undefined;
  const { pointer, detail } = fault as { pointer?: unknown; detail?: unknown };
  return typeof detail === "string"
    ? `${typeof pointer === "string" ? `${pointer}: ` : ""}${detail}`
    : undefined;
}
