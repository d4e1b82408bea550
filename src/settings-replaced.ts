/** A variable of another system that Carillon does not use; a `*` at the end stands for anything. */
export type Replaced = { readonly name: string; readonly instead: string };

/** Accepted so that an existing `.env` keeps working; each gets one warning at the start that says what applies instead. */
export const replaced: readonly Replaced[] = [
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
      "ignored; Google switched that interface off. Push messages take a service account (FIREBASE_CREDENTIALS_PATH).",
  },
  {
    name: "REDIS_HOST",
    instead: "not used by this version; write it as REDIS_URL=redis://host:port/db.",
  },
];
