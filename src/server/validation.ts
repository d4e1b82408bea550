import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { FastifySchemaCompiler } from "fastify";

import { type Fault, Refusal, type RefusalCode } from "../domain/refusal.ts";

import { escapePointer } from "./json.ts";

const FAULTS_MAX = 50;

type Check = (value: unknown) => Refusal | null;

export type Validation = {
  /** Fastify's compiler: bodies as they are, path and query (always text) coerced. */
  readonly compiler: FastifySchemaCompiler<object>;
  readonly validator: (schema: object) => Check;
};

/** Validation against JSON schemas that refer to nothing outside themselves. Each is compiled when first used. */
export function createValidation(): Validation {
  const strict = createAjv(false);
  const coercing = createAjv(true);
  const validator = (schema: object): Check => checkOf(strict, schema, faultOfBody, refuseBody);
  return {
    validator,
    compiler: ({ schema, httpPart }) => {
      const where = httpPart === "querystring" ? "query" : httpPart === "params" ? "path" : "headers";
      const check =
        httpPart === "body"
          ? validator(schema)
          : checkOf(coercing, schema, (error) => faultOfParameter(where, error), refuseParameter);
      return (value: unknown) => {
        const refusal = check(value);
        return refusal === null ? true : { error: refusal };
      };
    },
  };
}

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, coerceTypes, strict: true });
  // `x-refusal` names the code of a limit that has one of its own; the others are for the API's description.
  ajv.addVocabulary(["x-refusal", "x-item", "x-name", "example"]);
  return ajv;
}

function checkOf(
  ajv: Ajv,
  schema: object,
  read: (error: ErrorObject) => Fault,
  refuse: (faults: readonly Fault[]) => Refusal,
): Check {
  let compiled: ValidateFunction | undefined;
  return (value) => {
    compiled ??= ajv.compile(schema);
    if (compiled(value)) return null;
    return refuse((compiled.errors ?? []).slice(0, FAULTS_MAX).map(read));
  };
}

function refuseBody(faults: readonly Fault[]): Refusal {
  const codes = new Set(faults.map((fault) => fault.code));
  const code: RefusalCode = codes.size === 1 ? (faults[0]?.code ?? "invalid_body") : "invalid_body";
  return new Refusal(code, summaryOf(faults), { faults });
}

function refuseParameter(faults: readonly Fault[]): Refusal {
  return new Refusal("invalid_parameter", summaryOf(faults), { faults });
}

function summaryOf(faults: readonly Fault[]): string {
  const first = faults[0]?.detail ?? "it is not valid";
  return faults.length < 2 ? `${first}.` : `${first}; ${faults.length - 1} more in errors.`;
}

function faultOfBody(error: ErrorObject): Fault {
  const { pointer, name } = placeOf(error);
  const own: RefusalCode | undefined =
    error.keyword === "maxItems" ? error.parentSchema?.["x-refusal"] : undefined;
  const code = own ?? (error.keyword === "additionalProperties" ? "unknown_field" : "invalid_body");
  return { pointer, code, detail: detailOf(name === "" ? "the body" : name, error) };
}

function faultOfParameter(where: string, error: ErrorObject): Fault {
  const { pointer, name } = placeOf(error);
  return { pointer: `/${where}${pointer}`, code: "invalid_parameter", detail: detailOf(name, error) };
}

/** Where the fault is: at the member that is missing or too much, else at the value itself. */
function placeOf(error: ErrorObject): { pointer: string; name: string } {
  const member: unknown = error.params.missingProperty ?? error.params.additionalProperty;
  const pointer =
    typeof member === "string" ? `${error.instancePath}/${escapePointer(member)}` : error.instancePath;
  return { pointer, name: pointer.slice(1).replaceAll("/", ".") };
}

function detailOf(name: string, error: ErrorObject): string {
  switch (error.keyword) {
    case "required":
      return `${name} is required`;
    case "additionalProperties":
      return `${name} is not known here${suggestion(error)}`;
    case "type":
      return `${name} must be ${[error.params.type].flat().join(" or ")}, not ${kindOf(error.data)}`;
    case "enum":
      return `${name} must be one of ${[error.params.allowedValues].flat().join(", ")}`;
    default:
      return `${name} ${error.message ?? "is not valid"}`;
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** The known member that the unknown one was probably meant to be. */
function suggestion(error: ErrorObject): string {
  const wrong = plain(String(error.params.additionalProperty));
  const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
  const meant =
    known.find((name) => plain(name) === wrong) ?? known.find((name) => isNear(plain(name), wrong));
  return meant === undefined ? "" : `; did you mean ${meant}`;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}

/** True when one letter is wrong, missing or too much. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || Math.max(a.length, b.length) < 4) return false;
  let from = 0;
  while (from < a.length && a[from] === b[from]) from += 1;
  const [restA, restB] = [a.slice(from), b.slice(from)];
  return restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1);
}
