/** What the exit status of every command means; `docs/reference/cli.md` is compared with this table by a test. */
export const exitCodes = {
  done: { code: 0, meaning: "Done; with --wait or --watch: the person was reached." },
  failed: { code: 1, meaning: "Failed." },
  usage: {
    code: 2,
    meaning: "The command line, a setting, a file or a value that was sent is not valid; nothing changed.",
  },
  not_found: { code: 3, meaning: "There is no such thing." },
  authentication: { code: 4, meaning: "The API key is missing, not valid, or may not do this." },
  conflict: {
    code: 5,
    meaning: "The state of things does not allow it: too late, taken, or changed meanwhile.",
  },
  unavailable: {
    code: 6,
    meaning: "The server cannot be reached, is busy, or asks to slow down; try again.",
  },
  timed_out: { code: 8, meaning: "--wait or --watch stopped before the call had ended; the call goes on." },
  not_reached: { code: 9, meaning: "--wait or --watch: the call has ended and the person was not reached." },
  interrupted: { code: 130, meaning: "Interrupted by Ctrl-C." },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type Exit = keyof typeof exitCodes;

/** The exit that an HTTP status of the API stands for. */
export function exitOfStatus(status: number): Exit {
  if (status < 400) return "done";
  if (status === 401 || status === 403) return "authentication";
  if (status === 404 || status === 410) return "not_found";
  if (status === 409 || status === 412 || status === 428) return "conflict";
  if (status === 429 || status === 502 || status === 503 || status === 504) return "unavailable";
  return status < 500 ? "usage" : "failed";
}
