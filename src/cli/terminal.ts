import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";

import type { Env } from "../config.ts";

/** The world as a command sees it; tests give it another one. */
export type Terminal = {
  readonly env: Env;
  readonly cwd: string;
  /** The machine's zone, an IANA name. */
  readonly timezone: string;
  /** Whether a person sits at the standard output. */
  readonly isTty: boolean;
  /** Whether one sees the standard error. */
  readonly isErrorTty: boolean;
  readonly columns: number;
  /** To the standard output: results. */
  out(text: string): void;
  /** To the standard error: progress, warnings and errors. */
  err(text: string): void;
  /** UTC ms. */
  now(): number;
  /** Ends early, and holds the process no longer, when `signal` aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** The whole standard input, for `-` as a file name. */
  readInput(): Promise<Uint8Array>;
  /** Asks whoever sits at the terminal, and resolves to the line that was typed. */
  ask(question: string): Promise<string>;
  /** Calls `then` at Ctrl-C (and SIGTERM) instead of dying; returns how to stop that. */
  onInterrupt(then: (signal: "SIGINT" | "SIGTERM") => void): () => void;
};

/** The terminal of this process. */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount("error") === 0) stream.on("error", endQuietly);
  }
  return {
    env: process.env,
    cwd: process.cwd(),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    isTty: isTty(process.stdout),
    isErrorTty: isTty(process.stderr),
    get columns() {
      // A terminal of unknown width says 0.
      return process.stdout.columns || 80;
    },
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    readInput: async () => Buffer.concat(await process.stdin.toArray()),
    ask: async (question) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    onInterrupt: (then) => {
      process.on("SIGINT", then).on("SIGTERM", then);
      return () => void process.off("SIGINT", then).off("SIGTERM", then);
    },
  };
}

function isTty(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env["TERM"] !== "dumb";
}

export type Paint = (style: "bold" | "dim" | "green" | "yellow" | "red" | "cyan", text: string) => string;

/** Colors where a person looks at both outputs and did not switch them off; the plain text otherwise. */
export function painter(terminal: Terminal, noColor: boolean): Paint {
  if (!terminal.isTty || !terminal.isErrorTty || noColor) return (_style, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** Whoever reads our output may stop early, as `head` does; that is no failure. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
