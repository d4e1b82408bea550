// Writes into the pages under docs/ what the code says of itself. A page keeps its own prose; what stands between
//   <!-- from the code: NAME -->  and  <!-- end -->
// is replaced by the block of that name. `npm run docs` writes, tests/docs/reference.test.ts compares.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Command } from "commander";

import {
  DEFAULT_REFUSED_STATUSES,
  BODY_PLACEHOLDERS,
  URL_PLACEHOLDERS,
} from "../src/carriers/http/settings.ts";
import { describeNumber, parseScriptWord, scriptWords } from "../src/carriers/sandbox/script.ts";
import { scriptOf } from "../src/carriers/sandbox/numbers.ts";
import { exitCodes } from "../src/cli/exit-codes.ts";
import { buildProgram } from "../src/cli/program.ts";
import { settings } from "../src/config.ts";
import { attemptTransitions } from "../src/domain/attempt.ts";
import { callTransitions, hasEnded, reasons } from "../src/domain/call.ts";
import { notificationReasons } from "../src/domain/notification.ts";
import { dispositions, outcomeRank, outcomes, retryClassOf } from "../src/domain/outcome.ts";
import { refusals } from "../src/domain/refusal.ts";
import { defaultRetryPolicy } from "../src/domain/retry.ts";
import { scopes } from "../src/domain/scope.ts";
import { replaced } from "../src/settings-replaced.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Every block, by its name. */
export const blocks: Readonly<Record<string, () => string>> = {
  settings: settingsTable,
  "settings of other systems": replacedTable,
  errors: errorTables,
  "call states": callStates,
  "call diagram": () => diagram(callTransitions, "scheduled"),
  "attempt states": attemptStates,
  "attempt diagram": () => diagram(attemptTransitions, "claimed"),
  reasons: () =>
    table(
      ["reason", "meaning"],
      Object.entries(reasons).map(([name, text]) => [code(name), text]),
    ),
  "notification reasons": () =>
    table(
      ["reason", "meaning"],
      Object.entries(notificationReasons).map(([name, text]) => [code(name), text]),
    ),
  outcomes: outcomeTable,
  dispositions: () => `${dispositions.map(code).join(", ")}, and \`custom:<word>\` for a word of your own.`,
  "outcome rank": () => outcomeRank.map((one, index) => `${index + 1}. ${code(one)}`).join("\n"),
  "retry defaults": retryTable,
  commands: commandPages,
  routes: routeTable,
  "exit codes": () =>
    table(
      ["exit", "meaning"],
      Object.values(exitCodes).map((one) => [String(one.code), one.meaning]),
    ),
  "sandbox numbers": numberTable,
  "sandbox special numbers": specialTable,
  "sandbox words": wordTable,
  scopes: () => scopes.map(code).join(", "),
  "http placeholders": () =>
    `In \`body\`: ${BODY_PLACEHOLDERS.map(braces).join(", ")}. In the URLs: ${URL_PLACEHOLDERS.map(braces).join(", ")}.`,
  "http refusals": () => DEFAULT_REFUSED_STATUSES.join(", "),
};

const BLOCK = /(<!-- from the code: ([^>]+?) -->\n)[^]*?(<!-- end -->)/g;

/** A page with every block filled in. Throws for a name that is not there. */
export function fill(page: string): string {
  return page.replaceAll(BLOCK, (_all, open: string, name: string, close: string) => {
    const block = blocks[name];
    if (block === undefined) throw new Error(`There is no block "${name}".`);
    return `${open}\n${block()}\n\n${close}`;
  });
}

/** Every page of the documentation, with the path that it has in the repository. */
export function pages(): readonly { readonly path: string; readonly text: string }[] {
  return ["README.md", ...globSync("docs/**/*.md", { cwd: root }).toSorted()].map((path) => ({
    path,
    text: readFileSync(root + path, "utf8"),
  }));
}

if (import.meta.main) {
  for (const { path, text } of pages()) {
    const filled = fill(text);
    if (filled === text) continue;
    writeFileSync(root + path, filled);
    console.log(path);
  }
}

function settingsTable(): string {
  return table(
    ["setting", "default", "meaning"],
    Object.values(settings).map((one) => [
      `${code(one.name)}${one.flag === null ? "" : `<br>${code(one.flag)}`}`,
      one.default === null || one.default === "" ? "—" : code(one.default),
      `${one.meaning}${one.expected === "any text" ? "" : ` Expected: ${one.expected}.`}${one.secret ? " Secret." : ""}`,
    ]),
  );
}

function replacedTable(): string {
  return table(
    ["variable", "what happens"],
    replaced.map((one) => [code(one.name), one.instead]),
  );
}

function errorTables(): string {
  const statuses = [...new Set(Object.values(refusals).map((one) => one.status))].toSorted((a, b) => a - b);
  return statuses
    .map((status) => {
      const rows = Object.entries(refusals)
        .filter(([, one]) => one.status === status)
        .map(([name, one]) => [`<a id="${name}"></a>${code(name)}`, one.title, one.cure]);
      return `### ${status}\n\n${table(["code", "meaning", "cure"], rows)}`;
    })
    .join("\n\n");
}

type Transitions = Readonly<Record<string, Readonly<Record<string, string>>>>;

function diagram(transitions: Transitions, first: string): string {
  const lines = Object.entries(transitions).flatMap(([from, row]) => {
    const targets = new Map<string, string[]>();
    for (const [event, to] of Object.entries(row)) targets.set(to, [...(targets.get(to) ?? []), event]);
    return [...targets].map(([to, events]) => `    ${from} --> ${to}: ${events.join(", ")}`);
  });
  const ends = Object.entries(transitions)
    .filter(([, row]) => Object.keys(row).length === 0)
    .map(([state]) => `    ${state} --> [*]`);
  return ["```mermaid", "stateDiagram-v2", `    [*] --> ${first}`, ...lines, ...ends, "```"].join("\n");
}

function callStates(): string {
  const rows = Object.entries(callTransitions).map(([state, row]) => [
    code(state),
    Object.entries(row)
      .map(([event, to]) => `${event} → ${code(to)}`)
      .join("<br>") || "absorbs everything",
    hasEnded(state as keyof typeof callTransitions) ? "yes" : "no",
  ]);
  return table(["state", "event → next state", "ended"], rows);
}

function attemptStates(): string {
  const rows = Object.entries(attemptTransitions).map(([state, row]) => [
    code(state),
    Object.entries(row)
      .map(([event, to]) => `${event} → ${code(to)}`)
      .join("<br>") || "absorbs everything",
  ]);
  return table(["state", "event → next state"], rows);
}

function outcomeTable(): string {
  const words = { done: "done: the call is completed", never: "never: the call fails at once" } as const;
  return table(
    ["outcome", "what follows"],
    outcomes.map((one) => {
      const kind = retryClassOf(one, null);
      return [code(one), kind === "done" || kind === "never" ? words[kind] : `tried again as ${code(kind)}`];
    }),
  );
}

function retryTable(): string {
  const rows = Object.entries(defaultRetryPolicy.rules).map(([name, rule]) => [
    code(name),
    String(rule.retries),
    duration(rule.firstDelayMs),
    `× ${rule.factor}`,
    duration(rule.maxDelayMs),
  ]);
  const { attemptsMax, jitter, quarantineMs } = defaultRetryPolicy;
  return `${table(["class", "retries", "first after", "then", "at most"], rows)}

At most ${attemptsMax} attempts of one call in all; each delay is stretched or shrunk by up to ${Math.round(jitter * 100)} %; a number that must not be tried again rests for ${duration(quarantineMs)}.`;
}

function commandPages(): string {
  const program = buildProgram({ terminal: silentTerminal(), ending: "done" });
  const global = program.options.map((one) => [code(one.flags), one.description]);
  return [
    `Before or after any command:\n\n${table(["option", "meaning"], global)}`,
    ...describe(program, "carillon"),
  ].join("\n\n");
}

function describe(command: Command, name: string): string[] {
  return command.commands.flatMap((child) => {
    const path = `${name} ${child.name()}`;
    if (child.commands.length > 0)
      return [`### ${path}\n\n${sentence(child.description())}`, ...describe(child, path)];
    const args = child.registeredArguments.map((one) =>
      one.required ? `<${one.name()}>` : `[${one.name()}]`,
    );
    const rows = [
      ...child.registeredArguments.map((one) => [code(`<${one.name()}>`), one.description]),
      ...child.options.map((one) => [
        code(one.flags),
        `${one.description}${one.defaultValue === undefined || one.negate ? "" : ` (default: ${String(one.defaultValue)})`}`,
      ]),
    ];
    const level = name === "carillon" ? "###" : "####";
    const head = `${level} ${[path, ...args.map((one) => one.replaceAll("<", "&lt;").replaceAll(">", "&gt;"))].join(" ")}\n\n${sentence(child.description())}`;
    return [rows.length === 0 ? head : `${head}\n\n${table(["", "meaning"], rows)}`];
  });
}

/** The routes as the pages of routes in `src/doors/v1` name them: method, path, summary; those of `routes.ts` first. */
function routeTable(): string {
  const files = globSync("src/doors/v1/*routes.ts", { cwd: root });
  const first = (path: string): number => (path.endsWith("/routes.ts") ? 0 : 1);
  const text = files
    .toSorted((a, b) => first(a) - first(b) || (a < b ? -1 : 1))
    .map((path) => readFileSync(`${root}${path}`, "utf8"))
    .join("\n");
  const methods: Readonly<Record<string, string>> = {
    get: "GET",
    post: "POST",
    patch: "PATCH",
    remove: "DELETE",
  };
  const found = [...text.matchAll(/\.(get|post|patch|remove)\(\s*"\w+",\s*"([^"]+)",\s*"([^"]+)"/g)];
  return table(
    ["request", "what it does"],
    found.map(([, method = "", path = "", summary = ""]) => [
      code(`${methods[method]} /v1${path.replaceAll(/:(\w+)/g, "{$1}")}`),
      summary,
    ]),
  );
}

function numberTable(): string {
  const rows: string[][] = [];
  for (let ending = 0; ending < 100; ending += 1) {
    const digits = String(ending).padStart(2, "0");
    const number = `+121255501${digits}`;
    const script = scriptOf(number);
    if (script.length === 1 && script[0] === "answered") continue;
    rows.push([code(digits), describeNumber(number), script.map(code).join(", ")]);
  }
  return table(["BB", "what happens", "script"], rows);
}

function specialTable(): string {
  const numbers = [
    "+61491570156",
    "+61491570157",
    "+61491570158",
    "+61491570159",
    "+61491570110",
    "+15005550001",
    "+15005550002",
    "+15005550003",
    "+15005550004",
    "+15005550006",
  ];
  return table(
    ["number", "what happens"],
    numbers.map((one) => [code(one), describeNumber(one)]),
  );
}

function wordTable(): string {
  const rows = scriptWords.map((word) => {
    const behaviour = parseScriptWord(word);
    const reaches = behaviour?.answeredBy !== undefined;
    return [
      code(word),
      behaviour?.says ?? "",
      behaviour === undefined ? "" : code(behaviour.outcome),
      reaches ? "yes" : "",
    ];
  });
  return table(["word", "what happens", "outcome", "takes `:disposition`"], rows);
}

/** The commands are only described, never run. */
function silentTerminal(): Parameters<typeof buildProgram>[0]["terminal"] {
  const nothing = (): never => {
    throw new Error("A command that is described must not touch the terminal.");
  };
  return new Proxy({} as ReturnType<typeof silentTerminal>, {
    get: (_target, name) => (name === "env" ? {} : name === "columns" ? 80 : nothing),
  });
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function braces(text: string): string {
  return `\`{{${text}}}\``;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function duration(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const;
  const [unit, size] = units.find(([, one]) => ms >= one && ms % one === 0) ?? ["ms", 1];
  return `${ms / size} ${unit}`;
}
