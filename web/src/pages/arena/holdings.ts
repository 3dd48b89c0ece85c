import type { Position } from "../../api/types";

/** The smallest order that the exchange takes, USD, with a margin: a smaller gap stays as it is. */
export const GAP_MIN_USD = 10.5;

/** What a bot and we hold of a coin, at the newest mark. */
export interface Holding {
  key: string;
  botId: string;
  bot: string;
  asset: string;
  theirs: number | null;
  theirValue: number | null;
  theirEntry: number | null;
  theirPnl: number | null;
  ours: number | null;
  target: number | null;
  gap: number | null;
  isOff: boolean;
  entry: number | null;
  pnl: number | null;
  mark: number | null;
}

type Known = number | null | undefined;

/** PnL of a position at a mark; null while a part of it is unknown. */
export function pnlOf(size: Known, entry: Known, mark: Known): number | null {
  if (size === 0) return 0;
  return size == null || entry == null || mark == null ? null : size * (mark - entry);
}

/** The rows of `GET /api/positions` at the newest marks, by bots in the order of `names`, the largest first. */
export function holdingsOf(
  positions: readonly Position[],
  marks: Readonly<Record<string, number>>,
  names: Readonly<Record<string, string>>,
): Holding[] {
  const order = new Map(Object.keys(names).map((id, i) => [id, i]));
  const place = (id: string): number => order.get(id) ?? Infinity;
  const rows = positions.map(({ botId, asset, mark: written, source, ours }): Holding => {
    const mark = marks[asset] ?? written;
    const theirs = source?.size ?? null;
    const gap = ours?.gap ?? null;
    return {
      key: `${botId} ${asset}`,
      botId,
      bot: names[botId] ?? botId,
      asset,
      theirs,
      theirValue: theirs === null || mark === null ? null : Math.abs(theirs) * mark,
      theirEntry: source?.entryPrice ?? null,
      theirPnl: pnlOf(source?.size, source?.entryPrice, mark),
      ours: ours?.size ?? null,
      target: ours?.target ?? null,
      gap,
      isOff: !!gap && (mark === null || Math.abs(gap) * mark >= GAP_MIN_USD),
      entry: ours?.entryPrice ?? null,
      pnl: pnlOf(ours?.size, ours?.entryPrice, mark),
      mark,
    };
  });
  const value = (row: Holding): number => row.theirValue ?? 0;
  return rows.sort((a, b) => {
    const [one, other] = [place(a.botId), place(b.botId)];
    if (one !== other) return one < other ? -1 : 1;
    return a.botId.localeCompare(b.botId) || value(b) - value(a) || a.asset.localeCompare(b.asset);
  });
}

/** USD as they are shown: what is less than half a cent is neither gain nor loss. */
export function inCents(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * 100) / 100;
}

/** The rows of a bot (all where it is empty) whose coin contains a text. */
export function filtered(rows: readonly Holding[], bot: string, coin: string): Holding[] {
  const wanted = coin.trim().toLowerCase();
  return rows.filter((row) => (!bot || row.botId === bot) && row.asset.toLowerCase().includes(wanted));
}

/** The sum of a column; null where one of its numbers is unknown although there is a position. */
export function sumOf(rows: readonly Holding[], size: "theirs" | "ours", pnl: "theirPnl" | "pnl"): number | null {
  let sum = 0;
  for (const row of rows) {
    if (!row[size]) continue;
    const usd = row[pnl];
    if (usd === null) return null;
    sum += usd;
  }
  return sum;
}
