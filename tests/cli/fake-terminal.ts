import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that remembers what was printed; time passes only by `sleep`. */
export type FakeTerminal = Terminal & {
  readonly printed: () => string;
  readonly errors: () => string;
  readonly interrupt: () => void;
};

export function fakeTerminal(
  given: Partial<Terminal> & { startAt?: number; input?: string } = {},
): FakeTerminal {
  let out = "";
  let err = "";
  let now = given.startAt ?? Date.UTC(2026, 10, 22, 12, 0, 0);
  const listeners = new Set<(signal: "SIGINT" | "SIGTERM") => void>();
  return {
    env: {},
    cwd: "/nonexistent",
    timezone: "UTC",
    isTty: false,
    isErrorTty: false,
    columns: 80,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
    readInput: () => Promise.resolve(Buffer.from(given.input ?? "")),
    ask: (question) => {
      err += question;
      return Promise.resolve(given.input ?? "");
    },
    onInterrupt: (then) => {
      listeners.add(then);
      return () => listeners.delete(then);
    },
    ...given,
    printed: () => out,
    errors: () => err,
    interrupt: () => listeners.forEach((then) => then("SIGINT")),
  };
}
