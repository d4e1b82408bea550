const RFC_2822 = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/;

/** An instant as Twilio writes it, "Tue, 01 Dec 2026 14:59:58 +0000", in UTC ms; null when it is none. */
export function readInstant(text: string | undefined): number | null {
  if (text === undefined || !RFC_2822.test(text)) return null;
  const instant = Date.parse(text);
  return Number.isFinite(instant) ? instant : null;
}
