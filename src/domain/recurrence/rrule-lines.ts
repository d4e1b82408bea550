import { DATES_MAX, RULE_LINES_MAX, RULE_TEXT_MAX } from "./rule.ts";
import { Unsound, quote, readMoment } from "./input.ts";
import type { Moment } from "./input.ts";
import type { ZoneRules } from "../zone.ts";

/** The lines of a recurrence, taken apart: the parts of RRULE by name, and the dates of the others. */
export type RruleLines = {
  readonly parts: ReadonlyMap<string, string>;
  readonly start: Moment | undefined;
  readonly excluded: readonly Moment[];
  readonly extra: readonly Moment[];
};

const PARTS = [
  "FREQ",
  "INTERVAL",
  "COUNT",
  "UNTIL",
  "WKST",
  "BYSECOND",
  "BYMINUTE",
  "BYHOUR",
  "BYDAY",
  "BYMONTHDAY",
  "BYYEARDAY",
  "BYWEEKNO",
  "BYMONTH",
  "BYSETPOS",
];

/**
 * Reads the text of an RRULE: the rule alone ("FREQ=DAILY"), with its name ("RRULE:FREQ=DAILY"), or the lines of an
 * iCalendar component with DTSTART, EXDATE and RDATE, folded or not (RFC 5545 3.1, 3.8.5).
 */
export function readLines(text: string, zone: ZoneRules): RruleLines {
  if (text.length > RULE_LINES_MAX) fault(`the text has at most ${RULE_LINES_MAX} characters`);
  let rule: string | undefined;
  let start: Moment | undefined;
  const excluded: Moment[] = [];
  const extra: Moment[] = [];
  for (const line of unfold(text)) {
    const { name, parameters, value } = splitLine(line);
    if (name === "RRULE") {
      if (rule !== undefined) fault("send one RRULE; two rules are two series");
      rule = value;
    } else if (name === "DTSTART") {
      if (start !== undefined) fault("send one DTSTART");
      start = readDates(parameters, value, zone)[0];
    } else if (name === "EXDATE") excluded.push(...readDates(parameters, value, zone));
    else if (name === "RDATE") extra.push(...readDates(parameters, value, zone));
    else fault(`the line ${quote(name)} is not supported: send RRULE, DTSTART, EXDATE and RDATE`);
    if (excluded.length > DATES_MAX || extra.length > DATES_MAX) fault(`send at most ${DATES_MAX} dates`);
  }
  if (rule === undefined) return fault("the text has no RRULE");
  return { parts: splitParts(rule), start, excluded, extra };
}

function fault(detail: string): never {
  throw new Unsound("/rrule", detail);
}

/** Lines without their folds; empty ones are dropped. */
function unfold(text: string): readonly string[] {
  return text
    .replaceAll(/\r?\n[ \t]/g, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function splitLine(line: string): { name: string; parameters: readonly string[]; value: string } {
  const colon = line.indexOf(":");
  if (colon < 0) {
    if (/^[a-z]+=/i.test(line)) return { name: "RRULE", parameters: [], value: line };
    return fault(`${quote(line)} is no rule: send a text such as "FREQ=WEEKLY;BYDAY=MO"`);
  }
  const [name = "", ...parameters] = line.slice(0, colon).split(";");
  return { name: name.toUpperCase(), parameters, value: line.slice(colon + 1) };
}

function readDates(parameters: readonly string[], value: string, zone: ZoneRules): readonly Moment[] {
  for (const parameter of parameters) {
    const [key = "", word = ""] = parameter.toUpperCase().split("=");
    if (key === "TZID") {
      const named = parameter.slice(5).replaceAll('"', "");
      if (named !== zone.name)
        fault(`TZID=${quote(named)} differs from the timezone of the series, ${zone.name}`);
    } else if (key !== "VALUE" || (word !== "DATE" && word !== "DATE-TIME")) {
      fault(`the parameter ${quote(parameter)} is not supported`);
    }
  }
  const texts = value.split(",", DATES_MAX + 1);
  return texts.map((text) => readMoment(text.trim(), "/rrule", zone));
}

function splitParts(rule: string): ReadonlyMap<string, string> {
  if (rule.length > RULE_TEXT_MAX) fault(`a rule has at most ${RULE_TEXT_MAX} characters`);
  const parts = new Map<string, string>();
  for (const part of rule.split(";")) {
    if (part.trim() === "") continue;
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(equals, 0)).trim().toUpperCase();
    if (name === "RSCALE" || name === "SKIP") fault(`${name} (RFC 7529) is not supported`);
    if (!PARTS.includes(name)) fault(`${quote(part)} is no part of a rule; known: ${PARTS.join(", ")}`);
    if (parts.has(name)) fault(`${name} stands twice`);
    parts.set(
      name,
      part
        .slice(equals + 1)
        .trim()
        .toUpperCase(),
    );
  }
  return parts;
}
