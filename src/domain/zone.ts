import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  dayOfMs,
  daysFromCivil,
  daysInMonth,
  formatDay,
  isCivilDate,
  pad2,
} from "./civil.ts";

/**
 * The rules of one IANA zone. For an instant `at`, the offset is `offsetsMs[i]` of the first `i` with `at < untils[i]`.
 * Both arrays have the same length (at least 1); `untils` rises strictly and ends with Infinity; neighbours in
 * `offsetsMs` differ. Offsets are milliseconds east of UTC: local = utc + offset.
 */
export type ZoneRules = {
  readonly name: string;
  readonly untils: Float64Array;
  readonly offsetsMs: Int32Array;
};

/** Every zone in force, from one release of the tz database. */
export type ZoneBook = {
  /** The release, such as "2026f". */
  readonly version: string;
  /** Where the data came from: a package or a directory, for `/health` and `doctor`. */
  readonly source: string;
  /** The rules of a zone or alias; undefined when unknown. Case matters, as in IANA. */
  zone(name: string): ZoneRules | undefined;
  /** Every name and alias, sorted. */
  names(): readonly string[];
};

/** An instant (UTC ms) found for a local time, and whether the local time was missing or came twice. */
export type Resolved = { readonly at: number; readonly adjusted?: "gap" | "overlap" };

/**
 * What to do with a local time that does not exist (`gap`) or comes twice (`overlap`).
 * `forward` moves by the length of the gap (02:30 → 03:30), `next_valid` to its end (03:00), `backward` reads the time
 * with the offset after the gap (01:30), `reject` gives undefined. Defaults: forward, first.
 */
export type LocalOptions = {
  readonly gap?: "forward" | "next_valid" | "backward" | "reject" | undefined;
  readonly overlap?: "first" | "second" | "reject" | undefined;
};

/** The words of Temporal and java.time for the same choice. */
export type Disambiguation = "compatible" | "earlier" | "later" | "reject";

/** What `parseWhen` found in a text. `localMs` is wall time read as if it were UTC milliseconds. */
export type When =
  | { readonly kind: "instant"; readonly at: number; readonly zone?: string }
  | { readonly kind: "local"; readonly localMs: number; readonly zone?: string }
  | { readonly kind: "invalid"; readonly why: string };

/** The offset (ms east of UTC) in force at an instant. */
export function offsetAt(zone: ZoneRules, at: number): number {
  return zone.offsetsMs[segmentAt(zone, at)] ?? 0;
}

/** The first change of the offset strictly after `at`, as UTC ms; Infinity when none is known. */
export function nextTransition(zone: ZoneRules, at: number): number {
  return zone.untils[segmentAt(zone, at)] ?? Infinity;
}

/** Index into `untils` and `offsetsMs` of the stretch of constant offset that holds `at`. */
export function segmentAt(zone: ZoneRules, at: number): number {
  const { untils } = zone;
  let low = 0;
  let high = untils.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at < (untils[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Turns wall time (`localMs`, as if UTC) into an instant; undefined only when an option says `reject`, or for NaN. */
export function localToInstant(
  zone: ZoneRules,
  localMs: number,
  options: LocalOptions = {},
): Resolved | undefined {
  if (!Number.isFinite(localMs)) return undefined;
  // No offset ever exceeded 16 h, so only the stretches around these two instants can hold the answer.
  const start = segmentAt(zone, localMs - 16 * HOUR_MS);
  const end = segmentAt(zone, localMs + 16 * HOUR_MS);
  let first: number | undefined;
  let last: number | undefined;
  for (let i = start; i <= end; i += 1) {
    const at = localMs - offsetOf(zone, i);
    const from = i === 0 ? -Infinity : untilOf(zone, i - 1);
    if (at < from || at >= untilOf(zone, i)) continue;
    first ??= at;
    last = at;
  }
  if (first === undefined || last === undefined) return resolveGap(zone, localMs, start, end, options);
  if (first === last) return { at: first };
  if (options.overlap === "reject") return undefined;
  return { at: options.overlap === "second" ? last : first, adjusted: "overlap" };
}

/** Translates Temporal's word for the treatment of gaps and overlaps into options of `localToInstant`. */
export function optionsOf(disambiguation: Disambiguation): LocalOptions {
  switch (disambiguation) {
    case "compatible":
      return { gap: "forward", overlap: "first" };
    case "earlier":
      return { gap: "backward", overlap: "first" };
    case "later":
      return { gap: "forward", overlap: "second" };
    case "reject":
      return { gap: "reject", overlap: "reject" };
  }
}

/** Writes an instant in a zone's local time with its offset: "2026-12-01T10:00:00-05:00"; ms only when not zero. */
export function formatLocal(zone: ZoneRules, at: number): string {
  // RFC 3339 knows no seconds in an offset (local mean times had them): with the offset rounded, the text is still this instant.
  const offsetMinutes = Math.round(offsetAt(zone, at) / MINUTE_MS);
  const size = Math.abs(offsetMinutes);
  const sign = offsetMinutes < 0 ? "-" : "+";
  return `${formatWall(at + offsetMinutes * MINUTE_MS)}${sign}${pad2(Math.floor(size / 60))}:${pad2(size % 60)}`;
}

/** Writes an instant in UTC: "2026-12-01T15:00:00Z"; ms only when not zero. */
export function formatUtc(at: number): string {
  return `${formatWall(at)}Z`;
}

/** Writes wall time (`localMs`, as if UTC) without an offset: "2026-12-01T10:00:00"; ms only when not zero. */
export function formatWall(localMs: number): string {
  const day = dayOfMs(localMs);
  const ms = localMs - day * DAY_MS;
  const clock = `${pad2(Math.floor(ms / HOUR_MS))}:${pad2(Math.floor(ms / MINUTE_MS) % 60)}:${pad2(Math.floor(ms / 1000) % 60)}`;
  const fraction = ms % 1000 === 0 ? "" : `.${String(ms % 1000).padStart(3, "0")}`;
  return `${formatDay(day)}T${clock}${fraction}`;
}

const WHEN =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?(?:\[!?([A-Za-z][A-Za-z0-9_+/-]*)\])?$/;

/**
 * Reads a time as people and programs write it.
 * With `Z` or an offset (RFC 3339): an instant. Without: local time. A zone in brackets (RFC 9557) is passed on by name,
 * unchecked; where an offset stands beside it, the offset decides. Digits beyond milliseconds are dropped.
 * Anything else, dates that do not exist and leap seconds are `invalid`, with a sentence that says why.
 */
export function parseWhen(text: string): When {
  if (text.length > 64) return invalid("a time has at most 64 characters");
  const match = WHEN.exec(text);
  if (match === null) return invalid(whyNotATime(text));
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6] ?? "0")];
  if (!isCivilDate(year, month, day)) return invalid(whyNotADate(year, month, day));
  if (second === 60) return invalid("leap seconds are not supported: seconds run from 00 to 59");
  if (hour > 23 || minute > 59 || second > 59) return invalid("the clock runs from 00:00:00 to 23:59:59");
  const fraction = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const clockMs = hour * HOUR_MS + minute * MINUTE_MS + second * 1000 + fraction;
  const localMs = daysFromCivil(year, month, day) * DAY_MS + clockMs;
  const named = match[9] === undefined ? {} : { zone: match[9] };
  if (match[8] === undefined) return { kind: "local", localMs, ...named };
  const offsetMs = readOffset(match[8]);
  if (offsetMs === undefined) return invalid("an offset runs from -23:59 to +23:59");
  return { kind: "instant", at: localMs - offsetMs, ...named };
}

const LONGEST_DURATION_MS = 400 * DAY_MS;

/**
 * Reads "90s", "5m", "2h", "3d" or a sum in falling order such as "1h30m" as milliseconds.
 * Undefined when malformed, negative, or longer than 400 days. "0s" is 0.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > 32) return undefined;
  const match = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/.exec(text);
  if (match === null || text === "") return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? "0"));
  const ms =
    (days ?? 0) * DAY_MS + (hours ?? 0) * HOUR_MS + (minutes ?? 0) * MINUTE_MS + (seconds ?? 0) * 1000;
  return ms > LONGEST_DURATION_MS ? undefined : ms;
}

function resolveGap(
  zone: ZoneRules,
  localMs: number,
  start: number,
  end: number,
  options: LocalOptions,
): Resolved | undefined {
  const gap = options.gap ?? "forward";
  if (gap === "reject") return undefined;
  for (let i = start; i < end; i += 1) {
    const change = untilOf(zone, i);
    const [before, after] = [offsetOf(zone, i), offsetOf(zone, i + 1)];
    if (localMs < change + before || localMs >= change + after) continue;
    if (gap === "next_valid") return { at: change, adjusted: "gap" };
    return { at: localMs - (gap === "forward" ? before : after), adjusted: "gap" };
  }
  return undefined;
}

function untilOf(zone: ZoneRules, index: number): number {
  return zone.untils[index] ?? Infinity;
}

function offsetOf(zone: ZoneRules, index: number): number {
  return zone.offsetsMs[index] ?? 0;
}

function readOffset(text: string): number | undefined {
  if (text === "Z" || text === "z") return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith("-") ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
}

function whyNotATime(text: string): string {
  if (text.trim() !== text) return "remove the blanks around the time";
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return "a date needs a time too, such as 2026-12-01T10:00:00";
  if (/^\d{9,13}$/.test(text)) return "write the time as 2026-12-01T10:00:00Z, not as a number of seconds";
  if (/\[[+-]/.test(text)) return "name a zone in the brackets, such as [America/New_York]";
  return "not a time: write 2026-12-01T10:00:00Z, 2026-12-01T10:00:00-05:00 or 2026-12-01T10:00:00";
}

function whyNotADate(year: number, month: number, day: number): string {
  if (month < 1 || month > 12) return "months run from 01 to 12";
  if (day < 1 || day > 31) return "days run from 01 to 31";
  return `${year}-${pad2(month)} has only ${daysInMonth(year, month)} days`;
}

function invalid(why: string): When {
  return { kind: "invalid", why };
}
