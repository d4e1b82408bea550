/** A value of a line's settings, or of a call's instructions, that cannot be used; the pointer is RFC 6901. */
export class Wrong extends Error {
  readonly pointer: string;

  constructor(pointer: string, detail: string) {
    super(detail);
    this.pointer = pointer;
  }
}

type Input = Readonly<Record<string, unknown>>;
/** Throws `Wrong` when the value at the pointer cannot be used beside the other values. */
export type Check = (pointer: string, value: unknown, input: Input) => void;

export function demand(ok: boolean, pointer: string, detail: string): void {
  if (!ok) throw new Wrong(pointer, detail);
}

/** A name as it stands in a pointer. */
export function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** An absolute URL of at most 2,000 characters without fragment: https, or http where private addresses are allowed. */
export function isUrl(
  value: unknown,
  options: { readonly isPrivate?: boolean; readonly mayHoldUser?: boolean } = {},
): value is string {
  const url = typeof value === "string" && value.length <= 2_000 ? URL.parse(value) : null;
  if (url === null || url.hash !== "") return false;
  if (options.mayHoldUser !== true && (url.username !== "" || url.password !== "")) return false;
  if (url.protocol !== "https:" && !(url.protocol === "http:" && options.isPrivate === true)) return false;
  return options.isPrivate === true || !isPrivateHost(url.hostname);
}

/** A host that nobody outside can reach, as far as its name tells. */
export function isPrivateHost(hostname: string): boolean {
  return PRIVATE_HOST.test(hostname.toLowerCase());
}

const PRIVATE_HOST =
  /^(?:(?:.*\.)?(?:localhost|local|internal|test|invalid)|[^.:]+|0\.[\d.]+|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+|169\.254\.[\d.]+|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.[\d.]+|\[(?:::1?|f[cd][0-9a-f]{2}:.*|fe80:.*)\])\.?$/;
