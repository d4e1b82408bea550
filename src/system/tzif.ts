import { DAY_MS, daysFromCivil, isLeapYear, weekdayOf, civilFromDays, daysInMonth } from "../domain/civil.ts";
import type { ZoneRules } from "../domain/zone.ts";

/** The last year for which a footer's rule is written out. */
export const LAST_YEAR = 2100;

/**
 * Reads a compiled zone (TZif version 1-4, RFC 9636), with its POSIX footer written out to the year 2100.
 * Throws when the bytes are not a zone, are cut short, or count leap seconds (`right/`).
 */
export function readTzif(name: string, bytes: Uint8Array): ZoneRules {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = readHeader(view, 0);
  const isLong = head.version >= 2;
  const start = isLong ? 44 + sizeOf(head, 4) : 0;
  const counts = isLong ? readHeader(view, start) : head;
  const width = isLong ? 8 : 4;
  if (counts.leap > 0) throw new Error(`${name} counts leap seconds`);
  if (counts.type === 0) throw new Error(`${name} has no local time types`);
  const times = start + 44;
  const kinds = times + counts.time * width;
  const types = kinds + counts.time;
  const offsetOfType = (type: number): number => {
    if (type >= counts.type) throw new Error(`${name} names a local time type that is missing`);
    return view.getInt32(types + type * 6) * 1000;
  };
  const builder = new Builder(offsetOfType(0));
  for (let i = 0; i < counts.time; i += 1) {
    const seconds = isLong ? Number(view.getBigInt64(times + i * 8)) : view.getInt32(times + i * 4);
    builder.add(seconds * 1000, offsetOfType(view.getUint8(kinds + i)));
  }
  if (isLong) {
    const footer = new TextDecoder("latin1").decode(bytes.subarray(start + 44 + sizeOf(counts, 8)));
    const text = /^\n([^\n]*)\n/.exec(footer)?.[1];
    if (text === undefined) throw new Error(`${name} has no footer`);
    if (text !== "") addFooter(builder, parseFooter(text));
  }
  return builder.finish(name);
}

type Counts = {
  readonly version: number;
  readonly leap: number;
  readonly time: number;
  readonly type: number;
  readonly char: number;
  readonly isStd: number;
  readonly isUt: number;
};

function readHeader(view: DataView, at: number): Counts {
  if (view.getUint32(at) !== 0x54_5a_69_66) throw new Error("not a TZif file");
  const version = view.getUint8(at + 4);
  return {
    version: version === 0 ? 1 : version - 48,
    isUt: view.getUint32(at + 20),
    isStd: view.getUint32(at + 24),
    leap: view.getUint32(at + 28),
    time: view.getUint32(at + 32),
    type: view.getUint32(at + 36),
    char: view.getUint32(at + 40),
  };
}

/** Bytes of a data block whose times take `width` bytes. */
function sizeOf(counts: Counts, width: number): number {
  return (
    counts.time * (width + 1) +
    counts.type * 6 +
    counts.char +
    counts.leap * (width + 4) +
    counts.isStd +
    counts.isUt
  );
}

/** Collects changes in rising order and leaves out those that change nothing. */
class Builder {
  readonly #untils: number[] = [];
  readonly #offsets: number[];
  /** The last change handed in, also one that changed nothing: the footer speaks only of the time after it. */
  #lastAt = -Infinity;

  constructor(first: number) {
    this.#offsets = [first];
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  add(at: number, offset: number): void {
    if (at <= this.#lastAt) return;
    this.#lastAt = at;
    if (offset === this.#offsets.at(-1)) return;
    this.#untils.push(at);
    this.#offsets.push(offset);
  }

  finish(name: string): ZoneRules {
    return {
      name,
      untils: Float64Array.from([...this.#untils, Infinity]),
      offsetsMs: Int32Array.from(this.#offsets),
    };
  }
}

/** A POSIX TZ rule: offsets in ms east of UTC, and the days and wall times (ms) at which summer time starts and ends. */
type Footer = {
  readonly standardMs: number;
  readonly summer?: { readonly offsetMs: number; readonly start: YearDay; readonly end: YearDay };
};

/** A day of the year as POSIX writes it: `Mm.w.d`, `Jn` (1-365, 29 February not counted) or `n` (0-365). */
type YearDay = (
  | { readonly kind: "month"; readonly month: number; readonly week: number; readonly weekday: number }
  | { readonly kind: "julian" | "zero"; readonly day: number }
) & { readonly timeMs: number };

function addFooter(builder: Builder, footer: Footer): void {
  const { standardMs, summer } = footer;
  // Without summer time the footer repeats the offset of the last change (RFC 9636, 3.3).
  if (summer === undefined) return;
  const fromAt = builder.lastAt;
  const firstYear = fromAt === -Infinity ? 1970 : civilFromDays(Math.floor(fromAt / DAY_MS)).year;
  const changes: { at: number; offset: number }[] = [];
  for (let year = firstYear; year <= LAST_YEAR; year += 1) {
    changes.push({ at: instantIn(year, summer.start) - standardMs, offset: summer.offsetMs });
    changes.push({ at: instantIn(year, summer.end) - summer.offsetMs, offset: standardMs });
  }
  // Summer time all the year (RFC 9636, 3.3.1) ends where it starts: the later entry, its start, wins.
  changes.sort((a, b) => a.at - b.at || (a.offset === summer.offsetMs ? 1 : -1));
  changes.forEach((change, i) => {
    if (changes[i + 1]?.at !== change.at) builder.add(change.at, change.offset);
  });
}

function instantIn(year: number, rule: YearDay): number {
  return dayIn(year, rule) * DAY_MS + rule.timeMs;
}

function dayIn(year: number, rule: YearDay): number {
  if (rule.kind === "month") {
    const first = daysFromCivil(year, rule.month, 1);
    const shift = (rule.weekday - weekdayOf(first) + 7) % 7;
    const day = shift + (rule.week - 1) * 7;
    return first + (day >= daysInMonth(year, rule.month) ? day - 7 : day);
  }
  const first = daysFromCivil(year, 1, 1);
  if (rule.kind === "zero") return first + rule.day;
  return first + rule.day - 1 + (isLeapYear(year) && rule.day >= 60 ? 1 : 0);
}

const CLOCK = String.raw`[+-]?\d{1,3}(?::\d\d(?::\d\d)?)?`;
const NAME = String.raw`(?:<[A-Za-z0-9+-]+>|[A-Za-z]{3,})`;
const FOOTER = new RegExp(
  `^${NAME}(${CLOCK})(?:${NAME}(${CLOCK})?,([MJ0-9.]+)(?:/(${CLOCK}))?,([MJ0-9.]+)(?:/(${CLOCK}))?)?$`,
);

function parseFooter(text: string): Footer {
  const match = FOOTER.exec(text);
  if (match === null) throw new Error(`the footer ${JSON.stringify(text)} is not a POSIX TZ rule`);
  // POSIX counts offsets west of Greenwich.
  const standardMs = -clockMs(match[1] ?? "0");
  if (match[3] === undefined) return { standardMs };
  const offsetMs = match[2] === undefined ? standardMs + 3_600_000 : -clockMs(match[2]);
  const start = parseYearDay(match[3], match[4]);
  return { standardMs, summer: { offsetMs, start, end: parseYearDay(match[5] ?? "", match[6]) } };
}

function parseYearDay(text: string, time: string | undefined): YearDay {
  const timeMs = clockMs(time ?? "2");
  const month = /^M(\d{1,2})\.([1-5])\.([0-6])$/.exec(text);
  if (month !== null) {
    const [number, week, weekday] = month.slice(1).map(Number);
    return { kind: "month", month: number ?? 1, week: week ?? 1, weekday: weekday ?? 0, timeMs };
  }
  const day = /^(J?)(\d{1,3})$/.exec(text);
  if (day === null) throw new Error(`${JSON.stringify(text)} is not a day of a POSIX TZ rule`);
  return { kind: day[1] === "J" ? "julian" : "zero", day: Number(day[2]), timeMs };
}

function clockMs(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.replace(/^[+-]/, "").split(":").map(Number);
  return (text.startsWith("-") ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
