import { forever } from "../domain/ids.ts";
import type { Job } from "../ports/job.ts";
import type { CallListener, NotificationListener, Plugged, QueueName } from "../ports/program.ts";

/** A job and the program whose it is. */
export type ProgramJob = { readonly program: string; readonly job: Job };

/** What this process works on, beside answering: calls, and the queues of the programs. */
export type Works = { readonly calls: boolean; readonly queues: readonly QueueName[] };

/** Every program that was plugged in, by name, and what they gave the house. */
export class Programs {
  readonly plugged = new Map<string, Plugged>();
  readonly jobs = new Map<string, ProgramJob>();
  readonly #calls = new Map<string, CallListener[]>();
  readonly #notifications = new Map<string, NotificationListener[]>();
  readonly #nextAt = new Map<string, number>();

  /** Names of programs and jobs are unique; a second one is a programmer's error. */
  add(name: string, program: Plugged): void {
    if (this.plugged.has(name)) throw new Error(`Two programs are called ${name}`);
    this.plugged.set(name, program);
    for (const job of program.jobs ?? []) {
      if (this.jobs.has(job.name)) throw new Error(`Two jobs are called ${job.name}`);
      this.jobs.set(job.name, { program: name, job });
    }
    const { calls, notifications } = program;
    for (const purpose of calls?.purposes ?? []) listed(this.#calls, purpose).push(calls as CallListener);
    for (const event of notifications?.events ?? [])
      listed(this.#notifications, event).push(notifications as NotificationListener);
    if (program.duty !== undefined) this.#nextAt.set(name, 0);
  }

  /** Whether anybody listens to calls at all. */
  get hearCalls(): boolean {
    return this.#calls.size > 0;
  }

  callListeners(purpose: string): readonly CallListener[] {
    return this.#calls.get(purpose) ?? none;
  }

  notificationListeners(event: string): readonly NotificationListener[] {
    return this.#notifications.get(event) ?? none;
  }

  /** A program's duty wants to run at an instant, or earlier. */
  wake(name: string, at: number): void {
    this.#nextAt.set(name, Math.min(this.#nextAt.get(name) ?? forever, at));
  }

  /** Runs the duties that are due, one after the other; resolves to when the next one is. */
  async runDuties(now: () => number): Promise<number> {
    for (const [name, at] of this.#nextAt) {
      if (at > now()) continue;
      this.#nextAt.set(name, forever);
      try {
        this.wake(name, (await this.plugged.get(name)?.duty?.()) ?? forever);
      } catch (error) {
        // The loop counts it and comes back; the other programs have their turn meanwhile.
        this.wake(name, now() + retryMs);
        throw error;
      }
    }
    return Math.min(forever, ...this.#nextAt.values());
  }
}

const none: readonly never[] = [];
const retryMs = 1000;

function listed<T>(map: Map<string, T[]>, key: string): T[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: T[] = [];
  map.set(key, made);
  return made;
}
