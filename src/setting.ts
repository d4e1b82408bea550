import { parseDuration } from "./domain/zone.ts";

/** What the text of a setting means, or a sentence on what is expected instead. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** One setting: its name is the environment variable's; `NAME_FILE` names a file that holds the value. */
export type Setting<T> = {
  readonly name: string;
  /** One sentence for the reference page. */
  readonly meaning: string;
  /** The text that stands for "not set"; null when there is no default. */
  readonly default: string | null;
  /** What is accepted, in words that follow "expected". */
  readonly expected: string;
  /** Never shown in messages. */
  readonly secret: boolean;
  /** The option of the command line that sets it, where there is one. */
  readonly flag: string | null;
  /** The value without any text: used when there is no default. */
  readonly absent: T;
  read(text: string): Reading<T>;
};

type Words = Pick<Setting<unknown>, "name" | "meaning"> &
  Partial<Pick<Setting<unknown>, "expected" | "secret" | "flag">>;

/** A setting with a default; the default is read by the same check as everything else. */
export function withDefault<T>(words: Words, fallback: string, kind: Kind<T>): Setting<T> {
  const reading = kind.read(fallback);
  if (!reading.ok) throw new Error(`the default of ${words.name} is not valid`);
  return { ...plain, ...kind, ...words, default: fallback, absent: reading.value };
}

/** A setting that may be missing. */
export function optional<T>(words: Words, kind: Kind<T>): Setting<T | null> {
  return { ...plain, ...kind, ...words, default: null, absent: null };
}

const plain = { secret: false, flag: null } as const;

/** How a text is read, and what is accepted in words. */
export type Kind<T> = { readonly expected: string; read(text: string): Reading<T> };

export const text: Kind<string> = { expected: "any text", read: (value) => ({ ok: true, value }) };

export function longText(minimum: number): Kind<string> {
  return {
    expected: `a text of at least ${minimum} characters`,
    read: (value) => (value.length >= minimum ? { ok: true, value } : { ok: false }),
  };
}

export const port: Kind<number> = {
  expected: "a port from 1 to 65535, or 0 for any free one",
  read: readPort,
};

export const ports: Kind<readonly number[]> = {
  expected: "ports from 1 to 65535 with commas between them, such as 8000,5000",
  read: (value) => readList(value, readPort),
};

export const count: Kind<number> = {
  expected: "a whole number from 0 to 1000000",
  read: (value) =>
    /^\d{1,7}$/.test(value) && Number(value) <= 1_000_000
      ? { ok: true, value: Number(value) }
      : { ok: false },
};

export const positive: Kind<number> = {
  expected: "a whole number from 1 to 1000000",
  read: (value) => {
    const reading = count.read(value);
    return reading.ok && reading.value > 0 ? reading : { ok: false };
  },
};

/** Read as milliseconds, a day at most. */
export const seconds: Kind<number> = {
  expected: "seconds from 0 to 86400, such as 2.5",
  read: (value) =>
    /^\d{1,5}(?:\.\d{1,3})?$/.test(value) && Number(value) <= 86_400
      ? { ok: true, value: Math.round(Number(value) * 1000) }
      : { ok: false },
};

export const milliseconds: Kind<number> = {
  expected: "milliseconds, a whole number from 0 to 86400000",
  read: (value) =>
    /^\d{1,8}$/.test(value) && Number(value) <= 86_400_000
      ? { ok: true, value: Number(value) }
      : { ok: false },
};

/** Read as milliseconds; a day at least, so that a slip does not empty the database. */
export const days: Kind<number> = {
  expected: "a time of at least a day, such as 90d",
  read: (value) => {
    const ms = parseDuration(value);
    return ms !== undefined && ms >= 86_400_000 ? { ok: true, value: ms } : { ok: false };
  },
};

/** "09:00"; the hour may have one digit and is given two. */
export const timeOfDay: Kind<string> = {
  expected: "a time of day from 00:00 to 23:59, such as 09:00",
  read: (value) =>
    /^(?:[01]?\d|2[0-3]):[0-5]\d$/.test(value) ? { ok: true, value: value.padStart(5, "0") } : { ok: false },
};

export function oneOf<const T extends string>(...words: readonly T[]): Kind<T> {
  return {
    expected: `one of ${words.join(", ")}`,
    read: (value) => {
      const found = words.find((word) => word === value.toLowerCase());
      return found === undefined ? { ok: false } : { ok: true, value: found };
    },
  };
}

/** On by any text but "0", "false", "no" and "off". */
export const flag: Kind<boolean> = {
  expected: "anything for on; 0, false, no or off for off",
  read: (value) => ({ ok: true, value: !/^(?:0|false|no|off)$/i.test(value) }),
};

/** An http or https URL without user, query and fragment; the slash at its end is taken off. */
export const httpUrl: Kind<string> = {
  expected: "a URL such as https://calls.example.com",
  read: (value) => {
    const url = URL.parse(value);
    if (url === null || !/^https?:$/.test(url.protocol)) return { ok: false };
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
      return { ok: false };
    return { ok: true, value: url.href.replace(/\/+$/, "") };
  },
};

/** A sender: an address, or `Name <address>`. Nothing in it can start another header. */
export const sender: Kind<string> = {
  expected: "an address such as calls@example.com, or Carillon <calls@example.com>",
  read: (value) =>
    /^(?:[^<>"\p{Cc}]{1,100} <[^\s<>@,;]{1,64}@[^\s<>@,;]{1,255}>|[^\s<>@,;]{1,64}@[^\s<>@,;]{1,255})$/u.test(
      value,
    )
      ? { ok: true, value }
      : { ok: false },
};

/** Whom text messages come from: a number, a short code, a name that some countries allow, or a messaging service. */
export const smsSender: Kind<string> = {
  expected:
    "a number such as +14155550100, a short code, a name of up to 11 letters and digits, or a messaging service (MG…)",
  read: (value) =>
    /^(?:\+[1-9]\d{6,14}|\d{3,8}|MG[0-9a-fA-F]{32}|(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9 ]{0,9}[A-Za-z0-9])?)$/.test(
      value,
    )
      ? { ok: true, value }
      : { ok: false },
};

export const origins: Kind<readonly string[]> = {
  expected: "origins with commas between them, such as https://app.example.com,http://localhost:5173",
  read: (value) =>
    readList(value, (part) => {
      const url = URL.parse(part);
      const isOrigin =
        url !== null && /^https?:$/.test(url.protocol) && url.origin === part.replace(/\/$/, "");
      return isOrigin ? { ok: true, value: url.origin } : { ok: false };
    }),
};

/** A key for AES-256 and the short name under which rows remember it. */
export type EncryptionKey = { readonly id: string; readonly key: Uint8Array };

export const encryptionKeys: Kind<readonly EncryptionKey[]> = {
  expected:
    "id:key pairs with commas between them, each key 32 bytes in base64 or 64 hex digits, each id once",
  read: (value) => {
    const keys = readList(value, readEncryptionKey);
    if (!keys.ok || new Set(keys.value.map(({ id }) => id)).size !== keys.value.length) return { ok: false };
    return keys;
  },
};

/** Where the calls are kept. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres"; readonly url: string };

export const databaseUrl: Kind<StoreLocation> = {
  expected: "sqlite:path/to/file.db, postgres://… or postgresql://… (also postgresql+asyncpg://…)",
  read: (value) => {
    if (value.startsWith("sqlite:")) {
      const path = sqlitePath(value.slice("sqlite:".length));
      return path === "" ? { ok: false } : { ok: true, value: { kind: "sqlite", path } };
    }
    const match = /^postgres(?:ql)?(?:\+asyncpg)?:(\/\/.*)$/.exec(value);
    const url = match === null ? null : URL.parse(`postgres:${match[1]}`);
    if (url === null) return { ok: false };
    // asyncpg says ssl=require where libpq and pg say sslmode=require.
    const ssl = url.searchParams.get("ssl");
    if (value.includes("+asyncpg:") && ssl !== null) {
      url.searchParams.delete("ssl");
      url.searchParams.set("sslmode", ssl === "true" ? "require" : ssl);
    }
    return { ok: true, value: { kind: "postgres", url: url.href } };
  },
};

/**
 * The file behind the "sqlite:" of a URL. After three slashes both habits are met: a bare file name or "./name" is
 * relative (SQLAlchemy), a path with folders is absolute (RFC 8089); four slashes are always absolute.
 */
function sqlitePath(rest: string): string {
  if (!rest.startsWith("//")) return rest;
  if (!rest.startsWith("///")) return rest.slice(2);
  const path = rest.slice(3);
  return path.startsWith(".") || !path.includes("/") ? path : `/${path.replace(/^\/+/, "")}`;
}

function readPort(text: string): Reading<number> {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 65_535 ? { ok: true, value } : { ok: false };
}

function readEncryptionKey(text: string): Reading<EncryptionKey> {
  const match = /^([A-Za-z0-9_-]{1,32}):(.+)$/.exec(text);
  if (match === null) return { ok: false };
  const [, id = "", encoded = ""] = match;
  const bytes = Buffer.from(encoded, /^[0-9a-f]{64}$/i.test(encoded) ? "hex" : "base64");
  return bytes.length === 32 ? { ok: true, value: { id, key: new Uint8Array(bytes) } } : { ok: false };
}

const LIST_MAX = 100;

function readList<T>(text: string, readOne: (part: string) => Reading<T>): Reading<readonly T[]> {
  const values: T[] = [];
  for (const part of text.split(",").slice(0, LIST_MAX)) {
    if (part.trim() === "") continue;
    const reading = readOne(part.trim());
    if (!reading.ok) return { ok: false };
    values.push(reading.value);
  }
  return { ok: true, value: values };
}
