import type { Command } from "commander";

import { type Context, type Ending, type GlobalOptions, openContext } from "./context.ts";
import type { Exit } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** The state of one run of the command line. */
export type Cli = { readonly terminal: Terminal; ending: Exit };

/** Adds one command, or a group of them, to the tree. */
export type AddCommand = (program: Command, cli: Cli) => void;

/** Wraps a command's work as commander calls it: arguments first, then the options. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- commander knows the options only at run time; their type is stated here once
export function action<Options>(
  cli: Cli,
  work: (context: Context, options: Options, ...args: string[]) => Promise<Ending> | Ending,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<GlobalOptions & Options>();
    const args = given.slice(0, -2).flat() as string[];
    cli.ending = (await work(openContext(cli.terminal, options), options, ...args)) ?? "done";
  };
}

/** Adds examples under a command's help: what to type, and what it does. */
export function examples(
  command: Command,
  lines: readonly (readonly [typed: string, meaning: string])[],
): Command {
  const width = Math.max(...lines.map(([typed]) => typed.length));
  const text = lines.map(([typed, meaning]) => `  $ ${typed.padEnd(width)}  ${meaning}`.trimEnd()).join("\n");
  return command.addHelpText("after", `\nExamples:\n${text}`);
}
