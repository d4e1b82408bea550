/** A variable of another system that Carillon does not use; a `*` at the end stands for anything. */
export type Replaced = { readonly name: string; readonly instead: string };

/** Accepted so that an existing `.env` keeps working; each gets one warning at the start that says what applies instead. */
export const replaced: readonly Replaced[] = [
  {
    name: "POLL_INTERVAL",
    instead: "ignored; Carillon does not poll, it wakes at the instant of the next call.",
  },
  {
    name: "SCHEDULER_MAX_INSTANCES",
    instead:
      "ignored; a call is placed once, however many processes run. Use slots_max of a line to limit calls at once.",
  },
  {
    name: "SCHEDULER_MISFIRE_GRACE_TIME",
    instead: "ignored by /v1; say with expires_after how late a call may still be placed.",
  },
  {
    name: "MONGODB_URL",
    instead: "ignored; Carillon keeps its data in SQLite (DATABASE_PATH) or Postgres (DATABASE_URL).",
  },
  {
    name: "CELERY_*",
    instead:
      "ignored; there is no Celery: `carillon serve` places the calls itself. The database is DATABASE_URL.",
  },
  {
    name: "FCM_SERVER_KEY",
    instead:
      "ignored; Google switched that interface off. Push messages will take a service account (FIREBASE_CREDENTIALS_PATH).",
  },
  { name: "TWILIO_*", instead: "not used by this version: it has the carriers sandbox and http." },
  { name: "SMTP_*", instead: "not used by this version: it sends no e-mail." },
  { name: "FIREBASE_CREDENTIALS_PATH", instead: "not used by this version: it sends no push messages." },
  {
    name: "REDIS_HOST",
    instead: "not used by this version; write it as REDIS_URL=redis://host:port/db.",
  },
  {
    name: "DEFAULT_BACKEND_BASE_URL",
    instead: "not used by this version; add a line with the carrier http: `carillon lines add --help`.",
  },
  {
    name: "BACKEND_INTERNAL_TOKEN",
    instead:
      "not used by this version; put the token in the headers of an http line: `carillon lines add --help`.",
  },
  {
    name: "QUEUE_RETRY_*",
    instead: "not used by this version; retries follow the retry policy (GET /v1/retry-policies).",
  },
  {
    name: "DEFAULT_BUSINESS_HOURS_*",
    instead: "not used by this version; add calling hours with `carillon hours add`.",
  },
  { name: "DEFAULT_TIMEZONE", instead: "not used by this version; send timezone with each call." },
  { name: "SCHEDULER_TIMEZONE", instead: "not used by this version; send timezone with each call." },
  { name: "TIMEZONE", instead: "not used by this version; send timezone with each call." },
];
