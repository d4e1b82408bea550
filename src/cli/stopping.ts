import type { Context, Ending } from "./context.ts";
import { Failure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** How long after a signal the process ends by all means. */
const STOP_WITHIN_MS = 10_000;
/** npm and a terminal both pass Ctrl-C on; only a later one is a second one. */
const SAME_SIGNAL_MS = 1_000;

/** Listens for the signals of the terminal from now on; `obey` waits for one, and stops what runs within 10 s. */
export function untilStopped(context: Context) {
  const stopped = stopSignal(context.terminal);
  return { obey: (running: { stop(): Promise<void> }) => obey(context, stopped, running) };
}

async function obey(
  context: Context,
  stopped: ReturnType<typeof stopSignal>,
  running: { stop(): Promise<void> },
): Promise<Ending> {
  const { terminal } = context;
  const signal = await stopped.first;
  context.note(`${signal}: no new call is placed; finishing what runs.`);
  const over = new AbortController();
  const ended = await Promise.race([
    running.stop().then(() => "stopped" as const),
    terminal.sleep(STOP_WITHIN_MS, over.signal).then(() => "late" as const),
    stopped.second.then(() => "forced" as const),
  ]);
  over.abort();
  stopped.release();
  if (ended === "stopped") return "done";
  throw new Failure("failed", {
    title: "The server did not stop in good order",
    code: "stop_forced",
    detail: ended === "late" ? "It did not stop within 10 s." : "It was stopped by a second signal.",
    hint: "What was under way is asked for at the carrier after the next start.",
  });
}

/** Two promises: of the first signal, and of one that comes while the first is being obeyed. */
function stopSignal(terminal: Terminal) {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<void>();
  let at = 0;
  const release = terminal.onInterrupt((signal) => {
    if (at === 0) at = terminal.now();
    else if (terminal.now() - at > SAME_SIGNAL_MS) second.resolve();
    first.resolve(signal);
  });
  return { first: first.promise, second: second.promise, release };
}
