import { type ChildProcess, fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

type Question = { readonly id: number; readonly verb: string; readonly input: unknown };
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };
type Handlers = Readonly<Record<string, (input: never) => unknown>>;

/** A child process that answers questions, typed by the handlers that it serves. */
export type Child<H extends Handlers> = {
  ask<V extends keyof H & string>(
    verb: V,
    input: Parameters<H[V]>[0],
    withinMs: number,
  ): Promise<Awaited<ReturnType<H[V]>>>;
  /** Ends it by its own id, and waits until it has ended. */
  stop(): Promise<void>;
};

const running = new Set<() => Promise<void>>();
let isStopping = false;

/** Ends every child, so that whoever waits for one fails and tidies up; none can be started any more. */
export function stopChildren(): void {
  isStopping = true;
  for (const stop of running) void stop();
}

/** Starts `bench/<script>` with the Node that runs this one. It ends with its parent, however that ends. */
export function startChild<H extends Handlers>(script: string): Child<H> {
  if (isStopping) throw new Error("The bench was stopped");
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = fork(path, [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let asked = 0;
  child.on("message", (answer: Answer) => {
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.error === undefined) one?.resolve(answer.value);
    else one?.reject(new Error(`${script}: ${answer.error}`));
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      for (const one of waiting.values()) one.reject(new Error(`${script} ended (${code ?? signal})`));
      running.delete(stop);
      resolve();
    });
  });
  const stop = (): Promise<void> => end(child, ended);
  running.add(stop);
  return {
    ask: (verb, input, withinMs) => {
      const id = (asked += 1);
      const question: Question = { id, verb, input };
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`${script} did not answer ${verb} within ${withinMs / 1000} s`));
        }, withinMs);
        waiting.set(id, {
          resolve: (value) => (clearTimeout(timer), resolve(value as never)),
          reject: (error) => (clearTimeout(timer), reject(error)),
        });
        child.send(question);
      });
    },
    stop,
  };
}

const patienceMs = 5000;

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  await ended;
  clearTimeout(timer);
}

/** The child's side: answers each question by its handler; ends when the parent does. Returns the handlers, for their type. */
export function answerParent<H extends Handlers>(handlers: H): H {
  process.on("message", (question: Question) => {
    void answer(handlers, question);
  });
  process.on("disconnect", () => process.exit(0));
  return handlers;
}

async function answer(handlers: Handlers, { id, verb, input }: Question): Promise<void> {
  let reply: Answer;
  try {
    const handler = handlers[verb];
    if (handler === undefined) throw new Error(`nobody knows ${verb}`);
    reply = { id, value: await handler(input as never) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(reply);
}
