import type { PhoneMetadata } from "../domain/phone.ts";

/** Loads the numbering plans of every country (157 kB, some 30 µs a look-up); used only for warnings. */
export async function loadPhoneMetadata(): Promise<PhoneMetadata> {
  const { parsePhoneNumberFromString } = await import("libphonenumber-js/max");
  return (e164) => {
    const phone = parsePhoneNumberFromString(e164);
    if (phone === undefined) return { possible: false, valid: false };
    return {
      possible: phone.isPossible(),
      valid: phone.isValid(),
      type: phone.getType(),
      country: phone.country,
      national: phone.nationalNumber,
    };
  };
}
