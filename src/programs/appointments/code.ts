import type { Random } from "../../ports/random.ts";

/** Letters and digits that nobody takes for one another, on paper or on the telephone. */
const letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const LENGTH = 6;
/** The largest multiple of the letters' number that a byte can hold: beyond it some letters would come more often. */
const fair = 256 - (256 % letters.length);

/** A confirmation code, such as "K7WPQ2": what a client says who asks for their appointment. */
export function codeOf(random: Random): string {
  let code = "";
  while (code.length < LENGTH) {
    for (const byte of random.bytes(LENGTH)) {
      if (byte < fair && code.length < LENGTH) code += letters[byte % letters.length] ?? "";
    }
  }
  return code;
}
