import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A source file: its path in the repository, and its text in three readings of the same lines. */
export type Source = {
  readonly path: string;
  readonly text: string;
  /** Without comments, and with the content of strings and regular expressions taken out. */
  readonly code: string;
  /** The content of each string and template, with its line. */
  readonly strings: readonly { readonly line: number; readonly content: string }[];
};

/** Every TypeScript file of the given folders. */
export function readSources(...folders: readonly string[]): readonly Source[] {
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted()
    .map((path) => toSource(path, readFileSync(`${root}${path}`, "utf8")));
}

export function readRepositoryFile(path: string): string {
  return readFileSync(`${root}${path}`, "utf8");
}

export { root };

/** Strings, templates, comments and regular expressions: whatever can hide or imitate code. */
const TOKENS =
  /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(`(?:\\.|[^`\\])*`)|(\/\/[^\n]*|\/\*[^]*?\*\/)|((?<=(?:[(,=:[!&|?{};]|\breturn|=>)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/[a-z]*)/g;

export function toSource(path: string, text: string): Source {
  const strings: { line: number; content: string }[] = [];
  let line = 1;
  let counted = 0;
  const code = text.replaceAll(
    TOKENS,
    (all, plain?: string, template?: string, comment?: string, _regex?: string, at?: unknown) => {
      const offset = at as number;
      line += newlines(text.slice(counted, offset));
      counted = offset;
      if (comment !== undefined) return "\n".repeat(newlines(all));
      if (plain !== undefined) {
        strings.push({ line, content: plain.slice(1, -1) });
        return '""';
      }
      if (template !== undefined) {
        strings.push({ line, content: template.slice(1, -1) });
        // What is computed inside a template is code like any other.
        const computed = [...template.matchAll(/\$\{([^}]*)\}/g)].map(([, inner = ""]) => inner).join(" ");
        return `\`${computed}\`${"\n".repeat(newlines(all))}`;
      }
      return "/x/";
    },
  );
  return { path, text, code, strings };
}

/** Each line of the code that matches, as `path:line: text`. */
export function linesWith(source: Source, pattern: RegExp): string[] {
  return source.code
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${source.path}:${index + 1}: ${line.trim()}`] : []));
}

/** What a file imports, statically or lazily, as written. */
export function importsOf(source: Source): readonly string[] {
  return [...source.text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)].map(([, name = ""]) => name);
}

function newlines(text: string): number {
  return text.split("\n").length - 1;
}
