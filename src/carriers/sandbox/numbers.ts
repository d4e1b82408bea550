/**
 * The sandbox's magic numbers: what each attempt at a number does, as script words; the last one repeats.
 *
 * - `+1 AAA 555 01BB` (fictional in every area code): BB chooses, the area code only chooses the zone.
 * - `+44 7700 900 0BB` (Ofcom's drama numbers): BB chooses.
 * - `+61 491 570 156` to `159` and `110` (ACMA's numbers for film): as 00, 01, 02, 03 and 10.
 * - `+1 500 555 0001` to `0004` and `0006` keep the meaning they have at Twilio.
 * - Every other number, and every BB not listed, answers after a short ring.
 */
export function scriptOf(to: string): readonly string[] {
  return SPECIAL.get(to) ?? BY_ENDING.get(endingOf(to)) ?? ANSWERS;
}

/** The two digits that choose, or "" for a number of no fictional block. */
function endingOf(to: string): string {
  const fictional =
    (to.length === 12 && to.startsWith("+1") && to.startsWith("55501", 5)) ||
    (to.length === 13 && to.startsWith("+4477009000"));
  return fictional ? to.slice(-2) : "";
}

const ANSWERS = ["answered"] as const;

const BY_ENDING = new Map<string, readonly string[]>(
  Object.entries({
    "00": ["answered:confirmed"],
    "01": ["busy"],
    "02": ["no_answer"],
    "03": ["voicemail"],
    "04": ["declined"],
    "05": ["invalid_number"],
    "06": ["503", "answered:confirmed"],
    "07": ["timeout_rang"],
    "08": ["timeout_not_rang", "answered:confirmed"],
    "09": ["busy", "no_answer", "answered:confirmed"],
    "10": ["answered:opt_out"],
    "11": ["answered:reschedule_requested"],
    "12": ["answered:wrong_number"],
    "13": ["long"],
    "14": ["duplicate"],
    "15": ["out_of_order"],
    "16": ["late"],
    "17": ["silent"],
    "18": ["429"],
    "19": ["hangs_up"],
    "20": ["ivr"],
    "21": ["spam"],
  }),
);

const SPECIAL = new Map<string, readonly string[]>([
  ["+61491570156", ["answered:confirmed"]],
  ["+61491570157", ["busy"]],
  ["+61491570158", ["no_answer"]],
  ["+61491570159", ["voicemail"]],
  ["+61491570110", ["answered:opt_out"]],
  // Twilio answers these at the request, with errors 21217, 21214, 21215 and 21216.
  ["+15005550001", ["refused:invalid_number"]],
  ["+15005550002", ["refused:unreachable"]],
  ["+15005550003", ["refused:not_permitted"]],
  ["+15005550004", ["refused:blocked"]],
  ["+15005550006", ANSWERS],
]);
