import type { TableSize } from "./statements.ts";

/** Sizes from which on a sentence is worth reading. */
const deadMin = 10_000;
const deadShare = 0.2;
const freeShare = 0.25;
const freeMin = 64 * 1024 * 1024;

/** What could be done for a database, as sentences with the cure; none when all is well. */
export function hintsOf(
  kind: "sqlite" | "postgres",
  tables: readonly TableSize[],
  whole: { readonly bytes: number; readonly free: number | null },
): readonly string[] {
  const hints: string[] = [];
  for (const { name, rows, dead } of tables) {
    if (dead !== null && dead >= deadMin && dead > deadShare * (rows + dead))
      hints.push(
        `${name} has ${dead} dead rows beside ${rows}: run "vacuum (analyze) ${name}", or let autovacuum come sooner.`,
      );
  }
  if (
    kind === "sqlite" &&
    whole.free !== null &&
    whole.free >= freeMin &&
    whole.free > freeShare * whole.bytes
  )
    hints.push(
      `${mebibytes(whole.free)} MiB of the file's ${mebibytes(whole.bytes)} MiB are free: stop the server and run "vacuum" to give them back.`,
    );
  return hints;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / (1024 * 1024));
}
