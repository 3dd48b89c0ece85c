import type { BotSettings } from "../../api/types";

export interface Option {
  value: string;
  label: string;
  hint?: string;
}

type Kind = "text" | "decimal" | "whole" | "coins" | "choice";

/** One field of a bot's settings; a form holds its value as text, empty where it is null. */
export interface Spec {
  name: string;
  label: string;
  kind: Kind;
  unit?: string;
  hint?: string;
  options?: readonly Option[];
  /** It may be empty, which is null. */
  optional?: true;
  max?: number;
  /** It counts with these sizings only. */
  sizing?: readonly string[];
  /** It changes only while nothing is held because of the bot. */
  flat?: true;
  /** It needs more room than others. */
  wide?: true;
  /** The API's value for one of the field's units. */
  scale?: number;
}

export type Form = Record<string, string>;

const option = (value: string, label: string, hint = ""): Option => ({ value, label, hint });

/** The fields of a bot's settings, without its id. */
export const SPECS: readonly Spec[] = [
  { name: "name", label: "Name", kind: "text" },
  {
    name: "enabled",
    label: "Following",
    kind: "choice",
    options: [
      option("true", "On", "What it does leads to orders"),
      option("false", "Off", "Only watched: what we hold only shrinks"),
    ],
  },
  {
    name: "direction",
    label: "Direction",
    kind: "choice",
    options: [option("fade", "Fade", "Hold the opposite"), option("copy", "Copy", "Hold the same")],
  },
  {
    name: "sizing",
    label: "Sizing",
    kind: "choice",
    options: [
      option("multiplier", "Multiplier", "Its size times the multiplier"),
      option("equity", "Equity", "By our equity against its own"),
      option("notional", "Notional", "The same notional for each position"),
    ],
  },
  {
    name: "leverageMultiplier",
    label: "Multiplier",
    kind: "decimal",
    unit: "×",
    hint: "Above 0, at most 10",
    max: 10,
    sizing: ["multiplier", "equity"],
  },
  {
    name: "share",
    label: "Share of our account",
    kind: "decimal",
    hint: "Above 0, at most 1; empty is an equal part",
    max: 1,
    optional: true,
    sizing: ["equity"],
  },
  { name: "notionalUsd", label: "Notional of a position", kind: "decimal", unit: "USD", sizing: ["notional"] },
  {
    name: "exposureCap",
    label: "Exposure cap",
    kind: "decimal",
    unit: "USD",
    hint: "Most that is held because of it; empty is no limit",
    optional: true,
  },
  {
    name: "lossLimit",
    label: "Loss limit",
    kind: "decimal",
    unit: "USD",
    hint: "Loss at which increases stop; empty is no limit",
    optional: true,
  },
  {
    name: "maxLeverage",
    label: "Highest leverage",
    kind: "whole",
    unit: "×",
    hint: "1 or more; empty is the account's",
    optional: true,
  },
  {
    name: "orphanAfterMs",
    label: "Close when silent for",
    kind: "decimal",
    unit: "s",
    hint: "Without news of it for so long we close; empty is never",
    optional: true,
    scale: 1000,
  },
  {
    name: "startPolicy",
    label: "At the start",
    kind: "choice",
    options: [
      option("follow_changes", "Follow changes", "What it holds by then does not count"),
      option("ignore_until_flat", "Wait until flat", "A coin counts once it was flat in it or turned round"),
      option("join", "Join", "Its whole position is taken up"),
      option("join_if_better", "Join if better", "Taken up where the mark is no worse than its entry"),
    ],
  },
  {
    name: "coins.allow",
    label: "Only these coins",
    kind: "coins",
    hint: "Separated by commas; empty is all, - is none",
    optional: true,
  },
  { name: "coins.deny", label: "Never these coins", kind: "coins", hint: "Separated by commas; wins", optional: true },
  { name: "account", label: "Account", kind: "choice", hint: "Changes only while flat", flat: true },
  { name: "walletAddress", label: "Wallet", kind: "text", hint: "Changes only while flat", flat: true, wide: true },
];

const OF = new Map(SPECS.map((spec) => [spec.name, spec]));

/** Fields of a bot that is new, apart from id and wallet. */
export const NEW: Form = {
  name: "",
  enabled: "true",
  direction: "fade",
  sizing: "multiplier",
  leverageMultiplier: "0.05",
  startPolicy: "follow_changes",
  account: "",
};

/** Settings as a form has them. */
export function formOf(bot: BotSettings): Form {
  const given: Record<string, unknown> = { ...bot, "coins.allow": bot.coins.allow, "coins.deny": bot.coins.deny };
  return Object.fromEntries(SPECS.map((spec) => [spec.name, textOf(spec, given[spec.name])]));
}

function textOf(spec: Spec, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.length || spec.name !== "coins.allow" ? value.join(", ") : "-";
  return typeof value === "number" ? plain(value / (spec.scale ?? 1)) : String(value);
}

/** A number with all its digits, without an exponent. */
function plain(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 }) : text;
}

/** Whether a field counts, by the sizing that is chosen. */
export function counts(spec: Spec, form: Form): boolean {
  return !spec.sizing || spec.sizing.includes(form["sizing"] ?? "");
}

/** What is wrong with a field as it was typed; empty where nothing is. */
export function problemOf(spec: Spec, typed: string): string {
  const text = typed.trim();
  if (!text) return spec.optional || spec.kind === "choice" ? "" : "This is needed.";
  if (spec.kind === "whole" && !/^\d+$/.test(text)) return "A whole number is needed.";
  if (spec.kind === "decimal" && !/^\d+(\.\d+)?$/.test(text)) return "A number is needed, with a point: 0.5";
  if (spec.name === "walletAddress") return addressProblem(text);
  if (spec.kind !== "whole" && spec.kind !== "decimal") return "";
  if (Number(text) <= 0) return "It has to be above 0.";
  return spec.max !== undefined && Number(text) > spec.max ? `It may be ${spec.max} at most.` : "";
}

/** What is wrong with those fields of a form that count, by name. */
export function problemsOf(specs: readonly Spec[], form: Form): Form {
  const found = specs
    .filter((spec) => counts(spec, form))
    .map((spec) => [spec.name, problemOf(spec, form[spec.name] ?? "")] as const);
  return Object.fromEntries(found.filter(([, text]) => text));
}

function valueOf(spec: Spec, typed: string): unknown {
  const text = typed.trim();
  if (spec.kind === "coins") {
    if (!text) return spec.name === "coins.allow" ? null : [];
    return text === "-" ? [] : text.split(/[\s,]+/).filter(Boolean);
  }
  if (!text) return null;
  if (spec.scale) return Math.round(Number(text) * spec.scale);
  if (spec.kind === "whole") return Number(text);
  return spec.name === "enabled" ? text === "true" : text;
}

/** The body of a request that sets these fields of a form, as far as they count. Decimals stay exact texts. */
export function bodyOf(names: readonly string[], form: Form): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of names) {
    const spec = OF.get(name);
    if (!spec || !counts(spec, form)) continue;
    const [outer = name, inner] = name.split(".");
    const value = valueOf(spec, form[name] ?? "");
    body[outer] = inner ? { ...(body[outer] as object | undefined), [inner]: value } : value;
  }
  return body;
}

/** The body that adds a bot: everything that was said, the rest is as the API has it. */
export function newBody(form: Form): Record<string, unknown> {
  const said = SPECS.map((spec) => spec.name).filter((name) => (form[name] ?? "").trim());
  return { id: (form["id"] ?? "").trim(), ...bodyOf(said, form) };
}

/** A name as an id, as the API makes them: odd characters replaced; empty if nothing remains. */
export function idFrom(name: string): string {
  const trim = (text: string) => text.replace(/^[._-]+|[._-]+$/g, "");
  const text = name
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, "-")
    .replace(/-+/g, "-");
  return trim(trim(text).slice(0, 56));
}

/** What is wrong with an id; empty where nothing is. */
export function idProblem(id: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id.trim())) return "";
  return "1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit.";
}

/** What is wrong with an address; empty where nothing is. */
export function addressProblem(address: string): string {
  return /^0x[0-9a-f]{40}$/i.test(address.trim()) ? "" : "0x and 40 hex digits are needed.";
}

export interface Refused {
  fields: Form;
  /** What names no field. */
  rest: string[];
}

export const NOTHING_REFUSED: Refused = { fields: {}, rest: [] };

interface Refusal {
  message: string;
  detail?: string;
  errors?: readonly { field: string; message: string }[] | undefined;
  reasons?: readonly string[] | undefined;
}

/** Sort what the API refused by the field that it names; `rest` names none of these. */
export function refusals(error: Refusal, names: readonly string[]): Refused {
  const fields: Form = {};
  const rest: string[] = [];
  const put = (name: string | undefined, text: string) => {
    if (name && names.includes(name)) fields[name] = fields[name] ? `${fields[name]} ${text}` : text;
    else rest.push(text);
  };
  for (const { field, message } of error.errors ?? []) {
    const name = names.find((each) => field === each || field.startsWith(`${each}[`) || field.startsWith(`${each}.`));
    put(name, name || !field ? message : `${field}: ${message}`);
  }
  if (!error.errors?.length)
    for (const reason of error.reasons ?? []) {
      const text = reason.replace(/^bots\[\d+\]\./, "");
      put(namedBy(text, names), text);
    }
  if (!rest.length && !Object.keys(fields).length) rest.push(error.detail || error.message);
  return { fields, rest };
}

function namedBy(text: string, names: readonly string[]): string | undefined {
  if (/ is not an id\b/.test(text)) return "id";
  if (/ is not an address\b| is mistyped\b/.test(text)) return "walletAddress";
  return names.find((name) => text.startsWith(`${name} `) || text.startsWith(`${name}:`));
}

/** The fields with our accounts to choose from; a form's own account is among them in any case. */
export function withAccounts(ids: readonly string[], own: string): Spec[] {
  const options = [...new Set([...(own ? [own] : []), ...ids])].map((id) => option(id, id));
  return SPECS.map((spec) => (spec.name === "account" ? { ...spec, options } : spec));
}

/** A field's value in words. */
export function shownAs(spec: Spec, value: string): string {
  return spec.options?.find((each) => each.value === value)?.label ?? value;
}

const ID: Spec = { name: "id", label: "Id", kind: "text", hint: "It never changes; suggested from the name" };

/** The fields of a bot that is new, apart from its wallet. */
export function newSpecs(accounts: readonly string[]): Spec[] {
  const specs = withAccounts(accounts, "").filter(({ name }) => name !== "walletAddress" && name !== "enabled");
  return specs.flatMap((spec) => (spec.name === "name" ? [spec, ID] : [spec.flat ? { ...spec, hint: "" } : spec]));
}

/** A form of a bot that is new, with a value set; an id that nobody typed is made of the name. */
export function withField(form: Form, name: string, value: string, isSuggested: boolean): Form {
  const next: Form = { ...form, [name]: value };
  if (name === "name" && isSuggested) next["id"] = idFrom(value);
  return next;
}

/** A form without one of its fields. */
export function without(form: Form, name: string): Form {
  const { [name]: _, ...others } = form;
  return others;
}

/** The names of the fields that count and are another than before. */
export function changedNames(before: Form, now: Form): string[] {
  return SPECS.filter((spec) => counts(spec, now) && (now[spec.name] ?? "").trim() !== before[spec.name]).map(
    ({ name }) => name,
  );
}
