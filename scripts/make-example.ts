/**
 * Writes examples/renewals.csv: pretend people whose insurance runs out, for the demo and the tutorial.
 *
 *   node scripts/make-example.ts [seed]
 *
 * Every number is from a range that is kept free for fiction (+1 AAA 555 01BB; Ofcom's +44 7700 900BBB; ACMA's numbers
 * for film), so that not even a mistake can ring anybody. In the sandbox BB decides what happens: see
 * `carillon sandbox numbers`. Fifteen rows are broken in the ways in which real files are. Same seed, same file.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const seed = Number(process.argv[2] ?? "20261122");
let state = seed >>> 0;
let counter = 1_000;

/** Mulberry32: small, and the same everywhere. */
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let x = Math.imul(state ^ (state >>> 15), 1 | state);
  x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
}

type Place = {
  readonly area: string;
  readonly people: number;
  readonly zone: string;
  readonly names: keyof typeof NAMES;
};

const NAMES = {
  america: [
    "Maria Alvarez, James O'Connor, Aisha Johnson, Wei Zhang, Priya Raman, Daniel Kowalski, Fatima Hassan, Ethan Brooks",
    "Sofia Marchetti, Marcus Reed, Linh Nguyen, Hannah Goldberg, Omar Farouk, Grace Kim, Luis Ortega, Chloe Dubois",
    "Terrence Washington, Anika Patel, Jonas Lindqvist, Rosa Delgado, Samuel Okoye, Emily Carter, Dmitri Volkov, Mei Tanaka",
    "Caleb Whitehorse, Yasmin Haddad, Patrick Nolan, Ingrid Svensson, Tyrone Jackson, Isabel Fuentes, Noah Stein, Leila Karimi",
  ],
  pacific: [
    "Keoni Kahale, Leilani Akana, Joaquin Cruz, Maile Nakamura, Tasi Santos, Rosalia Taitano, Kenji Yamada, Malia Kealoha",
    "Vicente Perez, Hina Kapule, Benigno Reyes, Noelani Wong, Francisco Borja, Kaimana Silva, Teresita Aguon, Hoku Makoa",
  ],
  britain: [
    "Oliver Hughes, Amelia Clarke, Mohammed Iqbal, Ffion Davies, Callum MacLeod, Niamh Gallagher, Priyanka Shah, Jack Turner",
    "Zainab Hussain, Harriet Ashworth, Kwame Mensah, Sian Llewellyn, George Papadakis, Isla Campbell, Tomasz Nowak, Ruth Adeyemi",
  ],
  canada: [
    "Étienne Tremblay, Harpreet Gill, Sarah MacNeil, Jean-Luc Gagnon, Aaliyah Mohamed, Connor Fraser, Mei-Ling Chow, Dakota Cardinal",
    "Ravi Sandhu, Geneviève Roy, Liam Power, Tanya Petrov, Joanne Sinclair, Minh Tran, Brigid Walsh, Ahmed Siddiqui",
  ],
  australia: ["Lachlan Murray, Jarrah Williams, Thi Hoa Pham, Matilda Greene, Con Stavros"],
} as const;

const PLACES: readonly Place[] = [
  { area: "212", people: 11, zone: "America/New_York", names: "america" },
  { area: "718", people: 9, zone: "America/New_York", names: "america" },
  { area: "617", people: 8, zone: "America/New_York", names: "america" },
  { area: "305", people: 8, zone: "America/New_York", names: "america" },
  { area: "404", people: 7, zone: "America/New_York", names: "america" },
  { area: "312", people: 11, zone: "America/Chicago", names: "america" },
  { area: "713", people: 9, zone: "America/Chicago", names: "america" },
  { area: "504", people: 7, zone: "America/Chicago", names: "america" },
  { area: "303", people: 11, zone: "America/Denver", names: "america" },
  { area: "801", people: 7, zone: "America/Denver", names: "america" },
  { area: "602", people: 8, zone: "America/Phoenix", names: "america" },
  { area: "213", people: 12, zone: "America/Los_Angeles", names: "america" },
  { area: "415", people: 10, zone: "America/Los_Angeles", names: "america" },
  { area: "206", people: 8, zone: "America/Los_Angeles", names: "america" },
  { area: "907", people: 7, zone: "America/Anchorage", names: "america" },
  { area: "808", people: 34, zone: "Pacific/Honolulu", names: "pacific" },
  { area: "671", people: 40, zone: "Pacific/Guam", names: "pacific" },
  { area: "416", people: 12, zone: "America/Toronto", names: "canada" },
  { area: "204", people: 8, zone: "America/Winnipeg", names: "canada" },
  { area: "604", people: 14, zone: "America/Vancouver", names: "canada" },
  { area: "902", people: 7, zone: "America/Halifax", names: "canada" },
  { area: "709", people: 10, zone: "America/St_Johns", names: "canada" },
];

/** What happens at a number is its last two digits: in every place somebody says yes, and a few of the others happen. */
const SPECIAL = ["01", "02", "03", "04", "05", "06", "09", "12", "14", "15", "19"];
const PRODUCTS = ["Motor", "Home", "Travel", "Health", "Pet", "Boat"];

type Row = {
  phone: string;
  name: string;
  timezone: string;
  purpose: string;
  external_id: string;
  at: string;
  policy: string;
  product: string;
  expires_on: string;
};

const rows: Row[] = PLACES.flatMap(({ area, people, zone, names }) =>
  endings(people).map((ending) => person(`+1${area}55501${ending}`, zone, names)),
);
rows.push(...endings(44).map((ending) => person(`+4477009000${ending}`, "Europe/London", "britain")));
rows.push(
  person("+61491570156", "Australia/Sydney", "australia"),
  person("+61491570157", "Australia/Perth", "australia"),
  person("+61491570158", "Australia/Darwin", "australia"),
  person("+61491570159", "Australia/Adelaide", "australia"),
  person("+61491570110", "Australia/Brisbane", "australia"),
);
shuffle(rows);

const header =
  "phone,name,timezone,purpose,external_id,at,metadata.policy,metadata.product,metadata.expires_on";
const lines = rows.map(lineOf);
for (const [i, broken] of brokenLines().entries()) lines.splice(17 + i * 23, 0, broken);
const output = fileURLToPath(new URL("../examples/renewals.csv", import.meta.url));
writeFileSync(output, `${[header, ...lines].join("\n")}\n`);
process.stdout.write(`${output}: ${lines.length} rows\n`);

function endings(count: number): string[] {
  const chosen = ["00", ...SPECIAL.filter(() => random() < 0.4)].slice(0, count);
  const others = Array.from({ length: 70 }, (_, i) => String(i + 22)); // 92 to 99 are left for the broken rows
  shuffle(others);
  return [...chosen, ...others.slice(0, count - chosen.length)];
}

function person(phone: string, zone: string, names: keyof typeof NAMES): Row {
  const number = rowNumber();
  return {
    phone,
    name: nameOf(names),
    // Half of them name no zone: the number's prefix tells it. A mobile number abroad tells too little.
    timezone: phone.startsWith("+1") && random() < 0.5 ? "" : zone,
    purpose: "renewal",
    external_id: `cust_${number}`,
    at: "",
    policy: `P-${number + 47_000}`,
    product: pick(PRODUCTS),
    expires_on: new Date(Date.UTC(2026, 11, 1 + Math.floor(random() * 60))).toISOString().slice(0, 10),
  };
}

function rowNumber(): number {
  counter += 1 + Math.floor(random() * 7);
  return counter;
}

function nameOf(names: keyof typeof NAMES): string {
  const all = NAMES[names].join(", ").split(", ");
  const [first = ""] = pick(all).split(" ");
  return `${first} ${pick(all).split(" ").slice(1).join(" ")}`;
}

/** One of each kind; their numbers end in 92 to 99, which no other row has. */
function brokenLines(): string[] {
  const [twin = "", other = ""] = [lines[40], lines[80]];
  const known = other.split(",")[4] ?? "";
  const end = (id: string): string => `renewal,${id},,P-48991,Motor,2026-12-20`;
  return [
    `9.19877E+11,Rahul Mehta,America/New_York,${end("cust_90001")}`,
    `12125550198,Brenda Walsh,,${end("cust_90002")}`,
    `+1 (312) 555-0199,Gary Novak,America/Chicago,${end("cust_90003")}`,
    `+1303555O198,Tess Monroe,America/Denver,${end("cust_90004")}`,
    `+1415,Victor Lang,America/Los_Angeles,${end("cust_90005")}`,
    `+18085550198,Kalani Pukui,Hawaii Time,${end("cust_90006")}`,
    `+12065550198,June Park,America/Los_Angeles,renewal,cust_90007,2024-03-01T10:00:00,P-48997,Home,2024-03-20`,
    `,Arthur Finch,Europe/London,${end("cust_90008")}`,
    `+17185550198,Ngozi Okafor, Esq.,America/New_York,${end("cust_90009")}`,
    twin,
    `+13055550198,Elena Sokolova,America/New_York,${end(known)}`,
    `+16175550198,Peter Hale,America/New_York,renewal,cust_90012,12/24/2026 10:00,P-48999,Home,2026-12-24`,
    `00447700900198,Gemma Pryce,Europe/London,${end("cust_90013")}`,
    `n/a,Walter Simms,America/Chicago,${end("cust_90014")}`,
    `+14045550198,Mónica Ibarra,,renewal,cust_90015,2027-01-08T10:00:00,P-49000,Pet,2027-01-15`,
  ];
}

function lineOf(row: Row): string {
  return Object.values(row)
    .map((cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(",");
}

function pick<T>(from: readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
}

function shuffle(list: unknown[]): void {
  const keyed = list.map((value) => ({ value, key: random() })).sort((a, b) => a.key - b.key);
  list.splice(0, list.length, ...keyed.map(({ value }) => value));
}
