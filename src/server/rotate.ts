import type { Config } from "../config.ts";
import { rotateEncryption } from "../engine/rotate-encryption.ts";
import type { SealedTable } from "../ports/program.ts";
import { programs } from "../programs/index.ts";
import { openStore } from "../store/open.ts";
import { SystemClock } from "../system/clock.ts";
import { createLog } from "../system/log.ts";
import { createSecrets } from "../system/secrets.ts";
import { installationSecret } from "./start.ts";

/** Opens the configured store and seals everything anew with the newest key of `ENCRYPTION_KEYS`. Returns the rows rewritten. */
export async function rotateStore(config: Config, onProgress: (rewritten: number) => void): Promise<number> {
  const clock = new SystemClock();
  const store = await openStore(config.store, { clock, log: createLog("warn") });
  try {
    const secret = await installationSecret(store, config);
    const secrets = createSecrets(secret, config.encryptionKeys);
    return await rotateEncryption(store, secrets, onProgress, await sealedByPrograms());
  } finally {
    await store.close();
    clock.close();
  }
}

async function sealedByPrograms(): Promise<SealedTable[]> {
  const loaded = await Promise.all(programs.map((load) => load()));
  return loaded.flatMap(({ sealed = [] }) => sealed);
}
