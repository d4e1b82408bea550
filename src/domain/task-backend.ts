/** The backend of the task service's own product: meant where nobody has named another. */
export const usualBackendUrl = "https://api.callerooapp.com";

/** Which backends the operator trusts. */
export type BackendRules = {
  /** Null: `usualBackendUrl`. */
  readonly backendUrl: string | null;
  readonly backendOrigins: readonly string[];
};

/**
 * What a backend that a request names is to us. `own`: the operator named its origin, so it gets the operator's token.
 * `loopback`: a program on this machine, for trying out. `foreign`: must not be asked.
 */
export type BackendTrust = "own" | "loopback" | "foreign";

/** The base URL of a backend without a slash at its end; null for what is no plain http(s) URL. */
export function readBackendUrl(text: string): string | null {
  const url = text.length <= 2000 ? URL.parse(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return null;
  return url.href.replace(/\/+$/, "");
}

/** `url` as `readBackendUrl` gives it. */
export function trustIn(url: string, { backendUrl, backendOrigins }: BackendRules): BackendTrust {
  const parsed = URL.parse(url);
  if (parsed === null) return "foreign";
  const own = [backendUrl ?? usualBackendUrl, ...backendOrigins].map((one) => URL.parse(one)?.origin);
  if (own.includes(parsed.origin)) return "own";
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(parsed.hostname) ? "loopback" : "foreign";
}
