import { createHash } from "node:crypto";

/** What happened, in order: hashed always, kept when asked for. */
export class Trace {
  readonly lines: string[] = [];
  readonly #keep: boolean;
  readonly #hash = createHash("sha256");
  #pending: string[] = [];
  #count = 0;

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  add(at: number, label: string): void {
    this.#count += 1;
    const line = `${at} ${label}`;
    this.#pending.push(line);
    if (this.#pending.length >= 500) this.#flush();
    if (this.#keep) this.lines.push(line);
  }

  get count(): number {
    return this.#count;
  }

  digest(): string {
    this.#flush();
    return this.#hash.copy().digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#pending.join("\n"));
    this.#pending = [];
  }
}
