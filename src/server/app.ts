import Fastify, { type FastifyInstance } from "fastify";

import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";

import type { DoorMap } from "./door-map.ts";
import { parseJson } from "./json.ts";
import { refusalOf } from "./problems.ts";
import { createValidation } from "./validation.ts";

const BODY_BYTES_MAX = 256 * 1024;

/** The Fastify application before anything is added: how bodies are read and checked, and how errors are worded. */
export function createApp(options: {
  readonly random: Random;
  readonly log: Log;
  readonly config: { readonly trustProxy: boolean };
  readonly refuse: DoorMap["refuse"];
}): FastifyInstance {
  const { random, log, config, refuse } = options;
  const boot = Buffer.from(random.bytes(6)).toString("hex");
  let requests = 0;
  const app: FastifyInstance = Fastify({
    logger: false,
    trustProxy: config.trustProxy,
    bodyLimit: BODY_BYTES_MAX,
    return503OnClosing: false,
    // Unique without asking for chance at every request; never taken from outside.
    genReqId: () => `req_${boot}${(requests += 1).toString(36)}`,
    requestIdHeader: false,
    frameworkErrors: (error, request, reply) => {
      refuse(refusalOf(error, request, log), request, reply);
    },
  });
  app.setValidatorCompiler(createValidation().compiler);
  app.decorateRequest("caller", null);
  app.decorateRequest("idempotency", null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ["application/json", "application/merge-patch+json"],
    { parseAs: "buffer" },
    (_request, body, done) => {
      try {
        done(null, parseJson(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  app.setErrorHandler((error, request, reply) => refuse(refusalOf(error, request, log), request, reply));
  return app;
}
