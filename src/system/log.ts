import { type Logger, pino } from "pino";
import { redactPhone } from "../domain/phone.ts";
import type { Log, LogField, LogFields } from "../ports/log.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** JSON lines on standard error; numbers are redacted by their type, errors keep their causes. */
export function createLog(level: LogLevel): Log {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: false }),
  );
  return logOver(logger);
}

function logOver(logger: Logger): Log {
  return {
    debug: (sentence, fields) => logger.debug(printable(fields), sentence),
    info: (sentence, fields) => logger.info(printable(fields), sentence),
    warn: (sentence, fields) => logger.warn(printable(fields), sentence),
    error: (sentence, fields) => logger.error(printable(fields), sentence),
  };
}

/** Says nothing; for tools whose output is their own. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function printable(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, plain(field)]));
}

function plain(field: LogField): unknown {
  if (field instanceof Error) {
    return {
      name: field.name,
      message: withoutPhones(field.message),
      stack: withoutPhones(field.stack ?? ""),
      cause: field.cause instanceof Error ? plain(field.cause) : undefined,
    };
  }
  if (typeof field === "object" && field !== null) return redactPhone(field.phone);
  return field;
}

/** Messages of libraries may quote what they were given. */
function withoutPhones(text: string): string {
  return text.replaceAll(/\+[1-9]\d{6,14}/g, (phone) => redactPhone(phone));
}
