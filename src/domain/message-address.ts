import { parsePhone, phoneFault } from "./phone.ts";

const TOKEN_MAX = 4096;
/** Visible ASCII without anything that separates addresses or starts a header. */
const EMAIL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}$/;

/** True for one plain address such as `team@example.com`, which can end neither a header nor an address list. */
export function isEmailAddress(text: unknown): text is string {
  return typeof text === "string" && EMAIL.test(text);
}

/** Why a text is no address of a channel, in a sentence; null when it is one. */
export function addressFault(channel: "push" | "email" | "sms", address: string): string | null {
  if (channel === "email") {
    return isEmailAddress(address) ? null : "It must be an address such as ann@example.com.";
  }
  if (channel === "sms") {
    const phone = parsePhone(address);
    return phone.ok ? null : phoneFault(phone);
  }
  // Google gives tokens no form that it would keep to; they are one word.
  return address.length <= TOKEN_MAX && /^[\x21-\x7e]+$/.test(address)
    ? null
    : `It must be a device token: one word of at most ${TOKEN_MAX} letters, digits and signs.`;
}
