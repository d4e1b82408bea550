import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { parse, stringify } from "node:querystring";

/** The parameters of a form, in the order in which they came; a name may come several times. */
export type Params = readonly (readonly [string, string])[];

/**
 * Is the message signed by one of the tokens? Twilio signs the URL that it requested and, after it, every parameter of a form
 * by name, its different values by value, with HMAC-SHA-1 in base64
 * (https://www.twilio.com/docs/usage/security#validating-requests). `urls` are the ways in which the URL may have been
 * written down; the default port may have been left out or put in, and the query escaped, on the way.
 */
export function isSigned(
  signature: string | undefined,
  tokens: readonly string[],
  urls: readonly string[],
  params: Params,
): boolean {
  if (signature === undefined || signature === "") return false;
  const given = Buffer.from(signature);
  const tail = joined(params);
  let isGenuine = false;
  // Every candidate is looked at, so that the time taken tells nothing about which one fits.
  for (const url of new Set(urls.flatMap(candidates))) {
    for (const token of tokens) {
      const expected = Buffer.from(
        createHmac("sha1", token)
          .update(url + tail)
          .digest("base64"),
      );
      if (given.length === expected.length && timingSafeEqual(given, expected)) isGenuine = true;
    }
  }
  return isGenuine;
}

/** A body that is no form is signed by its SHA-256 in the URL's `bodySHA256`. */
export function isBodySigned(rawBody: Uint8Array, query: string): boolean {
  const given = new URLSearchParams(query).get("bodySHA256");
  if (given === null || !/^[0-9a-f]{64}$/i.test(given)) return false;
  return timingSafeEqual(Buffer.from(given, "hex"), createHash("sha256").update(rawBody).digest());
}

/** What Twilio would send for this message; for those who play Twilio. */
export function signatureOf(token: string, url: string, params: Params): string {
  return createHmac("sha1", token)
    .update(url + joined(params))
    .digest("base64");
}

function joined(params: Params): string {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of params) values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values.keys()]
    .toSorted(byCode)
    .flatMap((name) => [...(values.get(name) ?? [])].toSorted(byCode).map((value) => name + value))
    .join("");
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The URL as it is, without and with its default port; and the same escaped as a browser, or an old library, would. */
function candidates(url: string): string[] {
  const plain = [withoutPort(url), withPort(url)];
  const normal = URL.parse(url)?.toString();
  if (normal === undefined) return plain;
  const escaped = [withoutPort(normal), withPort(normal)];
  return [...plain, ...escaped, ...escaped.map(oldQuery)];
}

type Parts = {
  readonly scheme: string;
  readonly user: string;
  readonly host: string;
  readonly port: string;
  readonly rest: string;
};

/** Parsing it as a URL would escape what Twilio signed as it was. */
function partsOf(url: string): Parts | null {
  const match = /^(https?:\/\/)([^/?#]*@)?(\[[^\]/?#]*\]|[^:/?#@]*)(:\d+)?([/?#].*)?$/is.exec(url);
  if (match === null) return null;
  const [, scheme = "", user = "", host = "", port = "", rest = ""] = match;
  return { scheme, user, host, port, rest };
}

function withoutPort(url: string): string {
  const parts = partsOf(url);
  return parts === null ? url : `${parts.scheme}${parts.user}${parts.host}${parts.rest}`;
}

function withPort(url: string): string {
  const parts = partsOf(url);
  if (parts === null || parts.port !== "") return url;
  const port = parts.scheme.toLowerCase() === "https://" ? ":443" : ":80";
  return `${parts.scheme}${parts.user}${parts.host}${port}${parts.rest}`;
}

function oldQuery(url: string): string {
  const at = url.indexOf("?");
  return at === -1 || at === url.length - 1
    ? url
    : `${url.slice(0, at)}?${stringify(parse(url.slice(at + 1)))}`;
}
