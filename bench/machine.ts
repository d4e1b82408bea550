import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { quantiles } from "./harness.ts";

/** What the figures were measured on; without it they mean little. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly sqlite: string;
  readonly folder: string;
  /** The time of one small write with fdatasync in that folder (ms). */
  readonly syncP50Ms: number;
  readonly syncP99Ms: number;
  readonly load: number;
};

export function readMachine(folder: string): Machine {
  const { p50, p99 } = syncLatency(folder);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    node: process.versions.node,
    sqlite: process.versions["sqlite"] ?? "unknown",
    folder: dirname(folder),
    syncP50Ms: p50,
    syncP99Ms: p99,
    load: loadavg()[0] ?? 0,
  };
}

/** Each commit waits for this at least once. */
function syncLatency(folder: string): { p50: number; p99: number } {
  const path = join(folder, `sync-${process.pid}`);
  const file = openSync(path, "w");
  try {
    const page = Buffer.alloc(4096, 1);
    const times = Array.from({ length: 300 }, () => {
      const started = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - started;
    });
    return quantiles(times);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
