import { closeSync, existsSync, ftruncateSync, fstatSync, mkdirSync, openSync } from "node:fs";
import { readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";

export type JournalOpened = {
  readonly journal: Journal;
  /** The lines' JSON values, oldest first. */
  readonly values: readonly unknown[];
  readonly damaged: boolean;
};

/**
 * The sandbox network's memory: one JSON value a line, only ever appended. Lines of one turn of the event loop are written
 * together, before any of their promises resolves. It survives the death of the process (not of the machine: nothing is
 * synced, since nobody can be rung). The file belongs to one process.
 */
export class Journal {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #descriptor: number;
  #length: number;
  #lines: string[] = [];
  #waiting: ((written: boolean) => void)[] = [];

  private constructor(path: string, clock: Clock, log: Log, length: number) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#descriptor = openSync(path, "a", 0o600);
    this.#length = length;
  }

  /**
   * Opens or creates the file and reads what it holds. A torn last line is cut off: its promise never resolved. A line that
   * is unreadable for another reason is left out, and the file is called `damaged`. Throws what the file system throws.
   */
  static open(path: string, clock: Clock, log: Log): JournalOpened {
    mkdirSync(dirname(path), { recursive: true });
    const text = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const whole = text.lastIndexOf(0x0a) + 1;
    const journal = new Journal(path, clock, log, whole);
    if (whole < text.length) {
      ftruncateSync(journal.#descriptor, whole);
      log.warn("The sandbox journal ended in a torn line, which was cut off.");
    }
    const lines = text
      .subarray(0, whole)
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "");
    const values = lines.map(readLine).filter((value) => value !== undefined);
    const damaged = values.length < lines.length;
    if (damaged) log.warn("Some lines of the sandbox journal are unreadable and were left out.");
    return { journal, values, damaged };
  }

  /** Bytes in the file. */
  get length(): number {
    return this.#length;
  }

  /** Resolves once the value is in the file; false when it could not be written, and then it is not in the file. */
  append(value: unknown): Promise<boolean> {
    this.#lines.push(JSON.stringify(value));
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#clock.tick(() => this.flush());
    });
  }

  /** Resolves when everything appended so far has been written or given up. */
  async settled(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Writes what waits now. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#waiting = [];
    const written = this.#write(Buffer.from(lines.map((line) => `${line}\n`).join("")));
    for (const resolve of waiting) resolve(written);
  }

  /** Replaces the whole file in one step; the old one stays when that fails. */
  rewrite(values: Iterable<unknown>): void {
    this.flush();
    const text = Buffer.from([...values].map((value) => `${JSON.stringify(value)}\n`).join(""));
    try {
      writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#log.warn("The sandbox journal could not be compacted; the old one stays in use.", asField(error));
      return;
    }
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, "a", 0o600);
    this.#length = text.length;
  }

  close(): void {
    this.flush();
    closeSync(this.#descriptor);
  }

  #write(bytes: Buffer): boolean {
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
      this.#length += bytes.length;
      return true;
    } catch (error) {
      this.#log.error("The sandbox journal could not be written.", asField(error));
      this.#cutBack();
      return false;
    }
  }

  /** Half a batch must not stay: what it holds was refused. */
  #cutBack(): void {
    try {
      if (fstatSync(this.#descriptor).size > this.#length) ftruncateSync(this.#descriptor, this.#length);
    } catch (error) {
      this.#log.error("The sandbox journal could not be cut back to its last whole line.", asField(error));
    }
  }
}

/** Undefined when the line is damaged, which must not take the other lines with it. */
function readLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function asField(error: unknown): { readonly error: Error } {
  return { error: error instanceof Error ? error : new Error(String(error)) };
}
