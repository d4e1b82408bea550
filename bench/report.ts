import {
  type Aim,
  type Definition,
  type FigureName,
  type Measured,
  changeOf,
  changeVerdict,
  definitions,
  verdict,
} from "./figures.ts";
import type { StoreName } from "./harness.ts";
import type { Machine } from "./machine.ts";

/** A run: what it ran on, how its stores keep a commit, and what was measured. */
export type Run = {
  readonly machine: Machine;
  readonly scale: number;
  readonly waiting: number;
  readonly stores: readonly {
    readonly store: StoreName;
    readonly version: string;
    readonly durability: string;
  }[];
  readonly measured: readonly Measured[];
};

const names: Readonly<Record<StoreName, string>> = { sqlite: "SQLite", postgres: "Postgres" };
const quietLoad = 1;

/** The machine and what keeps a commit, one line each. */
export function headOf({ machine, stores, scale }: Pick<Run, "machine" | "stores" | "scale">): string[] {
  const { cpu, cores, node, folder, syncP50Ms, syncP99Ms, load } = machine;
  return [
    `${cpu}, ${cores} cores; Node ${node}; load average ${load.toFixed(2)}`,
    `${folder}: a 4 KiB write with fdatasync takes ${micros(syncP50Ms)} µs (p50), ${micros(syncP99Ms)} µs (p99)`,
    ...stores.map(({ store, version, durability }) => `${names[store]} ${version}: ${durability}`),
    ...(load > quietLoad
      ? ["Other programs are running: the figures will be worse than this machine can do."]
      : []),
    ...(scale < 1 ? [`Counts are ${scale} of the full ones: good for a look, not for a comparison.`] : []),
  ];
}

/** A table for the terminal, a store after the other. */
export function textOf(run: Run): string {
  const tables = run.stores.map(({ store }) => {
    const rows = [headings(run), ...rowsOf(run, store)];
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.max(...rows.map((row) => row[column]?.length ?? 0)),
    );
    const lines = rows.map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join("  "),
    );
    return [names[store], ...lines.map((line) => `  ${line.trimEnd()}`)].join("\n");
  });
  return tables.join("\n\n");
}

/** The same for a page of documentation. */
export function markdownOf(run: Run): string {
  const head = headOf(run).map((line) => `- ${line}`);
  const tables = run.stores.map(({ store }) => {
    const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
    const heads = headings(run);
    const rule = line(heads.map((_, at) => (at === 0 ? "---" : "---:")));
    return [`### ${names[store]}`, "", line(heads), rule, ...rowsOf(run, store).map(line)].join("\n");
  });
  return [...head, "", tables.join("\n\n")].join("\n");
}

function headings(run: Run): string[] {
  const first = ["Figure", "nothing waiting", "aim", ""];
  return run.waiting === 0 ? first : [...first, `${run.waiting.toLocaleString("en")} waiting`, "change", ""];
}

function rowsOf(run: Run, store: StoreName): string[][] {
  const figures = (waiting: number) =>
    run.measured.find((one) => one.store === store && one.waiting === waiting)?.figures ?? {};
  const [few, many] = [figures(0), figures(run.waiting)];
  return (Object.keys(definitions) as FigureName[]).flatMap((name) => {
    const definition: Definition = definitions[name];
    const [value, later] = [few[name], many[name]];
    if (value === undefined) return [];
    const aim = definition.aims[store];
    const row = [
      definition.title,
      shown(definition, value),
      aim === undefined ? "" : aimOf(definition, aim),
      aim === undefined ? "" : verdict(value, aim),
    ];
    if (run.waiting === 0 || later === undefined) return [row];
    const change = changeOf(value, later);
    return [
      [
        ...row,
        shown(definition, later),
        `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(0)} %`,
        secondVerdict(definition, aim, later, change),
      ],
    ];
  });
}

/** With many waiting: no worse than it may be; what has an aim and no such bound is held to its aim again. */
function secondVerdict(definition: Definition, aim: Aim | undefined, value: number, change: number): string {
  return changeVerdict(definition, change) ?? (aim === undefined ? "" : verdict(value, aim));
}

function aimOf(definition: Definition, aim: Aim): string {
  return "atLeast" in aim
    ? `≥ ${shown(definition, aim.atLeast)}`
    : `≤ ${shown({ ...definition, decimals: 0 }, aim.atMost)}`;
}

function shown({ unit, decimals }: Definition, value: number): string {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return `${value.toLocaleString("en", digits)}${unit === "/s" ? "" : " "}${unit}`;
}

function micros(ms: number): string {
  return (ms * 1000).toFixed(0);
}
