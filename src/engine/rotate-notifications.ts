import type { Secrets } from "../ports/secrets.ts";
import type { Store, Tx } from "../ports/store.ts";
import { addressPlace, wordsPlace } from "./notification-write.ts";
import { operationPlace, partPlace } from "./operations.ts";
import { emailPlace, phonePlace, tokenPlace } from "./recipients.ts";

const page = 500;
const partsPage = 5;

type Reseal = (text: string, place: string) => string;
type ById = { readonly id: number };

/** Seals anew what is kept of telling people. Returns how many rows were rewritten. */
export async function rotateNotifications(store: Store, secrets: Secrets, reseal: Reseal): Promise<number> {
  const isOld = (...texts: readonly (string | null)[]): boolean =>
    texts.some((text) => text !== null && !secrets.isCurrent(text));
  const orNull = (text: string | null, place: string): string | null =>
    text === null ? null : reseal(text, place);
  const { notifications, recipients, devices, operations } = store.statements;
  return (
    (await rotate(store, notifications.after, notifications.reseal, (row) =>
      isOld(row.address, row.document)
        ? {
            id: row.id,
            address: orNull(row.address, addressPlace(row.id)),
            document: reseal(row.document, wordsPlace(row.id)),
          }
        : null,
    )) +
    (await rotate(store, recipients.after, recipients.reseal, (row) =>
      isOld(row.email, row.phone)
        ? {
            id: row.id,
            email: orNull(row.email, emailPlace(row.id)),
            phone: orNull(row.phone, phonePlace(row.id)),
          }
        : null,
    )) +
    (await rotate(store, devices.after, devices.reseal, (row) =>
      isOld(row.token) ? { id: row.id, token: reseal(row.token, tokenPlace(row.id)) } : null,
    )) +
    (await rotate(store, operations.after, operations.reseal, (row) =>
      isOld(row.document) ? { id: row.id, document: reseal(row.document, operationPlace(row.id)) } : null,
    )) +
    (await rotateParts(store, isOld, reseal))
  );
}

async function rotate<Row extends ById, Sealed>(
  store: Store,
  after: (args: { id: number; limit: number }) => Tx<Row[]>,
  write: (rows: readonly Sealed[]) => Tx<never[]>,
  seal: (row: Row) => Sealed | null,
): Promise<number> {
  let rewritten = 0;
  for (let id = 0; ;) {
    const rows = await store.read("read what is sealed", () => after({ id, limit: page }));
    const last = rows.at(-1);
    if (last === undefined) return rewritten;
    id = last.id;
    const sealed = rows.flatMap((row) => seal(row) ?? []);
    await store.run("seal it anew", () => write(sealed));
    rewritten += sealed.length;
  }
}

/** Recipients that operations have still to store. */
async function rotateParts(store: Store, isOld: (text: string) => boolean, reseal: Reseal): Promise<number> {
  const { operations } = store.statements;
  let rewritten = 0;
  for (const { id } of await store.read("read operations", () => operations.open({ limit: page }))) {
    for (let after = -1; ;) {
      const rows = await store.read("read recipients to come", () =>
        operations.parts({ operation_id: id, after_part: after, limit: partsPage }),
      );
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.part;
      const sealed = rows
        .filter(({ items }) => isOld(items))
        .map((row) => ({ ...row, items: reseal(row.items, partPlace(id, row.part)) }));
      await store.run("seal recipients to come anew", () => operations.resealParts(sealed));
      rewritten += sealed.length;
    }
  }
  return rewritten;
}
