import type { Bot, Interval } from "../../api/types";
import type { Line, Values } from "../../ui/chart";

export interface Point {
  timestamp: number;
  source: number | null;
  mirror: number | null;
}

/** A bot's curve: points of one interval, the oldest first. */
export interface Curve {
  points: Point[];
  stepMs: number;
  /** How long it is at most; null is everything. */
  spanMs: number | null;
}

type Part = "source" | "mirror";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS: Record<Interval, number> = { "1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR, "1d": DAY };
/** The API gives 10,000 points at most. */
const DAYS_MAX = 9_990;
const ENOUGH = 3_000;

export interface Range {
  value: string;
  label: string;
  ms: number | null;
  interval: Interval;
}

const A_DAY: Range = { value: "24h", label: "24 h", ms: DAY, interval: "5m" };

/** What may be chosen to look at. */
export const RANGES: Range[] = [
  { value: "1h", label: "1 h", ms: HOUR, interval: "1m" },
  { value: "6h", label: "6 h", ms: 6 * HOUR, interval: "1m" },
  A_DAY,
  { value: "7d", label: "7 d", ms: 7 * DAY, interval: "15m" },
  { value: "30d", label: "30 d", ms: 30 * DAY, interval: "1h" },
  { value: "all", label: "All", ms: null, interval: "1d" },
];

/** The range of that name; a day where there is none. */
export function rangeOf(name: string | null): Range {
  return RANGES.find((each) => each.value === name) ?? A_DAY;
}

/** The finest interval that shows so long a time in at most some thousand points. */
export function fitting(ms: number): Interval {
  const found = (Object.entries(STEPS) as [Interval, number][]).find(([, step]) => ms / step <= ENOUGH);
  return found?.[0] ?? "1d";
}

type Read = (startTime: number, interval: Interval) => Promise<Bot["curve"]>;

/** Read a curve; that of all times once by days, and again as finely as it is long. */
export async function readCurve(range: Range, now: number, read: Read): Promise<Curve> {
  let answer = await read(Math.max(0, now - (range.ms ?? DAYS_MAX * DAY)), range.interval);
  const first = answer.series[0]?.timestamp;
  if (range.ms === null && first !== undefined) {
    const interval = fitting(now - first);
    if (interval !== "1d") answer = await read(Math.min(first, now), interval);
  }
  return { points: answer.series, stepMs: STEPS[answer.interval], spanMs: range.ms };
}

/** Return a curve with a value that was just recorded; what has left its span is dropped. */
export function withValue(curve: Curve, part: Part, time: number, usd: number | null): Curve {
  const timestamp = time - (time % curve.stepMs);
  const last = curve.points.at(-1);
  if (last && last.timestamp > timestamp) return curve;
  const isSame = last?.timestamp === timestamp;
  const point: Point = { ...(isSame ? last : { timestamp, source: null, mirror: null }), [part]: usd };
  const begin = curve.spanMs === null ? 0 : timestamp - curve.spanMs;
  const before = (isSame ? curve.points.slice(0, -1) : curve.points).filter((each) => each.timestamp >= begin);
  return { ...curve, points: [...before, point] };
}

/** The times at which any of these curves has a point. */
export function timesOf(curves: readonly Curve[]): number[] {
  return [...new Set(curves.flatMap((curve) => curve.points.map((point) => point.timestamp)))].sort((a, b) => a - b);
}

/** One part of a curve at these times; null where it was not recorded. */
export function valuesAt(curve: Curve, part: Part, times: readonly number[]): (number | null)[] {
  const at = new Map(curve.points.map((point) => [point.timestamp, point[part]]));
  return times.map((time) => at.get(time) ?? null);
}

const known = (values: Values) => values.filter((value) => value !== null);

/** The first value that is known. */
export function firstOf(values: Values): number | null {
  return known(values)[0] ?? null;
}

/** The last value that is known. */
export function lastOf(values: Values): number | null {
  return known(values).at(-1) ?? null;
}

/** Values as changes since the first one: in USD, or as ratios of a base; a base that is unknown gives none. */
export function changes(values: Values, base: number | null): (number | null)[] {
  const first = firstOf(values);
  if (first === null || base === null || base <= 0) return values.map(() => null);
  return values.map((value) => (value === null ? null : (value - first) / base));
}

/** What our account would hold without a bot, USD: the base of our percentages, as in the ROI. */
export function baseOf(equity: number | null | undefined, net: number | null): number | null {
  return equity === null || equity === undefined ? null : equity - (net ?? 0);
}

interface Look {
  isUsd: boolean;
  /** What a mirror's percentages are of, USD. */
  base: number | null;
  colors: readonly [Line["color"], Line["color"]];
  /** The bot's name, where there are several. */
  name?: string;
}

/** A bot's curve and our mirror of it as lines of a chart. */
export function linesOf(curve: Curve, times: readonly number[], look: Look): [Line, Line] {
  const named = (what: string) => (look.name ? `${look.name}, ${what}` : what);
  const source = valuesAt(curve, "source", times);
  const mirror = valuesAt(curve, "mirror", times);
  const of = (base: number | null) => (look.isUsd ? 1 : base);
  return [
    {
      id: named("source"),
      label: named("source"),
      color: look.colors[0],
      values: changes(source, of(firstOf(source))),
    },
    {
      id: named("mirror"),
      label: named("mirror"),
      color: look.colors[1],
      values: changes(mirror, of(look.base)),
      dashed: look.name !== undefined,
    },
  ];
}

/** The largest fall from a peak, unsigned, as a ratio of the peak or in USD; null where nothing is known. */
export function fallOf(values: Values, isRatio: boolean): number | null {
  let [peak, fall]: [number, number | null] = [-Infinity, null];
  for (const value of known(values)) {
    peak = Math.max(peak, value);
    if (!isRatio || peak > 0) fall = Math.max(fall ?? 0, isRatio ? (peak - value) / peak : peak - value);
  }
  return fall;
}

/** What a range brought a bot and us. */
export function broughtBy(curve: Curve) {
  const source = curve.points.map((point) => point.source);
  const mirror = curve.points.map((point) => point.mirror);
  return {
    source: lastOf(changes(source, firstOf(source))),
    sourceFall: fallOf(source, true),
    mirror: lastOf(changes(mirror, 1)),
    mirrorFall: fallOf(mirror, false),
  };
}
