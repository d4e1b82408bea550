import { parseDay } from "../../domain/civil.ts";

import { type FormFault, refuseForm } from "../../ports/http/detail.ts";
import { minuteOf } from "./rules.ts";

type Reading<T> = { readonly value: T } | { readonly fault: Omit<FormFault, "loc"> };

/** How one member of a request is read. */
export type Field<T> = {
  readonly isRequired: boolean;
  readonly read: (value: unknown) => Reading<T>;
};
type Fields = Readonly<Record<string, Field<unknown>>>;
/** Absent is undefined, null stays null. */
export type FormOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Required<infer T>
    ? T
    : F[K] extends Field<infer T>
      ? T | null | undefined
      : never;
};
type Required<T> = Field<T> & { readonly isRequired: true };

/**
 * Reads the members of a body or a query that the service knows; others are ignored. Throws with everything that is wrong.
 */
export function readForm<F extends Fields>(fields: F, source: "body" | "query", value: unknown): FormOf<F> {
  if (!isObject(value)) throw refuseForm([notAnObject(source, value)]);
  const faults: FormFault[] = [];
  const form: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const given = source === "query" && value[name] === "" ? undefined : value[name];
    const loc = [source, name];
    if (given === undefined || given === null) {
      if (field.isRequired) faults.push({ type: "missing", loc, msg: "Field required" });
      else form[name] = given;
      continue;
    }
    const reading = field.read(given);
    if ("fault" in reading) faults.push({ ...reading.fault, loc });
    else form[name] = reading.value;
  }
  if (faults.length > 0) throw refuseForm(faults);
  return form as FormOf<F>;
}

function notAnObject(source: string, value: unknown): FormFault {
  if (value === undefined || value === null) return { type: "missing", loc: [source], msg: "Field required" };
  const msg = "Input should be a valid dictionary or object to extract fields from";
  return { type: "model_attributes_type", loc: [source], msg };
}

export function required<T>(field: Field<T>): Required<T> {
  return { ...field, isRequired: true };
}

export function text(lengthMax: number, lengthMin = 1): Field<string> {
  return optional((value) => {
    if (typeof value !== "string") return fault("string_type", "Input should be a valid string");
    const trimmed = value.trim();
    if (trimmed.length < lengthMin)
      return fault("string_too_short", `String should have at least ${lengthMin} character`);
    if (trimmed.length > lengthMax)
      return fault("string_too_long", `String should have at most ${lengthMax} characters`);
    return { value: trimmed };
  });
}

/** Numbers of a query are texts; the service takes such texts in bodies too. */
export function integer(min: number, max: number): Field<number> {
  return optional((value) => {
    const number = typeof value === "string" && /^[+-]?\d{1,15}$/.test(value.trim()) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number))
      return fault("int_parsing", "Input should be a valid integer");
    return within(number, min, max);
  });
}

export function amount(): Field<number> {
  return optional((value) => {
    const number =
      typeof value === "string" && /^\d{1,15}(\.\d{1,6})?$/.test(value.trim()) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number))
      return fault("float_parsing", "Input should be a valid number");
    return within(number, 0, 1e15);
  });
}

export function flag(): Field<boolean> {
  return optional((value) => {
    if (value === true || value === "true" || value === "1") return { value: true };
    if (value === false || value === "false" || value === "0") return { value: false };
    return fault("bool_parsing", "Input should be a valid boolean");
  });
}

/** Days since 1970-01-01, of "2025-12-05" (a time behind it is left out). */
export function date(): Field<number> {
  return optional((value) => {
    const day =
      typeof value === "string"
        ? parseDay(value.trim().replace(/T[0-9:.]+(Z|[+-]\d\d:?\d\d)?$/, ""))
        : undefined;
    return day === undefined
      ? fault("date_from_datetime_parsing", "Input should be a valid date such as 2025-12-05")
      : { value: day };
  });
}

/** Minutes since midnight, of "10:00". */
export function timeOfDay(): Field<number> {
  return optional((value) => {
    const minute = typeof value === "string" ? minuteOf(value.trim()) : undefined;
    return minute === undefined
      ? fault("string_pattern_mismatch", "Input should be a time of day such as 10:00")
      : { value: minute };
  });
}

export function word<const Words extends readonly string[]>(words: Words): Field<Words[number]> {
  return optional((value) => {
    const found = words.find((one) => typeof value === "string" && one === value.trim().toLowerCase());
    return found === undefined
      ? fault("enum", `Input should be ${words.map((one) => `'${one}'`).join(", ")}`)
      : { value: found };
  });
}

export function optional<T>(read: (value: unknown) => Reading<T>): Field<T> {
  return { isRequired: false, read };
}

export function fault(type: string, msg: string): { readonly fault: Omit<FormFault, "loc"> } {
  return { fault: { type, msg } };
}

function within(value: number, min: number, max: number): Reading<number> {
  if (value < min) return fault("greater_than_equal", `Input should be greater than or equal to ${min}`);
  return value > max ? fault("less_than_equal", `Input should be less than or equal to ${max}`) : { value };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
