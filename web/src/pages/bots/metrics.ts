import type { Bot, Leader } from "../../api/types";
import { bps, duration, integer, pct, price, signed, signedPct, tone, usd, usd2, words } from "../../lib/format";
import type { Column } from "../../ui/column";

/** What a row of the leaderboard and a bot in full have in common. */
export type Brought = Pick<Bot, "statistics" | "costs">;

/** A bot of the leaderboard with its place by net PnL; null where that is not known. */
export type Ranked = Leader & { rank: number | null };

type Known = number | null;
/** Whether more is better for us (1) or less (-1); 0 says nothing of us. */
export type Better = 1 | 0 | -1;

export interface Metric {
  id: string;
  label: string;
  hint: string;
  value: (of: Brought) => Known;
  text: (value: Known) => string;
  better: Better;
  /** Whether its sign is coloured. */
  toned: boolean;
}

function metric(
  id: string,
  label: string,
  hint: string,
  value: (of: Brought) => Known,
  text: (value: Known) => string,
  better: Better = 0,
  toned = false,
): Metric {
  return { id, label, hint, value, text, better, toned };
}

/** Everything that is summed up of a bot, in the order in which it is shown. */
export const METRICS: readonly Metric[] = [
  metric("net", "Net", "Realised + unrealised - fees + funding, USD", (of) => of.statistics.net, signed, 1, true),
  metric("dayNet", "Today", "Net since 00:00 UTC, USD", (of) => of.statistics.dayNet, signed, 1, true),
  metric("roi", "ROI", "Net against our account without it", (of) => of.statistics.roi, signedPct, 1, true),
  metric(
    "theirRoi",
    "Their ROI",
    "Its equity, last against first",
    (of) => of.statistics.sourceRoi,
    signedPct,
    0,
    true,
  ),
  metric(
    "winRate",
    "Win rate",
    "Round trips that earned, net",
    (of) => of.statistics.winRate,
    (x) => pct(x, 0),
    1,
  ),
  metric("fall", "Drawdown", "Largest fall of our net PnL, USD", (of) => of.statistics.maxDrawdown, usd2, -1),
  metric("theirFall", "Their drawdown", "Largest fall of its equity", (of) => of.statistics.sourceMaxDrawdown, pct),
  metric("roundTrips", "Round trips", "Positions that came back to zero", (of) => of.statistics.roundTrips, integer),
  metric("fills", "Fills", "Our executions for it", (of) => of.statistics.fills, integer),
  metric("theirFills", "Their fills", "Its own executions", (of) => of.statistics.botTrades, integer),
  metric("traded", "Traded", "Notional of our executions, USD", (of) => of.statistics.traded, usd),
  metric("fees", "Fees", "Paid, USD; below zero is a rebate", (of) => of.costs.fees, usd2, -1),
  metric("funding", "Funding", "Received, USD; below zero was paid", (of) => of.costs.funding, signed, 1, true),
  metric(
    "slippage",
    "Slippage",
    "Our prices against its own; above zero is worse",
    (of) => of.costs.slippageBps,
    bps,
    -1,
  ),
  metric("reaction", "Reaction", "Mean time from its fill to ours", (of) => of.statistics.reactionMs, duration, -1),
  metric("tracking", "Tracking error", "|held - wanted| to our equity", (of) => of.statistics.trackingError, pct, -1),
];

/** The class of a number: none where it reads as zero. */
export function shade(text: (value: Known) => string, value: Known): string {
  return text(value) === text(0) ? "" : tone(value);
}

const SHORT: Record<string, string> = { winRate: "Wins", roundTrips: "Trips", tracking: "Tracking" };
const LEFT_OUT = ["theirFall", "theirFills", "traded"];

interface Standing {
  text: string;
  tone: "up" | "calm" | "warn" | "bad";
}

/** How a bot stands, in a word, with a tone for its badge; `held` tells whether we hold something because of it. */
export function standing(of: { state: string; enabled: boolean; held?: boolean }): Standing {
  if (of.state === "halted" || of.state === "flattening") return { text: words(of.state), tone: "bad" };
  if (!of.enabled) return of.held ? { text: "closing", tone: "warn" } : { text: "watched", tone: "calm" };
  return { text: words(of.state), tone: of.state === "active" ? "up" : "warn" };
}

/** How a bot is mirrored: "fade ×0.05". */
export function mirroring(of: { direction: string; leverageMultiplier: number }): string {
  return `${of.direction} ×${price(of.leverageMultiplier)}`;
}

/** The columns of the leaderboard. */
export const COLUMNS: readonly Column<Ranked>[] = [
  { id: "name", label: "Bot", hint: "With its place by net PnL", value: (row) => row.name, custom: true },
  { id: "state", label: "State", value: (row) => standing(row).text, custom: true },
  { id: "direction", label: "Mirror", value: mirroring, narrow: false },
  ...METRICS.filter(({ id }) => !LEFT_OUT.includes(id)).map(
    ({ id, label, hint, value, text, toned }): Column<Ranked> => ({
      id,
      label: SHORT[id] ?? label,
      hint: SHORT[id] ? `${label}: ${hint}` : hint,
      num: true,
      value,
      text: (row) => text(value(row)),
      tone: (row) => (toned ? shade(text, value(row)) : ""),
    }),
  ),
];

/** Which of two values is better for us; undefined where neither is, or one is unknown. */
export function betterOf(better: Better, a: Known, b: Known): "a" | "b" | undefined {
  if (!better || a === null || b === null || a === b) return undefined;
  return a > b === better > 0 ? "a" : "b";
}

/** Number bots by their net PnL, the best first; equal ones share a place. */
export function ranked(rows: readonly Leader[]): Ranked[] {
  const nets = rows.flatMap(({ statistics }) => (statistics.net === null ? [] : [statistics.net]));
  return rows.map((row) => {
    const { net } = row.statistics;
    return { ...row, rank: net === null ? null : 1 + nets.filter((other) => other > net).length };
  });
}

/** Return which two are chosen after one more was pressed: a third takes the place of the older one. */
export function chosen(before: readonly string[], id: string): string[] {
  return before.includes(id) ? before.filter((each) => each !== id) : [...before, id].slice(-2);
}

/** The rows whose name, id or wallet contains a text. */
export function matching<T extends Leader>(rows: readonly T[], text: string): T[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter((row) => `${row.name}\n${row.id}\n${row.walletAddress}`.toLowerCase().includes(wanted));
}

/** Where two bots are compared. */
export function compareHref(a: string, b = ""): string {
  return `/bots/compare?${new URLSearchParams(b ? { a, b } : { a }).toString()}`;
}

/** Address of a bot here; behind `/api` that of the API. */
export function botPath(id: string): string {
  return `/bots/${encodeURIComponent(id)}`;
}

export interface Compared {
  id: string;
  label: string;
  a: string;
  b: string;
  tones: { a: string; b: string };
  /** Which one is better for us. */
  best: "a" | "b" | undefined;
}

/** One line of a comparison; what reads the same is no better. */
export function compared(
  { id, label, text, better, toned }: Pick<Metric, "id" | "label" | "text" | "better" | "toned">,
  a: Known,
  b: Known,
): Compared {
  const shown = { a: text(a), b: text(b) };
  const tones = { a: toned ? shade(text, a) : "", b: toned ? shade(text, b) : "" };
  return { id, label, ...shown, tones, best: shown.a === shown.b ? undefined : betterOf(better, a, b) };
}

/** The columns of a comparison of two bots, by name. */
export function comparisonColumns(a: string, b: string): Column<Compared>[] {
  const of = (side: "a" | "b", label: string): Column<Compared> => ({
    id: side,
    label,
    num: true,
    value: (row) => row[side],
    tone: (row) => row.tones[side],
    custom: true,
  });
  return [{ id: "label", label: "What", value: (row) => row.label }, of("a", a), of("b", b)];
}
