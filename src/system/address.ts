import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * May a request connect to this IP address? Only what is routed on the public Internet, unless `allowPrivate`: then also
 * loopback, private, shared (RFC 6598) and unique local ones. Link-local, where clouds keep their credentials, multicast,
 * reserved, documentation and unspecified ones never. False for what is not an IP address.
 *
 * An IPv4 address mapped into IPv6 or behind NAT64 (RFC 6052) is judged as the IPv4 address. The other IPv6 prefixes that
 * carry one (::/96, ::ffff:0:0:0/96, 64:ff9b:1::/48, 2001::/32, 2002::/16) are not needed by anybody and refused.
 */
export function isAddressAllowed(address: string, allowPrivate: boolean): boolean {
  if (isIPv4(address)) return isRangeAllowed(ipaddr.IPv4.parse(address).range(), allowPrivate);
  // Systems write ::/96 with dots, which ipaddr.js would take for a mapped address; URLs have one form for each address.
  const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (canonical === undefined) return false;
  const parsed = ipaddr.IPv6.parse(canonical);
  const bytes = parsed.toByteArray();
  if (EMBEDDING.some((prefix) => prefix.every((byte, i) => bytes[i] === byte))) {
    return isRangeAllowed(new ipaddr.IPv4(bytes.slice(12)).range(), allowPrivate);
  }
  const range = parsed.range();
  // Only 2000::/3 is assigned; what lies elsewhere and has no range of its own is nobody's.
  if (range === "unicast") return ((bytes[0] ?? 0) & 0xe0) === 0x20;
  return isRangeAllowed(range, allowPrivate);
}

const PRIVATE = new Set(["loopback", "private", "carrierGradeNat", "uniqueLocal"]);

function isRangeAllowed(range: string, allowPrivate: boolean): boolean {
  return range === "unicast" || (allowPrivate && PRIVATE.has(range));
}

const EMBEDDING: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
  [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
];
