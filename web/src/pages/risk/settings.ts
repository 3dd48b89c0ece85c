import type { Settings, SettingsStep } from "../../api/types";
import { UNKNOWN } from "../../lib/format";

/** What a field holds while it is edited: the text as typed, null for no limit. */
export type Text = string | null;
/** What was edited, by the field's path in the settings. */
export type Edits = Readonly<Record<string, Text>>;

/** A setting. It is above 0; `max` and `scale` are of what is shown, which is the API's value x 10^scale. */
export interface Field {
  id: string;
  label: string;
  hint: string;
  unit?: string;
  scale?: number;
  max?: number;
  /** `max` itself is too much. */
  below?: boolean;
  /** The API wants a whole number. */
  whole?: boolean;
  /** It may be without limit. */
  open?: boolean;
  /** Live trading does not begin without it. */
  needed?: boolean;
  options?: { value: string; label: string }[];
}

export interface Change {
  field: Field;
  before: string;
  after: string;
  /** The value for the API. */
  wire: string | number | null;
  /** Why it cannot be sent; empty where it can. */
  error: string;
}

export interface Refusal {
  fields: Record<string, string>;
  rest: string[];
}

export const CAPS = "assetExposureCaps.";
const DIGITS_MAX = 24;
const NAMED = 3;
const BPS = { unit: "bps", max: 5000 } as const;

export const GROUPS: readonly { title: string; fields: readonly Field[] }[] = [
  {
    title: "Caps and loss limits",
    fields: [
      {
        id: "globalExposureCap",
        label: "Global exposure cap",
        hint: "Most that is held in all, gross: long and short add up.",
        unit: "USD",
        open: true,
        needed: true,
      },
      {
        id: "dailyLossLimit",
        label: "Daily loss limit",
        hint: "Loss since 00:00 UTC at which trading stops.",
        unit: "USD",
        open: true,
        needed: true,
      },
      {
        id: "maxDrawdown",
        label: "Drawdown limit",
        hint: "Fall from the highest equity at which trading stops.",
        unit: "%",
        scale: 2,
        max: 100,
        below: true,
        open: true,
      },
      {
        id: "maxOrderNotional",
        label: "Largest order",
        hint: "An increase above it is made smaller.",
        unit: "USD",
        open: true,
      },
      {
        id: "onBreach",
        label: "When a loss limit is breached",
        hint: "Reduces go on either way.",
        options: [
          { value: "stop", label: "Stop increases" },
          { value: "flatten", label: "Close everything" },
        ],
      },
    ],
  },
  {
    title: "Signals, prices and repair",
    fields: [
      {
        id: "maxSignalAgeMs",
        label: "Signal age",
        hint: "Older fills of bots make nothing grow.",
        unit: "s",
        scale: -3,
        whole: true,
      },
      { id: "slippage.entryBps", label: "Entry slippage", hint: "Of an order that opens or increases.", ...BPS },
      { id: "slippage.reduceBps", label: "Reduce slippage", hint: "Of an order that reduces.", ...BPS },
      {
        id: "slippage.emergencyBps",
        label: "Emergency slippage",
        hint: "Of a reduce in an emergency; at least that of a reduce.",
        ...BPS,
      },
      {
        id: "slippage.flattenMaxBps",
        label: "Flatten slippage",
        hint: "How far flattening goes at most; at least that of an emergency.",
        ...BPS,
      },
      {
        id: "slippage.chaseBps",
        label: "Chase",
        hint: "How far the price may have run from the bot's own.",
        ...BPS,
      },
      {
        id: "repair",
        label: "Drift",
        hint: "When the exchange's position is not our sum.",
        options: [
          { value: "alert", label: "Tell people" },
          { value: "auto", label: "Repair by itself" },
        ],
      },
    ],
  },
];

const FIELDS = new Map(GROUPS.flatMap((group) => group.fields).map((field) => [field.id, field]));

/** Return the field of a path; undefined where it is not edited here. */
export function fieldOf(id: string): Field | undefined {
  if (!id.startsWith(CAPS) || id === CAPS) return FIELDS.get(id);
  return { id, label: `Cap of ${id.slice(CAPS.length)}`, hint: "", unit: "USD", open: true };
}

/** Bring a decimal to its shortest form. */
export function canonical(text: string): string {
  const [whole = "", part = ""] = text.split(".");
  const left = whole.replace(/^0+(?=.)/, "") || "0";
  const right = part.replace(/0+$/, "");
  return right ? `${left}.${right}` : left;
}

/** Move the point of an unsigned decimal by so many places to the right, without loss of digits. */
export function shift(text: string, places: number): string {
  const [whole = "", part = ""] = text.split(".");
  const digits = whole + part;
  const at = whole.length + places;
  const padded = at <= 0 ? "0".repeat(1 - at) + digits : digits.padEnd(at, "0");
  const cut = Math.max(at, 1);
  return canonical(`${padded.slice(0, cut)}.${padded.slice(cut)}`);
}

/** Write an unsigned number with a point and without an exponent. */
export function plain(x: number): string {
  const [mantissa = "", exponent] = String(x).split("e");
  return exponent === undefined ? canonical(mantissa) : shift(mantissa, Number(exponent));
}

/** Return what a field shows of the settings; null is no limit. */
export function shown(settings: Settings, field: Field): Text {
  const wire = wireOf(settings, field);
  return wire === null || field.options ? wire : shift(wire, field.scale ?? 0);
}

/** Say which values a field takes. */
export function rangeOf({ unit, max, below, scale = 0, whole }: Field): string {
  const most = max === undefined ? "" : below ? `, below ${max}` : `, at most ${max}`;
  return `above 0${most}${unit ? ` ${unit}` : ""}${whole && scale < 0 ? `, ${-scale} decimals` : ""}`;
}

/** Read a field; the point is a point in every language, as the API has it. */
export function parse(field: Field, text: Text): { wire: string | number | null; error: string } {
  const wrong = (error: string) => ({ wire: null, error });
  if (field.options) return { wire: text, error: "" };
  if (text === null) return field.open ? { wire: null, error: "" } : wrong("Give a number");
  const typed = text.trim();
  if (typed === "") return wrong(field.open ? "Give a number, or choose no limit" : "Give a number");
  if (/^\d[\d.' ]*,|^\d+[' ]\d/.test(typed)) return wrong("Use a point for decimals and nothing for thousands: 1234.5");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(typed)) return wrong("This is no number");
  const unsigned = canonical(typed.replace(/^[-+]/, ""));
  if (typed.startsWith("-") || unsigned === "0") return wrong("It must be above 0");
  const { max } = field;
  if (max !== undefined && (field.below ? Number(unsigned) >= max : Number(unsigned) > max)) {
    return wrong(`It must be ${field.below ? "below" : "at most"} ${max}${field.unit ? ` ${field.unit}` : ""}`);
  }
  const wire = shift(unsigned, -(field.scale ?? 0));
  if (wire.split(".").some((digits) => digits.length > DIGITS_MAX)) return wrong("It has too many digits");
  if (!field.whole) return { wire, error: "" };
  if (wire.includes(".")) return wrong(`It takes at most ${-(field.scale ?? 0)} decimals`);
  return Number.isSafeInteger(Number(wire)) ? { wire: Number(wire), error: "" } : wrong("It is too large");
}

/** Return what of the edits is another value than in the settings. */
export function changesOf(settings: Settings, edits: Edits): Change[] {
  const changes: Change[] = [];
  for (const [id, text] of Object.entries(edits)) {
    const field = fieldOf(id);
    if (!field) continue;
    const { wire, error } = parse(field, text);
    if (!error && String(wire) === String(wireOf(settings, field))) continue;
    changes.push({ field, before: inWords(field, shown(settings, field)), after: inWords(field, text), wire, error });
  }
  const disorder = slippageDisorder(settings, changes);
  const first = disorder && changes.find(({ field, error }) => field.id.startsWith("slippage.") && !error);
  if (first) first.error = disorder;
  return changes;
}

/** Return the body that makes these changes of these settings, and of no others. */
export function bodyOf(settings: Settings, changes: readonly Change[]): Record<string, unknown> {
  const body: Record<string, unknown> = { version: settings.version };
  for (const { field, wire } of changes) {
    const [head, tail] = parts(field.id);
    if (tail === undefined) body[head] = wire;
    else body[head] = { ...(body[head] as object | undefined), [tail]: wire };
  }
  return body;
}

/** Sort what the API refused to the fields that it names; what names none of ours is the rest. */
export function refusal(errors: readonly unknown[]): Refusal {
  const found: Refusal = { fields: {}, rest: [] };
  for (const each of errors) {
    const given =
      typeof each === "string" ? { field: "", message: each } : (each as { field: string; message: string });
    const { field, message } = given.field ? given : sentence(given.message);
    const id = field === "slippage" ? "slippage.reduceBps" : field;
    if (fieldOf(id)) found.fields[id] = message.charAt(0).toUpperCase() + message.slice(1);
    else found.rest.push(given.field ? `${field}: ${message}` : given.message);
  }
  return found;
}

/** Name bots that a refusal numbers. */
export function withNames(text: string, bots: readonly { name: string }[] = []): string {
  return text.replace(/\bbots\[(\d+)\]\.exposureCap/g, (all, n) => {
    const name = bots[Number(n)]?.name;
    return name ? `the exposure cap of ${name}` : all;
  });
}

/** Write a change of the history as the form would. */
export function changeInWords({ field: id, before, after }: NonNullable<SettingsStep["changes"]>[number]): string {
  const field = fieldOf(id);
  if (!field) return `${id}: ${before ?? UNKNOWN} → ${after ?? UNKNOWN}`;
  const text = (wire: string | null | undefined): string => {
    const isNumber = !field.options && wire && /^\d+(\.\d+)?$/.test(wire);
    return inWords(field, !wire || wire === "null" ? null : isNumber ? shift(wire, field.scale ?? 0) : wire);
  };
  return `${field.label}: ${text(before)} → ${text(after)}`;
}

/** Whether an error says that the settings became others meanwhile. */
export function isStale(error: { status: number; detail: string }): boolean {
  return error.status === 409 && /\bat version \d+, not \d+/.test(error.detail);
}

/** Name the limits without which live trading does not begin, or whose end it refuses. */
export function gapsOf(settings: Settings): string[] {
  const own = [...FIELDS.values()].filter((field) => field.needed && wireOf(settings, field) === null);
  const bots = settings.bots.filter((bot) => bot.exposureCap === null).map(({ name }) => name);
  const more = bots.length - NAMED;
  const named = bots.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return [...own.map(({ label }) => label), ...(named ? [`Exposure cap of ${named}`] : [])];
}

function wireOf(settings: Settings, field: Field): string | null {
  const [head, tail] = parts(field.id);
  const whole = settings as unknown as Record<string, unknown>;
  const value = tail === undefined ? whole[head] : (whole[head] as Record<string, unknown>)[tail];
  if (value === null || value === undefined) return null;
  return typeof value === "number" ? plain(value) : String(value);
}

function parts(id: string): [string, string | undefined] {
  const dot = id.indexOf(".");
  return dot < 0 ? [id, undefined] : [id.slice(0, dot), id.slice(dot + 1)];
}

function inWords(field: Field, text: Text): string {
  if (text === null) return field.id.startsWith(CAPS) ? "no cap" : "no limit";
  const chosen = field.options?.find(({ value }) => value === text);
  return chosen ? chosen.label : `${text.trim()}${field.unit ? ` ${field.unit}` : ""}`;
}

function slippageDisorder(settings: Settings, changes: readonly Change[]): string {
  const value = (name: "reduceBps" | "emergencyBps" | "flattenMaxBps") =>
    Number(
      changes.find(({ field, error }) => field.id === `slippage.${name}` && !error)?.wire ?? settings.slippage[name],
    );
  const isInOrder = value("reduceBps") <= value("emergencyBps") && value("emergencyBps") <= value("flattenMaxBps");
  return isInOrder ? "" : "Slippage must grow: reduce, then emergency, then flatten";
}

function sentence(text: string): { field: string; message: string } {
  const found = /^([a-z]\w*(?:\.\S+?)?):?\s+(.+)$/s.exec(text);
  return { field: found?.[1] ?? "", message: found?.[2] ?? text };
}
