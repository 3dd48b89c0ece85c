export type Values = readonly (number | null)[];

/** One line of a chart. */
export interface Line {
  id: string;
  label: string;
  color: number | "bots" | "ours";
  values: (number | null)[];
  dashed?: boolean;
}

/** Something that happened; `tone` is a class of base.css. */
export interface Mark {
  time: number;
  label: string;
  tone: string;
}

/** Where the plotting area lies, CSS pixels, and which times it shows. */
export interface Frame {
  left: number;
  width: number;
  from: number;
  until: number;
}

/** Marks that lie too close to be told apart. */
export interface Spot {
  left: number;
  tone: string;
  marks: Mark[];
}

const COLORS = 6;
/** Lines of the same colour are told apart by these. */
const DASHES = [[], [7, 4], [2, 3], [12, 3, 2, 3]];
const DAY_MS = 86_400_000;
const HOLE_STEPS = 5;
const HOLE_MIN_MS = 180_000;
const SAMPLES = 400;
const TONES = ["bad", "warn"];

/** The custom property that holds a line's colour. */
export function colorOf(color: Line["color"]): string {
  return `--series-${typeof color === "number" ? color % COLORS : color}`;
}

/** A name in at most so many letters: its middle goes, as names of a kind often differ at their ends only. */
export function shortened(name: string, most: number): string {
  const head = Math.floor((most - 1) / 2) - 1;
  return name.length > most ? `${name.slice(0, head)}…${name.slice(head + 1 - most)}` : name;
}

/** How a line is dashed, CSS pixels. */
export function dashOf({ color, dashed }: Line): readonly number[] {
  const round = typeof color === "number" ? Math.floor(color / COLORS) : 0;
  return DASHES[Math.max(round, dashed ? 1 : 0) % DASHES.length]!;
}

/** The index of the last known value at or before `from`, not further back than `reach`; -1 where there is none. */
export function knownAt(times: readonly number[], values: Values, from = values.length - 1, reach = Infinity): number {
  const time = times[from] ?? 0;
  for (let i = from; i >= 0 && time - times[i]! <= reach; i--) if (values[i] != null) return i;
  return -1;
}

/** How far apart two known values may lie to be joined by a line: five times their usual distance. */
export function holeOf(times: readonly number[], values: Values): number {
  const apart: number[] = [];
  const stride = Math.max(1, Math.floor(values.length / SAMPLES));
  let before = -1;
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] == null) continue;
    if (before >= 0 && n++ % stride === 0) apart.push(times[i]! - times[before]!);
    before = i;
  }
  if (!apart.length) return Infinity;
  apart.sort((a, b) => a - b);
  return Math.max(HOLE_MIN_MS, HOLE_STEPS * apart[apart.length >> 1]!);
}

/** The spans of time between known values that lie further apart than `hole`. */
export function holes(times: readonly number[], values: Values, hole: number): [number, number][] {
  const found: [number, number][] = [];
  let before: number | null = null;
  for (let i = 0; i < values.length; i++) {
    if (values[i] == null) continue;
    const time = times[i]!;
    if (before !== null && time - before > hole) found.push([before, time]);
    before = time;
  }
  return found;
}

/** The indices of known values that no line reaches. */
export function isolated(times: readonly number[], values: Values, hole: number): number[] {
  const found: number[] = [];
  let before = 0;
  let last = -1;
  let isFree = false;
  for (let i = 0; i < values.length; i++) {
    if (values[i] == null) continue;
    const isFar = last < 0 || times[i]! - before > hole;
    if (last >= 0 && isFree && isFar) found.push(last);
    isFree = isFar;
    before = times[i]!;
    last = i;
  }
  if (last >= 0 && isFree) found.push(last);
  return found;
}

/** Join marks that lie less than `apart` pixels from each other; what lies outside is left out. */
export function clustered(marks: readonly Mark[], frame: Frame, apart = 24): Spot[] {
  const { left, width, from, until } = frame;
  const spots: Spot[] = [];
  const span = until - from;
  if (!(span > 0)) return spots;
  for (const mark of [...marks].sort((a, b) => a.time - b.time)) {
    if (mark.time < from || mark.time > until) continue;
    const x = Math.round(left + ((mark.time - from) / span) * width);
    const last = spots.at(-1);
    if (last && x - last.left < apart) {
      last.marks.push(mark);
      last.tone = worse(last.tone, mark.tone);
    } else {
      spots.push({ left: x, tone: mark.tone, marks: [mark] });
    }
  }
  return spots;
}

function worse(one: string, other: string): string {
  return TONES.find((tone) => tone === one || tone === other) ?? one;
}

/** What a spot says: the first few of its marks, and how many more there are. */
export function spoken(spot: Spot, when: (time: number) => string, most = 4): string {
  const said = spot.marks.slice(0, most).map((mark) => `${when(mark.time)} ${mark.label}`);
  const more = spot.marks.length - said.length;
  return said.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** Labels of a time axis: hours, with the date where a day begins. */
export function timeLabels(splits: readonly number[], step: number, utc: boolean): string[] {
  const zone: Intl.DateTimeFormatOptions = utc ? { timeZone: "UTC" } : {};
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...zone });
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...zone });
  let before: string | null = null;
  return splits.map((time) => {
    const date = day.format(time);
    const begins = before !== null && date !== before;
    before = date;
    return step >= DAY_MS || begins ? date : clock.format(time);
  });
}

/** The width of an axis that has these labels, CSS pixels. */
export function axisWidth(labels: readonly string[] | null): number {
  return 14 + 7 * Math.max(3, ...(labels ?? []).map((label) => label?.length ?? 0));
}

/** Steps from label to label: 1, 2 or 5 times a power of ten, none so small that two labels would read alike. */
export function labelSteps(format: (x: number) => string): number[] {
  const finest = [-4, -2, 0].find((power) => format(Number(`1e${power}`)) !== format(0)) ?? 0;
  const powers = Array.from({ length: 12 - finest }, (_, i) => finest + i);
  return powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
}

/** Labels without the cents that none of them needs. */
export function trimmed(labels: readonly string[]): string[] {
  const cents = /[.,]00(?=\D*$)/;
  const isWhole = labels.every((label) => !/\d/.test(label) || cents.test(label));
  return isWhole ? labels.map((label) => label.replace(cents, "")) : [...labels];
}

/** Move positions as little as it takes for them to lie `apart` from each other, between `top` and `bottom`. */
export function spread(wanted: readonly number[], apart: number, top: number, bottom: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!);
  const placed = [...wanted];
  const groups: { sum: number; of: number[] }[] = [];
  const begin = ({ sum, of }: { sum: number; of: number[] }): number => {
    const room = Math.max(top, bottom - (of.length - 1) * apart);
    return Math.min(room, Math.max(top, sum / of.length - ((of.length - 1) * apart) / 2));
  };
  for (const i of order) {
    let group = { sum: wanted[i]!, of: [i] };
    for (let above = groups.at(-1); above; above = groups.at(-1)) {
      if (begin(above) + above.of.length * apart <= begin(group)) break;
      groups.pop();
      group = { sum: above.sum + group.sum, of: [...above.of, ...group.of] };
    }
    groups.push(group);
  }
  for (const group of groups) group.of.forEach((i, n) => (placed[i] = begin(group) + n * apart));
  return placed;
}
