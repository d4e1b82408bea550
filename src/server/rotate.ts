import type { Config } from "../config.ts";
import { rotateEncryption } from "../engine/rotate-encryption.ts";
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
    return await rotateEncryption(store, createSecrets(secret, config.encryptionKeys), onProgress);
  } finally {
    await store.close();
    clock.close();
  }
}
