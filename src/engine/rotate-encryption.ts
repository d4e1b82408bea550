import type { SealedTable } from "../ports/program.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { Store } from "../ports/store.ts";
import { documentPlace, phonePlace } from "./document.ts";
import { settingsPlace } from "./line-settings.ts";
import { seriesDocumentPlace, seriesPhonePlace } from "./series-document.ts";
import { liveNumberPlace } from "./live-numbers.ts";
import { rotateNotifications } from "./rotate-notifications.ts";
import { rotatePrograms } from "./rotate-programs.ts";
import { bodyPlace, oldSecretPlace, secretPlace, targetPlace } from "./subscribers.ts";
import { suppressionPlace } from "./suppressions.ts";

const page = 500;

/**
 * Seals everything that is sealed anew with the newest key (or, without keys, opens it): numbers, documents, line
 * settings, suppressions, endpoints and messages to them, notifications and whom they are for,
 * and what programs keep. Runs while no server does; safe to stop and run again. Returns how many rows were rewritten.
 */
export async function rotateEncryption(
  store: Store,
  secrets: Secrets,
  onProgress: (rewritten: number) => void,
  ofPrograms: readonly SealedTable[] = [],
): Promise<number> {
  const reseal = (text: string, place: string): string =>
    secrets.isCurrent(text) ? text : secrets.seal(secrets.open(text, place), place);
  let rewritten = 0;
  for (let after = 0; ;) {
    const rows = await store.read("read documents", () =>
      store.statements.documents.after({ call_id: after, limit: page }),
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.call_id;
    const old = rows.filter((row) => !secrets.isCurrent(row.phone) || !secrets.isCurrent(row.document));
    const sealed = old.map((row) => ({
      ...row,
      phone: reseal(row.phone, phonePlace(row.call_id)),
      document: reseal(row.document, documentPlace(row.call_id)),
    }));
    await store.run("seal documents anew", () => store.statements.documents.update(sealed));
    rewritten += sealed.length;
    onProgress(rewritten);
  }
  rewritten += await rotateLines(store, secrets, reseal);
  rewritten += await rotateSuppressions(store, secrets, reseal);
  rewritten += await rotateSeries(store, secrets, reseal);
  rewritten += await rotateLiveNumbers(store, secrets, reseal);
  rewritten += await rotateSubscribers(store, secrets, reseal);
  rewritten += await rotateDeliveries(store, secrets, reseal);
  rewritten += await rotateNotifications(store, secrets, reseal);
  rewritten += await rotatePrograms(store, secrets, reseal, ofPrograms);
  onProgress(rewritten);
  return rewritten;
}

type Reseal = (text: string, place: string) => string;

async function rotateLines(store: Store, secrets: Secrets, reseal: Reseal): Promise<number> {
  const lines = await store.read("read lines", () => store.statements.lines.all({}));
  const old = lines.filter((line) => !secrets.isCurrent(line.settings));
  const sealed = old.map((line) => ({ ...line, settings: reseal(line.settings, settingsPlace(line.id)) }));
  await store.run("seal lines anew", () => store.statements.lines.update(sealed));
  return sealed.length;
}

async function rotateLiveNumbers(store: Store, secrets: Secrets, reseal: Reseal): Promise<number> {
  const rows = await store.read("read allow-lists", () => store.statements.live.numbers({}));
  const sealed = rows
    .filter((row) => !secrets.isCurrent(row.phone))
    .map((row) => ({ id: row.id, phone: reseal(row.phone, liveNumberPlace(row.id)) }));
  await store.run("seal allow-lists anew", () => store.statements.live.setPhone(sealed));
  return sealed.length;
}

async function rotateSeries(store: Store, secrets: Secrets, reseal: Reseal): Promise<number> {
  let rewritten = 0;
  for (let after = 0; ;) {
    const rows = await store.read("read series", () =>
      store.statements.series.after({ id: after, limit: page }),
    );
    const last = rows.at(-1);
    if (last === undefined) return rewritten;
    after = last.id;
    const sealed = rows
      .filter((row) => !secrets.isCurrent(row.phone) || !secrets.isCurrent(row.document))
      .map((row) => ({
        id: row.id,
        phone: reseal(row.phone, seriesPhonePlace(row.id)),
        document: reseal(row.document, seriesDocumentPlace(row.id)),
      }));
    await store.run("seal series anew", () => store.statements.series.reseal(sealed));
    rewritten += sealed.length;
  }
}

async function rotateSuppressions(store: Store, secrets: Secrets, reseal: Reseal): Promise<number> {
  let rewritten = 0;
  for (const workspace of await store.read("read workspaces", () => store.statements.workspaces.all({}))) {
    for (let before = Number.MAX_SAFE_INTEGER; ;) {
      const rows = await store.read("read suppressions", () =>
        store.statements.suppressions.list({ workspace_id: workspace.id, before_id: before, limit: page }),
      );
      const last = rows.at(-1);
      if (last === undefined) break;
      before = last.id;
      const sealed = rows
        .filter((row) => !secrets.isCurrent(row.phone))
        .map((row) => ({ id: row.id, phone: reseal(row.phone, suppressionPlace(row.id)) }));
      await store.run("seal suppressions anew", () => store.statements.suppressions.setPhone(sealed));
      rewritten += sealed.length;
    }
  }
  return rewritten;
}

async function rotateSubscribers(store: Store, secrets: Secrets, reseal: Reseal): Promise<number> {
  const rows = await store.read("read subscribers", () => store.statements.subscribers.all({}));
  const isOld = (text: string | null): boolean => text !== null && !secrets.isCurrent(text);
  const old = rows.filter((row) => isOld(row.target) || isOld(row.secret) || isOld(row.old_secret));
  const sealed = old.map((row) => ({
    id: row.id,
    target: reseal(row.target, targetPlace(row.id)),
    secret: row.secret === null ? null : reseal(row.secret, secretPlace(row.id)),
    old_secret: row.old_secret === null ? null : reseal(row.old_secret, oldSecretPlace(row.id)),
  }));
  await store.run("seal subscribers anew", () => store.statements.subscribers.setSealed(sealed));
  return sealed.length;
}

async function rotateDeliveries(store: Store, secrets: Secrets, reseal: Reseal): Promise<number> {
  let rewritten = 0;
  for (let after = 0; ;) {
    const rows = await store.read("read messages", () =>
      store.statements.deliveries.after({ id: after, limit: page }),
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
    const sealed = rows
      .filter((row) => !secrets.isCurrent(row.body))
      .map((row) => ({ id: row.id, body: reseal(row.body, bodyPlace(row.id)) }));
    await store.run("seal messages anew", () => store.statements.deliveries.setBody(sealed));
    rewritten += sealed.length;
  }
  return rewritten;
}
