/** A phone number on its way to a log line: its type, not its place, makes it print as `+1212*****00`. */
export type LoggedPhone = { readonly phone: string };

export type LogField = string | number | boolean | null | undefined | LoggedPhone | Error;
export type LogFields = Readonly<Record<string, LogField>>;

/** One sentence with fields. Secrets never go in; phone numbers only as `LoggedPhone`. */
export interface Log {
  debug(sentence: string, fields?: LogFields): void;
  info(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
}
