import { ALL_WEEKDAYS, EVERY_DAY } from "./days.ts";
import { Unsound, assertKnown, quote } from "./input.ts";
import type { Draft } from "./input.ts";
import { RULE_TEXT_MAX } from "./rule.ts";
import { sameTimes } from "./times.ts";

type Field = {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words: readonly string[];
};

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const FIELDS: readonly Field[] = [
  { name: "minute", least: 0, most: 59, words: [] },
  { name: "hour", least: 0, most: 23, words: [] },
  { name: "day of the month", least: 1, most: 31, words: [] },
  { name: "month", least: 1, most: 12, words: MONTHS },
  { name: "weekday", least: 0, most: 7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];
const SHORTHANDS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * Reads `{cron}`: minute, hour, day of the month, month, weekday, as in crontab(5): lists, ranges, steps and names; 7 is
 * Sunday too. With both days restricted (neither begins with a star) either will do. The start is only the earliest time.
 */
export function readCron(given: Readonly<Record<string, unknown>>, startLocalMs: number): Draft {
  assertKnown(given, ["cron", "until", "max_occurrences"]);
  const texts = splitFields(given["cron"]);
  const [minutes = [], hours = [], dates = [], months = [], weekdays = []] = FIELDS.map((field, i) =>
    readField(texts[i] ?? "", field),
  );
  const monthDays = dates.length === 31 ? 0 : maskOf(dates);
  const weekdayMask = maskOf(weekdays.map((weekday) => weekday % 7));
  const isEither = !isStar(texts[2]) && !isStar(texts[4]);
  const isEveryDay = isEither && (monthDays === 0 || weekdayMask === ALL_WEEKDAYS);
  const days = isEveryDay ? EVERY_DAY : { ...EVERY_DAY, monthDays, weekdays: weekdayMask, isEither };
  return {
    days: { ...days, months: maskOf(months) },
    times: sameTimes(hours, minutes, 0),
    setPositions: [],
    runsHourly: hours.length === 24,
    step: undefined,
    anchorLocalMs: startLocalMs,
    count: undefined,
    last: undefined,
    excluded: [],
    extra: [],
  };
}

function splitFields(value: unknown): readonly string[] {
  if (typeof value !== "string" || value.length > RULE_TEXT_MAX) {
    throw new Unsound(
      "/cron",
      `send a text of at most ${RULE_TEXT_MAX} characters, such as "0 10 * * mon-fri"`,
    );
  }
  const text = value.trim().toLowerCase();
  if (text.startsWith("@")) {
    const full = Object.hasOwn(SHORTHANDS, text) ? SHORTHANDS[text] : undefined;
    if (full !== undefined) return full.split(" ");
    throw new Unsound("/cron", `${quote(value)} is not known; known: ${Object.keys(SHORTHANDS).join(", ")}`);
  }
  if (/^(?:cron_)?tz=/.test(text))
    throw new Unsound("/cron", "the zone goes into timezone, not into the expression");
  const fields = text.split(/\s+/);
  if (fields.length === 5) return fields;
  const why = fields.length > 5 ? "; seconds and years are not supported" : "";
  throw new Unsound(
    "/cron",
    `a cron expression has five fields (minute, hour, day of the month, month, weekday), not ${fields.length}${why}`,
  );
}

/** The values of one field, sorted. */
function readField(text: string, field: Field): readonly number[] {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const { from, to, step } = readPart(part, field);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function readPart(part: string, field: Field): { from: number; to: number; step: number } {
  const match = /^(?:(\*|\?)|([a-z]+|\d{1,2})(?:-([a-z]+|\d{1,2}))?)(?:\/(\d{1,4}))?$/.exec(part);
  if (match === null) throw new Unsound("/cron", whyNotAPart(part, field));
  const [, star, first, second, stepText] = match;
  const span = field.most - field.least + 1;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1 || step >= span) {
    throw new Unsound("/cron", `the step ${quote(part)} of the ${field.name} must be from 1 to ${span - 1}`);
  }
  if (star !== undefined) {
    if (star === "?" && field.name !== "weekday" && field.name !== "day of the month") {
      throw new Unsound("/cron", whyNotAPart(part, field));
    }
    // Sunday is counted once, as 0: a step begins there and ends on Saturday.
    return { from: field.least, to: field.name === "weekday" ? 6 : field.most, step };
  }
  const from = readValue(first ?? "", field, part);
  if (second === undefined) {
    if (stepText === undefined) return { from, to: from, step };
    return { from, to: field.name === "weekday" ? 6 : field.most, step };
  }
  const last = readValue(second, field, part);
  const to = second === "sun" && from > 0 ? 7 : last;
  if (from > to) {
    throw new Unsound(
      "/cron",
      `the range ${quote(part)} of the ${field.name} runs backwards: write two ranges with a comma`,
    );
  }
  return { from, to, step };
}

function readValue(text: string, field: Field, part: string): number {
  const word = field.words.indexOf(text);
  const value = word >= 0 ? word + field.least : /^\d/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.least && value <= field.most) return value;
  throw new Unsound("/cron", whyNotAPart(part, field));
}

function whyNotAPart(part: string, field: Field): string {
  const names = field.words.length === 0 ? "" : `, or ${field.words[0]} to ${field.words.at(-1)}`;
  const hint =
    /[lw#]/.test(part) && field.words.length === 0
      ? "; for the last day or the second Tuesday send an rrule"
      : "";
  return `${quote(part)} is no ${field.name}: numbers run from ${field.least} to ${field.most}${names}${hint}`;
}

function isStar(text: string | undefined): boolean {
  return text?.startsWith("*") === true || text?.startsWith("?") === true;
}

function maskOf(values: readonly number[]): number {
  return values.reduce((mask, value) => mask | (1 << value), 0);
}
