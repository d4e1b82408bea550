/** A JSON value with placeholders such as `{{to}}` or `{{metadata.name}}` in its strings, parsed once. */
export type Template =
  | { readonly kind: "text"; readonly parts: readonly Part[] }
  | { readonly kind: "list"; readonly items: readonly Template[] }
  | { readonly kind: "object"; readonly fields: readonly (readonly [string, Template])[] }
  | { readonly kind: "value"; readonly value: null | boolean | number };
/** Literal text, or the path of a placeholder. */
export type Part = string | { readonly path: readonly string[] };

export type TemplateCheck =
  | { readonly ok: true; readonly template: Template }
  /** `pointer` (RFC 6901) leads to the string at fault, from the template's root. */
  | { readonly ok: false; readonly pointer: string; readonly detail: string };

/** Deeper or larger templates are refused. */
export const TEMPLATE_DEPTH_MAX = 16;
export const TEMPLATE_STRINGS_MAX = 1_000;

/**
 * Parses a template. `names` are the placeholders there are; one that ends in `.*`, such as `metadata.*`, takes any path below
 * it, and the name itself.
 */
export function parseTemplate(source: unknown, names: readonly string[]): TemplateCheck {
  let strings = 0;
  const parse = (value: unknown, pointer: string, depth: number): Template => {
    if (depth > TEMPLATE_DEPTH_MAX) throw new Wrong(pointer, `More than ${TEMPLATE_DEPTH_MAX} levels deep.`);
    if (typeof value === "string") {
      if ((strings += 1) > TEMPLATE_STRINGS_MAX) {
        throw new Wrong(pointer, `More than ${TEMPLATE_STRINGS_MAX} strings.`);
      }
      return { kind: "text", parts: partsOf(value, pointer, names) };
    }
    if (Array.isArray(value)) {
      return { kind: "list", items: value.map((item, i) => parse(item, `${pointer}/${i}`, depth + 1)) };
    }
    if (typeof value === "object" && value !== null) {
      const fields = Object.entries(value).map(
        ([name, field]) => [name, parse(field, `${pointer}/${escaped(name)}`, depth + 1)] as const,
      );
      return { kind: "object", fields };
    }
    if (value === null || typeof value === "boolean" || typeof value === "number")
      return { kind: "value", value };
    throw new Wrong(pointer, "Not a JSON value.");
  };
  try {
    return { ok: true, template: parse(source, "", 0) };
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, pointer: error.pointer, detail: error.message };
    throw error;
  }
}

/**
 * Fills a template with `values`. A string that is exactly one placeholder keeps the value's type, and is null when there is
 * none; within other text a value is written as text, a missing one as nothing, an object as JSON.
 */
export function fillTemplate(template: Template, values: Readonly<Record<string, unknown>>): unknown {
  switch (template.kind) {
    case "value":
      return template.value;
    case "list":
      return template.items.map((item) => fillTemplate(item, values));
    case "object":
      return Object.fromEntries(template.fields.map(([name, field]) => [name, fillTemplate(field, values)]));
    case "text": {
      const [only, ...rest] = template.parts;
      if (only !== undefined && rest.length === 0 && typeof only !== "string")
        return valueAt(values, only.path) ?? null;
      return template.parts
        .map((part) => (typeof part === "string" ? part : asText(valueAt(values, part.path))))
        .join("");
    }
  }
}

/** The value at a path of own properties, or undefined. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

class Wrong extends Error {
  readonly pointer: string;

  constructor(pointer: string, detail: string) {
    super(detail);
    this.pointer = pointer;
  }
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

function partsOf(text: string, pointer: string, names: readonly string[]): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const name = (match[1] ?? "").trim();
    if (!isKnown(name, names)) {
      throw new Wrong(pointer, `There is no placeholder {{${name}}}. There are: ${names.join(", ")}.`);
    }
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push({ path: name.split(".") });
    from = match.index + match[0].length;
  }
  if (from < text.length || parts.length === 0) parts.push(text.slice(from));
  return parts;
}

function isKnown(name: string, names: readonly string[]): boolean {
  return names.some((known) => {
    if (!known.endsWith(".*")) return name === known;
    const base = known.slice(0, -2);
    return name === base || (name.startsWith(`${base}.`) && !name.endsWith(".") && !name.includes(".."));
  });
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
