import { type Static, Type } from "typebox";

import { oneOf } from "../../ports/http/schema-parts.ts";

import { appointmentStatuses } from "./status.ts";

const limit = Type.Optional(Type.Integer({ minimum: 1, description: "At most 200 (default 50)." }));
const cursor = Type.Optional(Type.String({ maxLength: 200 }));
const optionalRef = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
const instant = Type.Optional(Type.String({ maxLength: 64, description: "RFC 3339 with an offset." }));
export const pageQuery = Type.Object({ limit, cursor }, { additionalProperties: false });
export type PageQuery = Static<typeof pageQuery>;
export const clientQuery = Type.Object(
  { limit, cursor, phone: optionalRef, email: optionalRef, recipient_id: optionalRef },
  { additionalProperties: false },
);
export type ClientQuery = Static<typeof clientQuery>;
export const ofBusinessQuery = Type.Object(
  { limit, cursor, business_id: optionalRef },
  { additionalProperties: false },
);
export type OfBusinessQuery = Static<typeof ofBusinessQuery>;
export const appointmentQuery = Type.Object(
  {
    limit,
    cursor,
    business_id: optionalRef,
    client_id: optionalRef,
    status: Type.Optional(oneOf(appointmentStatuses)),
    staff: optionalRef,
    is_active: Type.Optional(Type.Boolean()),
    starts_after: instant,
    starts_before: instant,
    code: Type.Optional(Type.String({ maxLength: 20, description: "A confirmation code." })),
  },
  { additionalProperties: false },
);
export type AppointmentQuery = Static<typeof appointmentQuery>;
export const reviewQuery = Type.Object(
  {
    limit,
    cursor,
    business_id: optionalRef,
    client_id: optionalRef,
    rating: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })),
  },
  { additionalProperties: false },
);
export type ReviewQuery = Static<typeof reviewQuery>;
export const chatRoomQuery = Type.Object(
  {
    limit,
    cursor,
    business_id: optionalRef,
    client_id: optionalRef,
    is_active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type ChatRoomQuery = Static<typeof chatRoomQuery>;
export const daysQuery = Type.Object(
  {
    from: Type.Optional(Type.String({ maxLength: 10, example: "2026-11-01" })),
    to: Type.Optional(Type.String({ maxLength: 10, example: "2026-11-30" })),
    limit,
  },
  { additionalProperties: false },
);
export type DaysQuery = Static<typeof daysQuery>;
export const importQuery = Type.Object(
  {
    preview: Type.Optional(Type.Boolean({ description: "Check every row and store none." })),
    send_confirmations: Type.Optional(
      Type.Boolean({ description: "Appointments: tell the clients that they were booked (default false)." }),
    ),
  },
  { additionalProperties: false },
);
export type ImportQuery = Static<typeof importQuery>;
