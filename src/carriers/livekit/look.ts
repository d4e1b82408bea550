import type { LookupOrder, OutsideAnswer } from "../../ports/carrier.ts";
import { messageIn, troubleIn } from "./api.ts";
import { messagesIn, textIn } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { phoneAmong } from "./participant.ts";
import type { Phone } from "./participant.ts";
import { isMarked, roomNameOf } from "./room.ts";
import type { LiveKitSettings } from "./settings.ts";
import type { Grants } from "./token.ts";

/** Asks one thing of the line's project. */
type AskOne = (method: string, body: Fields, how: { readonly grants: Grants }) => Promise<OutsideAnswer>;

export type Look =
  | { readonly kind: "here"; readonly phone: Phone }
  /** The room that was made before the request is open, and nobody but agents was ever in it, or the last one has just left. */
  | { readonly kind: "untouched" }
  /** There is no such room, or another one: the phone may have been there. */
  | { readonly kind: "gone" }
  | { readonly kind: "unavailable"; readonly detail: string };

/**
 * Looks for the phone of an attempt in its room. A room that was never entered stays open for a quarter of an hour, one that
 * everybody has left for a few seconds: so an open room without the phone tells that the phone was not there.
 */
export async function lookInto(askOne: AskOne, order: LookupOrder, settings: LiveKitSettings): Promise<Look> {
  const room = roomNameOf(settings.room_name, order);
  const answer = await askOne(
    "RoomService/ListParticipants",
    { room },
    { grants: { video: { roomAdmin: true, room } } },
  );
  const inside = messageIn(answer);
  const among = inside === null ? null : phoneAmong(inside, order.attemptKey);
  const phone = among?.phone ?? null;
  if (phone !== null) return { kind: "here", phone };
  // Who asks for a room that is not there gets an empty list, or an error, depending on the server.
  const listed = await askOne(
    "RoomService/ListRooms",
    { names: [room] },
    { grants: { video: { roomList: true } } },
  );
  const message = messageIn(listed);
  if (message === null) return { kind: "unavailable", detail: troubleIn(listed) };
  const own = messagesIn(message, "rooms").find((one) => textIn(one, "name") === room);
  if (own === undefined) return { kind: "gone" };
  if (among === null) return { kind: "unavailable", detail: troubleIn(answer) };
  return { kind: among.others === 0 && isMarked(own, order.attemptKey) ? "untouched" : "gone" };
}
