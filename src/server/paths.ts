import type { RouteOptions } from "fastify";

export type Paths = {
  readonly add: (route: RouteOptions) => void;
  /** The methods of the path, such as "GET, POST"; empty when there is no such path. */
  readonly methodsOf: (path: string) => string;
};

/** Remembers which methods each path takes, to tell a wrong method from an unknown path. */
export function createPaths(): Paths {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  return {
    add: ({ url, method }) => {
      const known = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
      for (const one of [method].flat()) known.methods.add(one);
      routes.set(url, known);
    },
    methodsOf: (path) => {
      const methods = new Set<string>();
      for (const route of routes.values()) {
        if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
      }
      return [...methods].join(", ");
    },
  };
}

/** `/v1/calls/:id` as an expression without back-tracking. */
function patternOf(url: string): RegExp {
  const steps = url.split("/").map((step) => {
    if (step.startsWith(":")) return "[^/]+";
    return step === "*" ? ".*" : RegExp.escape(step);
  });
  return new RegExp(`^${steps.join("/")}$`);
}
