import type { Equity, Interval } from "../../api/types";
import type { Message } from "../../live/stream";
import type { Line } from "../../ui/chart";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: Record<Interval, number> = { "1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR, "1d": DAY };
const LONGEST: [Interval, number][] = [
  ["1m", 6 * HOUR],
  ["5m", DAY],
  ["15m", 7 * DAY],
  ["1h", 380 * DAY],
];

/** The ranges that can be chosen, with their lengths; null is everything. */
export const SPANS = { "1h": HOUR, "6h": 6 * HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, all: null } as const;
export type Range = keyof typeof SPANS;
export const RANGES = Object.keys(SPANS) as Range[];
export const USUAL: Range = "24h";

/** The range that an address names. */
export function rangeOf(given: string | null): Range {
  return given !== null && Object.hasOwn(SPANS, given) ? (given as Range) : USUAL;
}

/** How far points lie apart in a span of time. */
export function intervalFor(spanMs: number): Interval {
  return LONGEST.find(([, longest]) => spanMs <= longest)?.[0] ?? "1d";
}

type Column = (number | null)[];

/** Equity over time: `ours`, `bots` together, and `bot:ID` each. Bounded by its range; the newest step grows. */
export class Curve {
  readonly times: number[] = [];
  readonly columns = new Map<string, Column>([
    ["ours", []],
    ["bots", []],
  ]);
  readonly step: number;

  constructor(interval: Interval) {
    this.step = STEPS[interval];
  }

  /** Set what a series was worth in the step of `time`; tells whether anything changed. */
  put(time: number, id: string, value: number | null): boolean {
    const at = this.touch(time);
    if (at < 0) return false;
    let column = this.columns.get(id);
    if (!column) this.columns.set(id, (column = new Array<number | null>(this.times.length).fill(null)));
    if (column[at] === value) return false;
    column[at] = value;
    return true;
  }

  /** Return the index of the step of `time`, which is begun where it is newer than all; -1 where it was left out. */
  touch(time: number): number {
    const begin = time - (time % this.step);
    const newest = this.times.at(-1);
    if (newest !== undefined && begin <= newest) return this.times.lastIndexOf(begin);
    this.times.push(begin);
    for (const [id, column] of this.columns) {
      // Sums are those of what is known last, as the API adds them up.
      column.push(id.startsWith("bot:") ? null : (column.at(-1) ?? null));
    }
    return this.times.length - 1;
  }

  /** Forget the steps that began before `time`. */
  trim(time: number): void {
    const first = time - (time % this.step);
    let gone = 0;
    while (gone < this.times.length && this.times[gone]! < first) gone++;
    if (!gone) return;
    this.times.splice(0, gone);
    for (const column of this.columns.values()) column.splice(0, gone);
  }
}

/** The curve of an answer of `GET /api/equity`. */
export function curveOf({ series, interval }: Pick<Equity, "series" | "interval">): Curve {
  const curve = new Curve(interval);
  const ours = curve.columns.get("ours")!;
  const bots = curve.columns.get("bots")!;
  const each = new Map<string, Column>();
  series.forEach((point, i) => {
    curve.times.push(point.timestamp);
    ours.push(point.fadeArena);
    bots.push(point.botsAggregate);
    for (const id in point.bots) {
      let column = each.get(id);
      if (!column) each.set(id, (column = new Array<number | null>(series.length).fill(null)));
      column[i] = point.bots[id] ?? null;
    }
  });
  for (const [id, column] of each) curve.columns.set(`bot:${id}`, column);
  return curve;
}

/** Take a message into a curve; tells whether anything changed. */
export function take(curve: Curve, { type, timestamp, data }: Message): boolean {
  if (type === "equity-point") {
    const series = String(data.series);
    if (series.startsWith("bot:")) return curve.put(timestamp, series, data.usd ?? null);
    const steps = curve.times.length;
    if (series.startsWith("account:")) curve.touch(timestamp);
    return curve.times.length !== steps;
  }
  if (type !== "state-update" || !data.equity) return false;
  // It bears the time of the server, which may lag behind that of the exchange.
  const time = Math.max(timestamp, curve.times.at(-1) ?? timestamp);
  const isOurs = curve.put(time, "ours", data.equity.fadeArena ?? null);
  return curve.put(time, "bots", data.equity.botsAggregate ?? null) || isOurs;
}

/** Values as ratios of change since the first that is known; unknown throughout where that is not positive. */
export function changes(values: readonly (number | null)[]): Column {
  const base = values.find((value) => value != null) ?? 0;
  return values.map((value) => (value == null || base <= 0 ? null : value / base - 1));
}

/**
 * By how much bots together changed, as a ratio: step by step, of those that were known before. Whose equity is known
 * for the first time is no gain of the others.
 */
export function together(columns: readonly Column[], steps: number): Column {
  const last = columns.map((): number | null => null);
  const ratios: Column = [];
  let index: number | null = null;
  for (let i = 0; i < steps; i++) {
    let before = 0;
    let now = 0;
    for (const [n, column] of columns.entries()) {
      const known = last[n] ?? null;
      const value = column[i] ?? known;
      if (value === null) continue;
      if (known !== null) {
        before += known;
        now += value;
      }
      last[n] = value;
      index ??= 1;
    }
    if (index !== null && before > 0) index *= now / before;
    ratios.push(index === null ? null : index - 1);
  }
  return ratios;
}

/** A bot as the chart shows it. */
export interface Named {
  id: string;
  name: string;
}

/** What a chart draws of a curve: ours and the bots together, then each bot in the order of the settings. */
export function linesOf(curve: Curve, bots: readonly Named[], absolute: boolean): Line[] {
  const values = (id: string): Column => {
    const column = curve.columns.get(id) ?? [];
    return absolute ? column.slice() : changes(column);
  };
  const ofBots = (): Column => {
    const columns = [...curve.columns].filter(([id]) => id.startsWith("bot:")).map(([, column]) => column);
    return together(columns, curve.times.length);
  };
  const lines: Line[] = [
    { id: "ours", label: "FadeArena", color: "ours", values: values("ours") },
    { id: "bots", label: "Bots together", color: "bots", values: absolute ? values("bots") : ofBots() },
  ];
  bots.forEach(({ id, name }, i) => {
    const series = `bot:${id}`;
    if (!curve.columns.has(series)) return;
    lines.push({ id: series, label: name, color: i, values: values(series) });
  });
  return lines;
}
