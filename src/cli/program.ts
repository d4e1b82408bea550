import { Command, CommanderError } from "commander";

import { ConfigError } from "../config.ts";
import { Refusal, refusals } from "../domain/refusal.ts";
import { type Cli, examples } from "./action.ts";
import { commands } from "./commands.ts";
import { type Exit, exitCodes, exitOfStatus } from "./exit-codes.ts";
import { Failure, problemJson, problemWords, usage } from "./failure.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "../system/version.ts";

/** Runs one command line and returns the exit status; never throws. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const cli: Cli = { terminal, ending: "done" };
  const program = buildProgram(cli);
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return exitCodes.done.code;
    }
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    cli.ending = report(error, terminal, wantsJson(argv));
  }
  return exitCodes[cli.ending].code;
}

/** The whole tree of commands; also what `carillon commands` describes. */
export function buildProgram(cli: Cli): Command {
  const program = new Command("carillon")
    .description(
      "Places the phone calls you promised: at their minute, once, inside the hours of each person.",
    )
    .version(version(), "-V, --version", "show the version")
    .option("--json", "print JSON, errors too")
    .option("--url <url>", "the server to talk to (default: CARILLON_URL, else http://localhost:8090)")
    .option("--no-color", "no colors (also NO_COLOR)")
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false });
  examples(program, [
    ["carillon demo", "300 pretend people, called live, in half a minute"],
    ["carillon serve", "start the server"],
    ["carillon call +12125550100 --in 5s --watch", "see one call live"],
  ]);
  const statuses = Object.values(exitCodes).map(
    ({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`,
  );
  program.addHelpText("after", `\nExit status:\n${statuses.join("\n")}`);
  for (const add of commands) add(program, cli);
  harden(program, cli.terminal);
  return program;
}

/** Every command throws instead of exiting, and a group without a verb is a mistake. */
function harden(command: Command, terminal: Terminal): void {
  command.exitOverride().helpOption("-h, --help", "show this help");
  command.configureOutput({
    writeOut: (text) => terminal.out(text),
    writeErr: () => undefined,
    getOutHelpWidth: () => Math.min(terminal.columns, 110),
    getOutHasColors: () => false,
  });
  if (command.parent !== null && command.commands.length > 0) {
    command.action(() => {
      const names = command.commands.map((one) => one.name()).join(", ");
      const [given] = command.args;
      const what = given === undefined ? "needs a verb" : `has no verb "${given}"`;
      throw usage(`carillon ${command.name()} ${what}.`, `One of: ${names}.`);
    });
    command.argument("[verb]").usage("<verb> [options]");
  }
  for (const child of command.commands) harden(child, terminal);
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

function report(error: unknown, terminal: Terminal, json: boolean): Exit {
  if (error instanceof CommanderError && error.exitCode === 0) return "done";
  const failure = asFailure(error);
  if (json) terminal.out(`${JSON.stringify(problemJson(failure), null, 2)}\n`);
  else terminal.err(`carillon: ${problemWords(failure)}\n`);
  if (terminal.env["LOG_LEVEL"] === "debug" && error instanceof Error) terminal.err(`${error.stack ?? ""}\n`);
  return failure.exit;
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof CommanderError) {
    return usage(error.message.replace(/^error: /, ""), "See carillon --help, or --help after any command.");
  }
  if (error instanceof ConfigError) {
    return new Failure("usage", {
      title: "A setting is not valid",
      code: "setting_invalid",
      detail: error.message,
    });
  }
  if (error instanceof Refusal) {
    const { title, status, cure } = refusals[error.code];
    return new Failure(exitOfStatus(status), {
      title,
      code: error.code,
      detail: error.message,
      hint: cure,
      status,
    });
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new Failure("failed", { title: "The command failed", code: "failed", detail }, { cause: error });
}
