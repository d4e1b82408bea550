type Waiting = {
  readonly count: number;
  readonly resolve: (at: number) => void;
  readonly reject: (error: Error) => void;
};

/** Counts what has happened, and tells when a number was reached. */
export class Tally {
  #count = 0;
  #failure: Error | null = null;
  #waiting: Waiting | null = null;

  get count(): number {
    return this.#count;
  }

  add(count: number): void {
    this.#count += count;
    if (this.#waiting === null || this.#count < this.#waiting.count) return;
    this.#waiting.resolve(performance.now());
    this.#waiting = null;
  }

  /** Something went wrong that makes every later figure worthless. */
  fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  /** Resolves to the moment (`performance.now()`) at which `count` was reached; rejects after `withinMs`. One may wait at a time. */
  async reached(count: number, withinMs: number): Promise<number> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#count >= count) return performance.now();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<number>((resolve, reject) => {
        this.#waiting = { count, resolve, reject };
        timer = setTimeout(
          () =>
            reject(new Error(`Only ${this.#count} of ${count} calls had ended after ${withinMs / 1000} s`)),
          withinMs,
        );
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
