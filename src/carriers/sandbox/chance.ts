/**
 * 53 bits that depend on nothing but `text` and `salt`. What the sandbox does with a call is drawn from these, so that a
 * restarted network draws the same again. Not for secrets.
 */
export function hashOf(text: string, salt: number): number {
  let high = 0xdeadbeef ^ salt;
  let low = 0x41c6ce57 ^ salt;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return 0x1_0000_0000 * (low & 0x1f_ffff) + (high >>> 0);
}

/** A float in [0, 1) drawn from `text` and `salt`. */
export function drawOf(text: string, salt: number): number {
  return hashOf(text, salt) / 0x20_0000_0000_0000;
}

/** An integer in [from, to] drawn from `text` and `salt`. */
export function drawBetween(text: string, salt: number, from: number, to: number): number {
  return from + Math.floor(drawOf(text, salt) * (to - from + 1));
}

/** Eight characters (48 bits) drawn from `text` and `salt`. A table, since `toString(36)` would cost more than a whole call. */
export function nameOf(text: string, salt: number): string {
  const bits = hashOf(text, salt);
  const low = bits >>> 0;
  const high = Math.floor(bits / 0x1_0000_0000);
  return `${PAIRS[low & 0xfff]}${PAIRS[(low >>> 12) & 0xfff]}${PAIRS[high & 0xfff]}${PAIRS[(high >>> 9) & 0xfff]}`;
}

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
const PAIRS = Array.from({ length: 4096 }, (_, i) => LETTERS.charAt(i >> 6) + LETTERS.charAt(i & 63));
