import { prefs } from "./prefs.svelte";

type Maybe = number | null | undefined;

export const UNKNOWN = "–";

const numbers = new Map<string, Intl.NumberFormat>();
const dates = new Map<string, Intl.DateTimeFormat>();

function number(x: Maybe, options: Intl.NumberFormatOptions): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return UNKNOWN;
  const key = JSON.stringify(options);
  let format = numbers.get(key);
  if (!format) numbers.set(key, (format = new Intl.NumberFormat(undefined, options)));
  return format.format(x);
}

function date(ts: Maybe, options: Intl.DateTimeFormatOptions): string {
  if (ts === null || ts === undefined || !Number.isFinite(ts)) return UNKNOWN;
  const all = prefs.utc ? { ...options, timeZone: "UTC" } : options;
  const key = JSON.stringify(all);
  let format = dates.get(key);
  if (!format) dates.set(key, (format = new Intl.DateTimeFormat(undefined, all)));
  return format.format(ts);
}

const DOLLARS: Intl.NumberFormatOptions = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" };
const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const DAY: Intl.DateTimeFormatOptions = { month: "short", day: "2-digit" };

/** Whole USD. */
export const usd = (x: Maybe): string => number(x, { ...DOLLARS, maximumFractionDigits: 0 });

/** USD with cents. */
export const usd2 = (x: Maybe): string => number(x, { ...DOLLARS, minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** USD with sign and cents: +1.20. */
export const signed = (x: Maybe): string =>
  number(x, { signDisplay: "exceptZero", minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A price: at least six digits of it. */
export const price = (x: Maybe): string =>
  number(x, Math.abs(x ?? 0) >= 1_000 ? { maximumFractionDigits: 2 } : { maximumSignificantDigits: 6 });

/** A size in base units. */
export const size = (x: Maybe): string =>
  number(x, x && Math.abs(x) < 1e-4 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 6 });

/** A ratio in percent. */
export const pct = (ratio: Maybe, digits = 2): string =>
  number(ratio, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A ratio in percent, with sign. */
export const signedPct = (ratio: Maybe): string =>
  number(ratio, {
    style: "percent",
    signDisplay: "exceptZero",
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });

/** Hundredths of a percent. */
export const bps = (x: Maybe): string => {
  const text = number(x, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return text === UNKNOWN ? text : `${text} bps`;
};

export const integer = (x: Maybe): string => number(x, { maximumFractionDigits: 0 });

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** How long: 350 ms, 1.2 s, 12 s, 3 min 20 s, 2 h 5 min. */
export function duration(ms: Maybe): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${number(Math.floor(ms / 100) / 10, { maximumFractionDigits: 1 })} s`;
  const first = UNITS.findIndex(([, length]) => ms >= length);
  const [unit, length] = UNITS[first]!;
  const whole = `${Math.floor(ms / length)} ${unit}`;
  const next = UNITS[first + 1];
  const rest = next ? Math.floor((ms % length) / next[1]) : 0;
  return next && rest ? `${whole} ${rest} ${next[0]}` : whole;
}

/** How long ago, in one unit: "12 s ago"; below a second "now". */
export function ago(ts: Maybe, now: number): string {
  if (ts === null || ts === undefined || !Number.isFinite(ts)) return UNKNOWN;
  const found = UNITS.find(([, length]) => now - ts >= length);
  return found ? `${Math.floor((now - ts) / found[1])} ${found[0]} ago` : "now";
}

/** Time of day. */
export const time = (ts: Maybe): string => date(ts, CLOCK);

/** Day and time; with the year where it is another one than ours. */
export function dateTime(ts: Maybe): string {
  const isThisYear = new Date(ts ?? 0).getFullYear() === new Date().getFullYear();
  return date(ts, { ...DAY, ...CLOCK, ...(isThisYear ? {} : { year: "numeric" }) });
}

/** Time of day; with the day where it is not today. */
export const timeOrDay = (ts: Maybe): string => (date(ts, DAY) === date(Date.now(), DAY) ? time(ts) : dateTime(ts));

/** The class of a gain or a loss. */
export function tone(x: Maybe): "up" | "down" | "" {
  return x ? (x > 0 ? "up" : "down") : "";
}

/** A name of the program in words: `loss_limit` is "loss limit". */
export function words(name: string | null | undefined): string {
  if (!name) return UNKNOWN;
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .toLowerCase()
    .trim();
}
