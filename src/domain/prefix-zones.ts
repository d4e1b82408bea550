import type { PrefixZones } from "./phone.ts";
import data from "./data/prefix-zones.json" with { type: "json" };

/** The zones of every number prefix, unpacked at the first use (about a millisecond) and kept. See `NOTICE` for the source. */
export function prefixZones(): PrefixZones {
  return (unpacked ??= unpack());
}

let unpacked: PrefixZones | undefined;

function unpack(): PrefixZones {
  const names = data.zones.split(" ");
  const prefixes = new Map<number, readonly string[]>();
  for (const [indices, group] of Object.entries(data.groups)) {
    const zones = indices
      .slice(1)
      .split(" ")
      .map((index) => names[Number(index)] ?? "");
    for (const prefix of group.split(" ")) prefixes.set(Number(prefix), zones);
  }
  return prefixes;
}
