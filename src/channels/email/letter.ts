/** What an e-mail about an event says, in plain text. */
export type Letter = { readonly subject: string; readonly text: string };

const VALUE_MAX = 300;
const LINES_MAX = 60;

/** Words for an event: its type as the subject, and what it carries as lines. `body` is the published JSON. */
export function letterOf(type: string, body: string): Letter {
  const event = JSON.parse(body) as {
    id: string;
    timestamp: string;
    data: Readonly<Record<string, unknown>>;
  };
  const subject = oneLine(`Carillon: ${type}${subjectOf(event.data)}`);
  const lines = [
    `Event: ${type}`,
    `Id: ${event.id}`,
    `Time: ${event.timestamp}`,
    "",
    ...Object.entries(event.data)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`),
  ];
  return { subject, text: `${lines.slice(0, LINES_MAX).map(oneLine).join("\n")}\n` };
}

function subjectOf(data: Readonly<Record<string, unknown>>): string {
  const about = data["call_id"] ?? data["line"] ?? data["name"];
  return typeof about === "string" ? ` ${about}` : "";
}

/** No line break, so that nothing can start a header or look like another line. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, VALUE_MAX);
}
