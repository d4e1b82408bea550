import type { Context } from "./context.ts";

/** A line that shows how far something is. It goes to the standard error, and only if that is a terminal. */
export type Progress = { show(done: number, total: number, words: string): void; clear(): void };

const BAR_WIDTH = 28;
const EVERY_MS = 100;

export function openProgress(context: Context): Progress {
  const { terminal } = context;
  let shownAt = 0;
  let isShown = false;
  if (!terminal.isErrorTty || context.json) return { show: () => undefined, clear: () => undefined };
  return {
    show(done, total, words) {
      if (terminal.now() - shownAt < EVERY_MS && done < total) return;
      shownAt = terminal.now();
      isShown = true;
      const line = `${bar(done, total)} ${done}/${total} ${words}`;
      terminal.err(`\r\u001b[2K${line.slice(0, terminal.columns - 1)}`);
    },
    clear() {
      if (isShown) terminal.err("\r\u001b[2K");
      isShown = false;
    },
  };
}

/** "[######------]" for a share. */
export function bar(done: number, total: number, width = BAR_WIDTH): string {
  const filled = total === 0 ? width : Math.min(width, Math.floor((done / total) * width));
  return `[${"#".repeat(filled)}${"-".repeat(width - filled)}]`;
}
