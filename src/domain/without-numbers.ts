/** A carrier's words, short and without what could be a phone number. */
export function withoutNumbers(text: string): string {
  return text
    .slice(0, 500)
    .replaceAll(/\+?\d[\d\s().-]{5,}\d/g, "[number]")
    .slice(0, 200);
}
