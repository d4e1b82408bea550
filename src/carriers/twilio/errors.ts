import type { Outcome } from "../../domain/outcome.ts";

/**
 * What an error of Twilio's means for us. `number`: it is about the person's number. `call`: about this call's instructions or a
 * permission that other calls do not need; nothing is held against the number and it is not tried again. `line`: nothing on the
 * line can work until somebody acts, so the line is left alone for a while and the call keeps waiting. `busy`: the line must
 * only go slower. `theirs`: a fault in the network, worth another try.
 */
export type Fault =
  | { readonly about: "number"; readonly outcome: Outcome }
  | { readonly about: "call"; readonly outcome: Outcome }
  | { readonly about: "line"; readonly waitMs: number }
  | { readonly about: "busy"; readonly waitMs: number }
  | { readonly about: "theirs"; readonly outcome: Outcome }
  | { readonly about: "answered" };

const MINUTE_MS = 60_000;
const LINE: Fault = { about: "line", waitMs: 5 * MINUTE_MS };
const INVALID: Fault = { about: "number", outcome: "invalid_number" };
const BLOCKED: Fault = { about: "number", outcome: "blocked" };
const NOT_ALLOWED: Fault = { about: "call", outcome: "blocked" };
const TROUBLE: Fault = { about: "theirs", outcome: "carrier_error" };

/** By code (https://www.twilio.com/docs/api/errors); null for a code that is not listed. */
export function faultOfCode(code: number): Fault | null {
  const known = CODES.get(code);
  if (known !== undefined) return known;
  // The callee answered and heard an error, because our own side could not be asked or did not make sense.
  if ((code >= 11_200 && code <= 11_299) || (code >= 12_100 && code <= 12_399) || code === 11_750)
    return { about: "answered" };
  return null;
}

const CODES = new Map<number, Fault>([
  // The number cannot be called.
  ...each([21_211, 21_217, 21_214, 13_223, 13_226, 21_401, 21_421, 21_201, 21_202], INVALID),
  // Nobody could deliver a number that may well exist.
  ...each([13_224], { about: "number", outcome: "unreachable" }),
  ...each([21_216, 13_225, 32_203], BLOCKED),
  // Countries that the account may not call, and numbers that a trial account has not verified.
  ...each([21_215, 13_227, 32_205, 21_203, 21_219], NOT_ALLOWED),
  // What the call shall do does not work; see `readRefusal` for whose fault that is.
  ...each(
    [21_205, 21_206, 21_207, 21_208, 21_209, 21_218, 21_220, 21_234, 21_262, 21_263, 21_609, 21_626, 21_627],
    LINE,
  ),
  // The caller id is not ours.
  ...each([21_210, 21_212, 21_213, 21_264], LINE),
  // The account is closed, on trial, or the key is wrong.
  ...each([10_001, 10_002, 10_003, 10_005, 20_002, 20_003, 20_004, 20_005, 20_006, 20_008, 20_404], LINE),
  ...each([20_429, 10_004], { about: "busy", waitMs: 10_000 }),
  // More than a day of calls is queued.
  ...each([22_005], { about: "busy", waitMs: 10 * MINUTE_MS }),
  ...each([20_500, 20_503], TROUBLE),
]);

/** Codes about what a call shall do, which the call itself may have said. */
export const INSTRUCTION_CODES: readonly number[] = [
  21_205, 21_206, 21_207, 21_208, 21_209, 21_218, 21_234, 21_262, 21_263,
];

function each(codes: readonly number[], fault: Fault): (readonly [number, Fault])[] {
  return codes.map((code) => [code, fault] as const);
}
