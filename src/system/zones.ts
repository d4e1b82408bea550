import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { DAY_MS, daysFromCivil } from "../domain/civil.ts";
import type { ZoneBook, ZoneRules } from "../domain/zone.ts";
import { readTzif } from "./tzif.ts";

/** Where to look for zone data, and whom to tell about files that cannot be read. */
export type ZoneOptions = {
  /** A directory of compiled zones (TZif) that wins over everything else. */
  readonly directory?: string | undefined;
  /** The operating system's zones, used when newer than the packaged ones. Default `/usr/share/zoneinfo`; "" for none. */
  readonly systemDirectory?: string | undefined;
  readonly log?: ((message: string, fields: Record<string, unknown>) => void) | undefined;
};

/** The shape of `moment-timezone/data/packed/latest.json`. */
export type PackedZones = {
  readonly version: string;
  readonly zones: readonly string[];
  readonly links: readonly string[];
};

const SYSTEM_DIRECTORY = "/usr/share/zoneinfo";

/**
 * Opens the newest zone data at hand: the directory given; else the operating system's when its release is newer than the
 * packaged one; else the packaged one. Zones are unpacked at their first use. Node's own tables are never used, because
 * they are as old as Node. Throws when a directory was given that holds no zones.
 */
export function loadZones(options: ZoneOptions = {}): ZoneBook {
  if (options.directory !== undefined && options.directory !== "") {
    return directoryBook(options.directory, options.log);
  }
  const packed = readPacked();
  const system = options.systemDirectory ?? SYSTEM_DIRECTORY;
  const systemVersion = system === "" ? undefined : versionOf(system);
  if (systemVersion !== undefined && isNewer(systemVersion, packed.version)) {
    try {
      return directoryBook(system, options.log);
    } catch (error) {
      // A broken copy of the operating system costs nothing: the packaged data is complete.
      options.log?.("the zone data of the operating system cannot be read", { directory: system, error });
    }
  }
  return packedBook(packed);
}

/** A book over packed data (moment-timezone's format: minutes in base 60, west positive, deltas). */
export function packedBook(packed: PackedZones): ZoneBook {
  const lines = new Map<string, string>();
  for (const line of packed.zones) lines.set(line.slice(0, line.indexOf("|")), line);
  const targets = new Map<string, string>();
  for (const link of packed.links) {
    const [target, alias] = link.split("|");
    if (target !== undefined && alias !== undefined) targets.set(alias, target);
  }
  const opened = new Map<string, ZoneRules>();
  let names: readonly string[] | undefined;
  const zone = (name: string): ZoneRules | undefined => {
    const known = opened.get(name);
    if (known !== undefined) return known;
    const line = lines.get(name) ?? lines.get(targets.get(name) ?? "");
    if (line === undefined) return undefined;
    const rules = unpackZone(name, line);
    opened.set(name, rules);
    return rules;
  };
  return {
    version: packed.version,
    source: "moment-timezone",
    zone,
    names: () => (names ??= [...lines.keys(), ...targets.keys()].sort()),
  };
}

/** A book over a directory of TZif files. Throws when it holds none. */
export function directoryBook(directory: string, log?: ZoneOptions["log"]): ZoneBook {
  const names = listZones(directory);
  if (names.length === 0) throw new Error(`no zone data in ${directory}`);
  const known = new Set(names);
  const opened = new Map<string, ZoneRules | undefined>();
  const zone = (name: string): ZoneRules | undefined => {
    if (!known.has(name)) return undefined;
    if (opened.has(name)) return opened.get(name);
    let rules: ZoneRules | undefined;
    try {
      rules = readTzif(name, readFileSync(join(directory, name)));
    } catch (error) {
      // An unreadable zone counts as unknown, which holds its calls with a reason; it is never guessed.
      log?.("a zone cannot be read", { directory, zone: name, error });
    }
    opened.set(name, rules);
    return rules;
  };
  return { version: versionOf(directory) ?? "unknown", source: directory, zone, names: () => names };
}

/**
 * A sentence for `doctor` when a release such as "2026f" is older than a year at `now` (UTC ms); otherwise undefined.
 * A release's name carries its year and a letter; the letters are taken as two months each, which is about their pace.
 */
export function zonesOutdated(version: string, now: number): string | undefined {
  const match = /^(\d{4})([a-z])/.exec(version);
  if (match === null) return `the release of the time-zone data (${version}) is unknown`;
  const letter = (match[2] ?? "a").charCodeAt(0) - 97;
  const releasedAt = daysFromCivil(Number(match[1]), 1, 1) * DAY_MS + Math.min(letter * 60, 364) * DAY_MS;
  if (now - releasedAt <= 366 * DAY_MS) return undefined;
  return `the time-zone data (${version}) is older than a year: run \`npm update moment-timezone\` or update the system's tzdata`;
}

function readPacked(): PackedZones {
  // The package's main file wants moment and a global registry; only its data is used.
  const path = createRequire(import.meta.url).resolve("moment-timezone/data/packed/latest.json");
  return JSON.parse(readFileSync(path, "utf8")) as PackedZones;
}

function unpackZone(name: string, line: string): ZoneRules {
  const [, , offsetsText = "", indicesText = "", untilsText = ""] = line.split("|");
  const offsets = offsetsText.split(" ").map((text) => -base60Seconds(text) * 1000);
  const deltas = untilsText.split(" ");
  const untils: number[] = [];
  const offsetsMs: number[] = [];
  let at = 0;
  for (let i = 0; i < indicesText.length; i += 1) {
    const offset = offsets[base60Digit(indicesText.charCodeAt(i))];
    if (offset === undefined) throw new Error(`the packed data of ${name} is damaged`);
    const isLast = i === indicesText.length - 1;
    if (!isLast) at += base60Seconds(deltas[i] ?? "") * 1000;
    const until = isLast ? Infinity : at;
    // Changes of the abbreviation alone are no transitions.
    if (offsetsMs.at(-1) === offset) untils[untils.length - 1] = until;
    else {
      untils.push(until);
      offsetsMs.push(offset);
    }
  }
  if (offsetsMs.length === 0) throw new Error(`the packed data of ${name} is damaged`);
  return { name, untils: Float64Array.from(untils), offsetsMs: Int32Array.from(offsetsMs) };
}

/** Minutes in base 60 with one digit of seconds after a dot, as whole seconds. */
function base60Seconds(text: string): number {
  const isNegative = text.startsWith("-");
  let seconds = 0;
  let scale = 0;
  for (let i = isNegative ? 1 : 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 46) scale = 1;
    else if (scale === 0) seconds = seconds * 60 + base60Digit(code) * 60;
    else {
      seconds += scale === 1 ? base60Digit(code) : 0;
      scale += 1;
    }
  }
  return isNegative ? -seconds : seconds;
}

function base60Digit(code: number): number {
  if (code > 96) return code - 87;
  return code > 64 ? code - 29 : code - 48;
}

/** The release in `tzdata.zi` or `+VERSION`; undefined when neither tells. */
function versionOf(directory: string): string | undefined {
  for (const file of ["tzdata.zi", "+VERSION", "version"]) {
    try {
      const match = /^(?:# version )?(\d{4}[a-z]+)/.exec(readFileSync(join(directory, file), "utf8"));
      if (match !== null) return match[1];
    } catch {
      // Most directories have only one of these files.
    }
  }
  return undefined;
}

/** Whether release `a` is later than `b`: "2026f" < "2026z" < "2026za" < "2027a". */
function isNewer(a: string, b: string): boolean {
  return a > b;
}

/** Names of the TZif files below a directory; `right/` counts leap seconds and `posix/` repeats the rest. */
function listZones(directory: string): readonly string[] {
  const names: string[] = [];
  const walk = (prefix: string, depth: number): void => {
    for (const entry of readdirSync(join(directory, prefix), { withFileTypes: true })) {
      const name = prefix + entry.name;
      if (!/^[A-Z][A-Za-z0-9_+-]*$/.test(entry.name) && prefix === "") continue;
      if (entry.isDirectory() && depth < 3) walk(`${name}/`, depth + 1);
      else if (!entry.isDirectory() && /^[A-Za-z0-9_+/-]+$/.test(name)) names.push(name);
    }
  };
  walk("", 0);
  return names.sort();
}
