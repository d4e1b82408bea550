import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { describe, test } from "node:test";

import { readMigrations } from "../src/store/migrate.ts";
import { importsOf, linesWith, readRepositoryFile, readSources, root, toSource } from "./tidy/sources.ts";

const sources = readSources("src");
const everything = [...sources, ...readSources("tests", "scripts", "bench", "examples")];

describe("the arrows", () => {
  test("each part imports only what lies below it", () => {
    const wrong = sources.flatMap((source) =>
      importsOf(source)
        .filter((name) => name.startsWith("."))
        .map((name) => posix.join(posix.dirname(source.path), name))
        .filter((target) => !mayImport(source.path, target))
        .map((target) => `${source.path} must not import ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  test("a library is imported only by the part that hides it", () => {
    const wrong = sources.flatMap((source) =>
      importsOf(source)
        .filter((name) => !name.startsWith("."))
        .filter((name) => !mayUse(source.path, name))
        .map((name) => `${source.path} must not import ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  test("the rule can fail", () => {
    assert.equal(mayImport("src/engine/place.ts", "src/store/sqlite.ts"), false);
    assert.equal(mayImport("src/carriers/http/carrier.ts", "src/carriers/sandbox/network.ts"), false);
    assert.equal(mayImport("src/domain/call.ts", "src/ports/rows.ts"), false);
    assert.equal(mayImport("src/server/json.ts", "src/store/open.ts"), false);
    assert.equal(mayImport("src/engine/place.ts", "src/domain/call.ts"), true);
    assert.equal(mayUse("src/engine/place.ts", "fastify"), false);
  });
});

describe("one clock, one dice, one console", () => {
  const outside = sources.filter(({ path }) => !/^src\/(system\/|cli\/|main\.ts$)/.test(path));
  const rules: readonly { what: string; pattern: RegExp; except: Readonly<Record<string, string>> }[] = [
    {
      what: "the clock",
      pattern: /\bDate\.now\b|\bnew Date\b|\bDate\(|\bperformance\.now\b|\bTemporal\.Now\b/,
      except: { "src/server/start.ts": "the composition root reads the year from the clock it made itself" },
    },
    {
      what: "a parser of dates",
      pattern: /\bDate\.parse\b/,
      except: {
        "src/carriers/http/report.ts": "reads the RFC 3339 instants of a backend, offset required; pure",
        "src/domain/retry-after.ts": "reads the HTTP date of Retry-After; pure",
        "src/carriers/twilio/instant.ts": "reads Twilio's RFC 2822 instants, offset required; pure",
      },
    },
    {
      what: "the machine's own zones",
      pattern:
        /\bIntl\.|\bTemporal\b|\.toLocale\w*\(|getTimezoneOffset|\.get(?:Hours|Minutes|Day|Date|Month|FullYear)\(/,
      except: {},
    },
    {
      what: "chance",
      pattern: /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b/,
      except: {},
    },
    {
      what: "a timer",
      pattern: /\bset(?:Timeout|Interval|Immediate)\b|\bprocess\.nextTick\b/,
      except: {},
    },
    { what: "the console", pattern: /\bconsole\./, except: {} },
    {
      what: "the process",
      pattern: /\bprocess\./,
      except: { "src/server/start.ts": "the composition root names the node by the process's id" },
    },
  ];
  for (const { what, pattern, except } of rules) {
    test(`only system/, main and cli/ touch ${what}`, () => {
      const found = outside
        .filter(({ path }) => !(path in except))
        .flatMap((source) => linesWith(source, pattern));
      assert.deepEqual(found, []);
      const stale = Object.keys(except).filter(
        (path) => !outside.some((source) => source.path === path && linesWith(source, pattern).length > 0),
      );
      assert.deepEqual(stale, [], "an exception that nobody needs any more");
    });
  }

  test("the rule sees code and not comments, strings or patterns", () => {
    const source = toSource(
      "src/x.ts",
      'const a = "Date.now()"; // Date.now()\nconst b = /Date.now/;\n/* setTimeout */ const c = `at ${Date.now()}`;\n',
    );
    assert.deepEqual(linesWith(source, /Date\.now/), ["src/x.ts:3: const c = `Date.now()`;"]);
  });
});

describe("SQL", () => {
  const statement =
    /\b(?:select\s[^;]{0,400}?\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|(?:create|alter|drop)\s+(?:table|index)\s)/i;

  test("is written in store/, migrations/ and the statements of programs alone", () => {
    const wrong = sources
      .filter(({ path }) => !/^src\/(?:store\/|programs\/[^/]+\/statements)/.test(path))
      .flatMap(({ path, strings }) =>
        strings
          .filter(({ content }) => statement.test(content))
          .map(({ line }) => `${path}:${line} holds SQL`),
      );
    assert.deepEqual(wrong, []);
    assert.ok(statement.test("select id from calls where due_at <= ?"));
  });

  test("never asks the database for the time (but for the dialect's serverTime)", () => {
    const clock =
      /\bnow\s*\(|\bcurrent_(?:timestamp|time|date)\b|\bclock_timestamp\b|\b(?:datetime|strftime|julianday|unixepoch)\s*\(/i;
    const inCode = sources
      .filter(
        ({ path }) =>
          /^src\/(?:store|programs)\//.test(path) &&
          path !== "src/store/dialect.ts" &&
          path !== "src/store/postgres.ts",
      )
      .flatMap(({ path, strings }) =>
        strings.filter(({ content }) => clock.test(content)).map(({ line }) => `${path}:${line}`),
      );
    const inMigrations = migrationFiles().filter((file) =>
      clock.test(readRepositoryFile(`migrations/${file}`).replaceAll(/--[^\n]*/g, "")),
    );
    assert.deepEqual([...inCode, ...inMigrations], []);
  });

  test("a migration is frozen: what was released is never edited, only followed by another", () => {
    const frozen = JSON.parse(readRepositoryFile("tests/tidy/frozen-migrations.json")) as Record<
      string,
      string
    >;
    const now = Object.fromEntries(
      (["sqlite", "postgres"] as const).flatMap((kind) =>
        readMigrations(kind).map((one) => [`${one.name} (${kind})`, one.checksum]),
      ),
    );
    assert.deepEqual(
      now,
      frozen,
      "Add a new migration instead. Only one that no release holds yet may change: then correct tests/tidy/frozen-migrations.json.",
    );
    const numbers = readMigrations("sqlite").map((one) => one.number);
    assert.deepEqual(
      numbers,
      numbers.map((_number, index) => index + 1),
      "numbered from 0001 on, without a gap",
    );
  });
});

describe("files", () => {
  test("no file is longer than 400 lines (a suite of tests: 600) without a reason", () => {
    const lengths = everything.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
    const wrong = lengths
      .filter(({ path, lines }) => lines > (longFiles[path]?.linesMax ?? usualMax(path)))
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    assert.deepEqual(wrong, []);
    const stale = Object.keys(longFiles).filter(
      (name) => !lengths.some(({ path, lines }) => path === name && lines > usualMax(path)),
    );
    assert.deepEqual(stale, [], "an exception that nobody needs any more");
  });

  test("every suppression of a rule says why", () => {
    const wrong = everything.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => {
        const suppressed = /(?:ox|es)lin[t]-disable|@t[s]-(?:ignore|nocheck|expect-error)/.test(line);
        return suppressed && !/ -- \S.{9}|@ts-expect-error \S.{9}/.test(line)
          ? [`${path}:${index + 1}: ${line.trim()}`]
          : [];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  test("no test is left out or run alone", () => {
    const wrong = readSources("tests").flatMap((source) =>
      linesWith(source, /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\(|[{,]\s*(?:only|todo):\s*true/),
    );
    assert.deepEqual(wrong, []);
  });

  test("the project speaks of itself alone", () => {
    const wrong = trackedFiles()
      .filter(
        (path) =>
          /\.(?:ts|mjs|cjs|json|md|sql|csv|sh)$|^[^.]*$|^\.(?:ci|npmrc|gitignore)/.test(path) &&
          path !== "LICENSE",
      )
      .flatMap((path) => {
        const text = readRepositoryFile(path);
        return foreign.filter(({ pattern }) => pattern.test(text)).map(({ what }) => `${path} names ${what}`);
      });
    assert.deepEqual(wrong, []);
  });

  test("the lock file and .npmrc name no registry", () => {
    const lock = readRepositoryFile("package-lock.json");
    assert.equal(/"resolved": "https?:/.test(lock), false);
    assert.equal(/^\s*(?:@[^:]+:)?registry\s*=/m.test(readRepositoryFile(".npmrc")), false);
  });
});

/** What each part may import beside itself. Stores, carriers, channels, conveyors and programs never know each other. */
const below: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ports: ["domain"],
  engine: ["ports", "domain"],
  store: ["ports", "domain"],
  carriers: ["ports", "domain"],
  channels: ["ports", "domain"],
  conveyors: ["ports", "domain"],
  programs: ["ports", "domain"],
  system: ["ports", "domain"],
  doors: ["engine", "ports", "domain"],
  server: ["engine", "ports", "domain", "system"],
  cli: ["server", "engine", "ports", "domain", "system", "settings"],
  main: ["cli"],
  settings: ["ports", "domain"],
};

/** Files that plug parts together, and so see more than their neighbours. */
const roots: Readonly<Record<string, { readonly may: readonly string[]; readonly why: string }>> = {
  "src/server/start.ts": {
    may: ["doors", "carriers", "conveyors", "channels", "programs", "store", "settings"],
    why: "the composition root",
  },
  "src/server/messengers.ts": { may: ["channels"], why: "plugs the channels into this machine" },
  "src/server/rotate.ts": {
    may: ["store", "settings", "programs"],
    why: "opens the store itself to seal its rows anew, those of programs too",
  },
  "src/cli/doctor.ts": { may: ["store"], why: "opens the store itself to examine it" },
  "src/cli/manage-store.ts": { may: ["store"], why: "opens the store itself to empty it" },
  "src/cli/migrate.ts": { may: ["store"], why: "opens the store itself to migrate it" },
  "src/cli/backup-file.ts": { may: ["store"], why: "opens the store itself to copy it" },
};

function mayImport(from: string, target: string): boolean {
  const [own, other] = [partOf(from), partOf(target)];
  // Two plug-ins of one folder are as strange to each other as two folders; the folder's registry lists them all.
  if (own === other) return unitOf(from) === unitOf(target) || registries(own).includes(from);
  return [...(below[own] ?? []), ...(roots[from]?.may ?? [])].includes(other);
}

function registries(part: string): readonly string[] {
  return [`src/${part}/index.ts`, ...(part === "channels" ? ["src/channels/messengers.ts"] : [])];
}

function partOf(path: string): string {
  const [, first = "", ...rest] = path.split("/");
  if (rest.length > 0) return first;
  return first === "main.ts" ? "main" : "settings";
}

const plugIns = new Set(["carriers", "channels", "conveyors", "programs", "doors"]);

function unitOf(path: string): string {
  const [, part = "", unit = ""] = path.split("/");
  if (partOf(path) === "settings") return "settings";
  return plugIns.has(part) ? `${part}/${unit}` : part;
}

/** Libraries by the files that may know them; what is not listed is everybody's (pure helpers, node:path and the like). */
const hidden: readonly { readonly name: RegExp; readonly may: RegExp }[] = [
  { name: /^node:sqlite$/, may: /^src\/store\/sqlite\.ts$|^src\/cli\/backup-file\.ts$/ },
  { name: /^pg$/, may: /^src\/store\/postgres\.ts$/ },
  { name: /^kysely$/, may: /^src\/(?:store\/|ports\/sql\.ts|programs\/[^/]+\/statements)/ },
  { name: /^(?:fastify|@fastify\/.*)$/, may: /^src\/(?:server|doors|programs|ports\/(?:door\.ts|http\/))/ },
  { name: /^typebox/, may: /^src\/(?:server|doors|programs|ports\/http)\// },
  { name: /^commander$/, may: /^src\/cli\// },
  { name: /^csv-parse/, may: /^src\/(?:cli|system)\// },
  { name: /^nodemailer(?:\/|$)/, may: /^src\/channels\/email\// },
  {
    name: /^(?:undici|pino|date-holidays|ipaddr\.js|node:dns.*|node:net)$/,
    may: /^src\/(?:system|cli|server)\//,
  },
  {
    name: /^node:(?:http|https|http2|child_process|worker_threads|cluster|timers.*)$/,
    may: /^src\/(?:system|cli|server)\//,
  },
  { name: /^node:fs/, may: /^src\/(?:system|cli|store|carriers\/sandbox|config\.ts)/ },
];

function mayUse(path: string, library: string): boolean {
  if (/^src\/(?:domain|ports)\//.test(path) && library.startsWith("node:")) return false;
  return hidden.every(({ name, may }) => !name.test(library) || may.test(path));
}

/** Files over 400 lines, how long each may grow, and why it is not split. */
const longFiles: Readonly<Record<string, { readonly linesMax: number; readonly why: string }>> = {
  "src/domain/refusal.ts": {
    linesMax: 480,
    why: "one table of every error that a caller can meet",
  },
  "src/engine/dispatch.ts": {
    linesMax: 500,
    why: "the claim is one decision over lanes, limits and hours, read top down",
  },
  "src/doors/v1/routes.ts": { linesMax: 450, why: "all routes of a surface stand on one page" },
};

/** A suite is a list of promises, read one at a time; other files are read as a whole. */
function usualMax(path: string): number {
  return /^(?:tests|bench)\//.test(path) ? 600 : 400;
}

/** Words that have no business in a public repository; each with one bracketed letter, so that this file does not match itself. */
const foreign: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: "a folder outside the repository",
    pattern: /\/wor[k]\/(?:main|shared|refs)|\.\.\/share[d]\/|bash_job[s]/,
  },
  {
    what: "a page that is not in the repository",
    pattern:
      /\bRULING[S]\b|\bDESIG[N](?:\.md| law)? ?\d|\b(?:reliability|product|contracts|telephony|users-ask)\.m[d]\b/,
  },
  {
    what: "how it was written",
    pattern: /\b(?:claud[e]|anthropi[c]|copilo[t]|chatgp[t]|language mode[l])\b/i,
  },
  { what: "a private registry", pattern: /artifactor[y]|verdacci[o]|codeartifac[t]|jfro[g]/i },
];

function trackedFiles(): readonly string[] {
  if (!existsSync(`${root}.git`)) return everything.map(({ path }) => path);
  return execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "" && path !== "package-lock.json" && existsSync(`${root}${path}`));
}

function migrationFiles(): readonly string[] {
  return readdirSync(`${root}migrations`).filter((file) => file.endsWith(".sql"));
}
