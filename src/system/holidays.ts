import type Holidays from "date-holidays";
import type { HolidaysTypes } from "date-holidays";
import { DAY_MS, HOUR_MS, civilFromDays, parseDay } from "../domain/civil.ts";
import type { ClosedDates } from "../domain/window.ts";

export type HolidayOptions = {
  /** Kinds of days that count. Default: only "public". */
  readonly types?: readonly HolidaysTypes.HolidayType[] | undefined;
  /** More closed dates: days since 1970-01-01 → name. They win over the calendar's names. */
  readonly extra?: ReadonlyMap<number, string> | undefined;
};

/**
 * The holidays of a country (ISO 3166, "US") or of a part of it ("CA"; a part of a part is "BY-A"), as closed local dates
 * without a zone. The library is loaded at the first use (about 0.4 s).
 *
 * `years` are worked out at once (15-90 ms each, then cached for the process). A date in any other year is worked out when
 * asked for: the answer is never "open" because a year was not loaded. A holiday of half a day closes the whole date.
 * Throws RangeError when the country or region is unknown, because hours without their holidays would be a guess.
 */
export async function loadHolidays(
  country: string,
  region: string | undefined,
  years: readonly number[],
  options: HolidayOptions = {},
): Promise<ClosedDates> {
  const calendar = await openCalendar(country, region);
  const types = options.types ?? ["public"];
  const { extra } = options;
  for (const year of years) datesOf(calendar, types, year);
  return {
    has: (localDate) =>
      extra?.get(localDate) ?? datesOf(calendar, types, civilFromDays(localDate).year).get(localDate),
  };
}

type Calendar = {
  readonly holidays: Holidays;
  /** The library's list of each year. */
  readonly lists: Map<number, readonly Closed[]>;
  /** Key: types and year. */
  readonly dates: Map<string, ReadonlyMap<number, string>>;
};

type Closed = {
  readonly first: number;
  readonly days: number;
  readonly name: string;
  readonly type: string;
};

const calendars = new Map<string, Calendar>();
/** So many calendars, and years of one, are kept; then the cache starts afresh. */
const CACHED_MAX = 500;

async function openCalendar(country: string, region: string | undefined): Promise<Calendar> {
  const key = `${country}/${region ?? ""}`.toUpperCase();
  const known = calendars.get(key);
  if (known !== undefined) return known;
  const { default: Library } = await import("date-holidays");
  const [code, state, part] = [country.toUpperCase(), ...(region ?? "").toUpperCase().split("-")];
  const index = new Library();
  if (!(code in index.getCountries("en"))) throw new RangeError(`no holidays are known for country ${code}`);
  const isKnownState = !state || hasKey(index.getStates(code, "en"), state);
  const isKnownPart = !part || hasKey(index.getRegions(code, state ?? "", "en"), part);
  if (!isKnownState || !isKnownPart) throw new RangeError(`no region ${region} of country ${code} is known`);
  const place: HolidaysTypes.Country = { country: code };
  if (state) place.state = state;
  if (part) place.region = part;
  const calendar = { holidays: new Library(place), lists: new Map(), dates: new Map() };
  if (calendars.size >= CACHED_MAX) calendars.clear();
  calendars.set(key, calendar);
  return calendar;
}

function hasKey(table: unknown, key: string): boolean {
  return (
    typeof table === "object" &&
    table !== null &&
    Object.keys(table).some((name) => name.toUpperCase() === key)
  );
}

function datesOf(calendar: Calendar, types: readonly string[], year: number): ReadonlyMap<number, string> {
  const key = `${types.join()} ${year}`;
  const known = calendar.dates.get(key);
  if (known !== undefined) return known;
  const names = new Map<number, string>();
  // Neighbouring years count too: a holiday may run past New Year, and its substitute may lie before it.
  for (const listed of [year - 1, year, year + 1]) {
    for (const { first, days, name, type } of listOf(calendar, listed)) {
      if (!types.includes(type)) continue;
      for (let day = first; day < first + days; day += 1) {
        if (civilFromDays(day).year === year && !names.has(day)) names.set(day, name);
      }
    }
  }
  if (calendar.dates.size >= CACHED_MAX) calendar.dates.clear();
  calendar.dates.set(key, names);
  return names;
}

function listOf(calendar: Calendar, year: number): readonly Closed[] {
  const known = calendar.lists.get(year);
  if (known !== undefined) return known;
  const list = calendar.holidays.getHolidays(year, "en").flatMap(closedDays);
  if (calendar.lists.size >= CACHED_MAX) calendar.lists.clear();
  calendar.lists.set(year, list);
  return list;
}

/** The local dates of one holiday: only its written date and its length are used, never the library's instants. */
function closedDays({ date, start, end, name, type }: HolidaysTypes.Holiday): Closed[] {
  const first = parseDay(date.slice(0, 10));
  if (first === undefined) return [];
  const startMs = Number(date.slice(11, 13)) * HOUR_MS;
  // A day on which the clocks change is an hour longer or shorter: two hours of slack keep it one day.
  const endMs = startMs + end.getTime() - start.getTime() - 2 * HOUR_MS;
  return [{ first, days: Math.min(Math.max(Math.ceil(endMs / DAY_MS), 1), 31), name, type }];
}
