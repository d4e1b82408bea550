import { join } from "node:path";

import { type Config, type Flags, readConfig, readEnvFile } from "../config.ts";
import { type Client, openClient } from "./client.ts";
import type { Exit } from "./exit-codes.ts";
import { type Times, openTimes } from "./times.ts";
import { type Paint, type Terminal, painter } from "./terminal.ts";

/** What every command is given. */
export type Context = {
  readonly terminal: Terminal;
  /** Results and errors as JSON. */
  readonly json: boolean;
  readonly paint: Paint;
  /** The settings, with the command's own options over them. Throws `ConfigError`. */
  config(flags?: Flags): Config;
  /** Zone data, and the zone of this machine. */
  times(): Times;
  /** A client of the running server. */
  client(): Client;
  /** The one result of a command: `value` as JSON, or `words()` for people. */
  readonly print: (value: unknown, words: () => string) => void;
  /** One line of a stream of results: NDJSON, or words. */
  readonly printLine: (value: unknown, words: () => string) => void;
  /** For people only, beside the result. */
  note(words: string): void;
};

export type GlobalOptions = {
  readonly json?: boolean;
  readonly url?: string;
  readonly color?: boolean;
};

/** How a command ends; nothing means done. */
export type Ending = Exit | void;

export function openContext(terminal: Terminal, options: GlobalOptions): Context {
  const json = options.json === true;
  const config = (flags: Flags = {}): Config =>
    readConfig(terminal.env, { url: options.url, ...flags }, readEnvFile(join(terminal.cwd, ".env")));
  const noColor = options.color === false || (terminal.env["NO_COLOR"] ?? "") !== "";
  return {
    terminal,
    json,
    paint: painter(terminal, noColor || json),
    config,
    times: () => openTimes(config().zoneinfoDir, terminal.timezone),
    client: () => {
      const { url, apiKey } = config();
      return openClient({ url, apiKey });
    },
    print: (value, words) => terminal.out(json ? `${JSON.stringify(value, null, 2)}\n` : endLine(words())),
    printLine: (value, words) => terminal.out(json ? `${JSON.stringify(value)}\n` : endLine(words())),
    note: (words) => (json ? undefined : terminal.err(endLine(words))),
  };
}

function endLine(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
