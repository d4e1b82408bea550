import type { Command } from "commander";

import { type AddCommand, action, examples } from "./action.ts";
import { exitCodes } from "./exit-codes.ts";
import { table } from "./table.ts";

/** What a program needs to know about one command. */
export type CommandWords = {
  readonly command: string;
  readonly description: string;
  readonly arguments: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly description: string;
  }[];
  readonly options: readonly {
    readonly flags: string;
    readonly description: string;
    readonly default?: unknown;
  }[];
};

/** `carillon commands`: every command, for people and programs. */
export const addDescribe: AddCommand = (program, cli) => {
  const command = program
    .command("commands")
    .description("list every command with its options and the exit codes")
    .action(
      action(cli, (context) => {
        const all = describeTree(program, "carillon");
        context.print({ commands: all, exit_codes: exitCodes }, () =>
          table(
            ["COMMAND", "WHAT IT DOES"],
            all.map((one) => [usageOf(one), one.description]),
            "",
          ),
        );
      }),
    );
  examples(command, [["carillon commands --json", "for tools and agents"]]);
};

/** The leaves of the tree, in order. */
export function describeTree(command: Command, name: string): CommandWords[] {
  return command.commands.flatMap((child) => {
    const path = `${name} ${child.name()}`;
    if (child.commands.length > 0) return describeTree(child, path);
    return [
      {
        command: path,
        description: child.description(),
        arguments: child.registeredArguments.map((one) => ({
          name: one.name(),
          required: one.required,
          description: one.description,
        })),
        options: child.options.map((one) => ({
          flags: one.flags,
          description: one.description,
          ...(one.defaultValue === undefined ? {} : { default: one.defaultValue }),
        })),
      },
    ];
  });
}

function usageOf(one: CommandWords): string {
  return [one.command, ...one.arguments.map(({ name }) => `<${name}>`)].join(" ");
}
