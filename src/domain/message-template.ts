/** Words with placeholders such as `{{client_name}}`, read once. */
export type MessageTemplate = {
  readonly subject: readonly MessagePart[] | null;
  readonly body: readonly MessagePart[];
  /** The names of its placeholders, each once, in the order in which they first stand. */
  readonly variables: readonly string[];
};
/** Literal words, or a variable's name. */
export type MessagePart = string | { readonly name: string };

/** `pointer` (RFC 6901) leads to the field at fault. */
export type MessageFault = { readonly pointer: string; readonly detail: string };
export type MessageTemplateCheck =
  | { readonly ok: true; readonly template: MessageTemplate }
  | ({ readonly ok: false } & MessageFault);
export type FilledMessage =
  | { readonly ok: true; readonly subject: string | null; readonly body: string }
  | ({ readonly ok: false } & MessageFault);

export type Variables = Readonly<Record<string, string | number>>;

export const SUBJECT_MAX = 200;
export const BODY_MAX = 10_000;
export const VARIABLES_MAX = 50;
export const VALUE_MAX = 1000;

/**
 * Reads a template. `declared`, where it is given, must be exactly the variables that the words use: one that is missing or
 * too many is most likely misspelled, and is found here rather than in front of a person.
 */
export function readMessageTemplate(
  source: { readonly subject?: string | null; readonly body: string },
  declared?: readonly string[],
): MessageTemplateCheck {
  const subject = source.subject ?? null;
  const read = {
    subject: subject === null ? null : partsOf(subject, "/subject", SUBJECT_MAX),
    body: partsOf(source.body, "/body", BODY_MAX),
  };
  if (read.subject !== null && "pointer" in read.subject) return { ok: false, ...read.subject };
  if ("pointer" in read.body) return { ok: false, ...read.body };
  const all = [...(read.subject ?? []), ...read.body];
  const variables = [...new Set(all.flatMap((part) => (typeof part === "string" ? [] : [part.name])))];
  if (variables.length > VARIABLES_MAX)
    return { ok: false, pointer: "/body", detail: `More than ${VARIABLES_MAX} variables.` };
  const fault = declared === undefined ? null : faultOfDeclared(variables, declared);
  if (fault !== null) return { ok: false, ...fault };
  return { ok: true, template: { subject: read.subject, body: read.body, variables } };
}

/**
 * Fills a template. Values are words and nothing else: what they hold is not read for placeholders, control characters and
 * those that turn the direction of writing are taken out, and within a subject line ends are blanks.
 */
export function fillMessage(template: MessageTemplate, values: Variables): FilledMessage {
  const missing = template.variables.find((name) => !Object.hasOwn(values, name));
  if (missing !== undefined)
    return {
      ok: false,
      pointer: `/variables/${missing}`,
      detail: `The template needs a value for {{${missing}}}.`,
    };
  const unknown = Object.keys(values).find((name) => !template.variables.includes(name));
  if (unknown !== undefined)
    return {
      ok: false,
      pointer: `/variables/${pointerOf(unknown)}`,
      detail: `The template has no {{${unknown.slice(0, 64)}}}; it has ${listOf(template.variables)}.`,
    };
  const long = template.variables.find((name) => String(values[name]).length > VALUE_MAX);
  if (long !== undefined)
    return { ok: false, pointer: `/variables/${long}`, detail: `Longer than ${VALUE_MAX} characters.` };
  const fill = (parts: readonly MessagePart[]): string =>
    parts.map((part) => (typeof part === "string" ? part : cleanText(String(values[part.name])))).join("");
  return {
    ok: true,
    subject: template.subject === null ? null : cleanLine(fill(template.subject)),
    body: cleanText(fill(template.body)),
  };
}

/** Words without control characters (line ends and tabs stay) and without those that turn the direction of writing. */
export function cleanText(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069\uFEFF]/gu, "");
}

/** As `cleanText`, in one line. */
export function cleanLine(text: string): string {
  return cleanText(text).replaceAll(/[\n\t\u2028\u2029]+/g, " ");
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

function partsOf(text: string, pointer: string, lengthMax: number): MessagePart[] | MessageFault {
  if (text.length > lengthMax) return { pointer, detail: `Longer than ${lengthMax} characters.` };
  if (text.trim() === "") return { pointer, detail: "It has no words." };
  if (/\{{3}|\}{3}/.test(text)) return { pointer, detail: "Placeholders have two braces: {{client_name}}." };
  const parts: MessagePart[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const name = (match[1] ?? "").trim();
    if (!NAME.test(name))
      return {
        pointer,
        detail: `{{${name.slice(0, 64)}}} is no variable: write letters, digits and _, as {{client_name}}.`,
      };
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push({ name });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push(text.slice(from));
  const open = parts.find((part) => typeof part === "string" && /\{\{|\}\}/.test(part));
  if (open !== undefined)
    return {
      pointer,
      detail: "A placeholder is opened and not closed, or closed and not opened: write {{client_name}}.",
    };
  return parts;
}

function faultOfDeclared(used: readonly string[], declared: readonly string[]): MessageFault | null {
  const undeclared = used.find((name) => !declared.includes(name));
  if (undeclared !== undefined)
    return {
      pointer: "/variables",
      detail: `The words use {{${undeclared}}}, which is not among the variables.`,
    };
  const unused = declared.findIndex((name) => !used.includes(name));
  if (unused === -1) return null;
  return {
    pointer: `/variables/${unused}`,
    detail: `The words do not use {{${declared[unused]?.slice(0, 64)}}}; they use ${listOf(used)}.`,
  };
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => `{{${name}}}`).join(", ");
}

function pointerOf(name: string): string {
  return name.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1");
}
