import type { BotPosition, Costs, Trade } from "../../api/types";
import type { Message } from "../../live/stream";

/** The kinds of messages after which a bot has to be read again. */
export const FACTS = [
  "bot-performance",
  "bot-trade",
  "my-trade",
  "sleeve-update",
  "follow-update",
  "position-change",
  "trading-state",
  "settings-update",
] as const;

/** Whether a message tells of a bot, or of what stops it. */
export function concerns(message: Pick<Message, "type" | "data">, id: string, account: string | undefined): boolean {
  const { type, data } = message;
  if (type === "settings-update") return true;
  if (type === "trading-state") return ["all", `bot:${id}`, `account:${account}`].includes(data.scope);
  return data.botId === id;
}

/** The trade that a `my-trade` or `bot-trade` message tells of. */
export function tradeOf({ type, seq, data }: Pick<Message, "type" | "seq" | "data">): Trade {
  const of = type === "bot-trade" ? data.event : data;
  return {
    id: String(seq),
    type: type === "bot-trade" ? "bot" : "mine",
    botId: data.botId,
    timestamp: of.timestamp,
    asset: of.asset,
    side: of.side,
    size: of.size,
    price: of.price,
    notional: of.notional,
    pnl: of.pnl ?? null,
    simulated: of.simulated ?? false,
  };
}

/** The newest mark that is known of a coin. */
export function markOf(row: Pick<BotPosition, "asset" | "mark">, marks: Record<string, number>): number | null {
  return marks[row.asset] ?? row.mark;
}

/** PnL of a position at the newest mark, USD; null while entry or mark is unknown. */
export function pnlAt(part: { size: number; entryPrice: number | null } | null, mark: number | null): number | null {
  if (!part || mark === null || part.entryPrice === null) return null;
  return part.size * (mark - part.entryPrice);
}

/** Positions in which somebody holds something, or something is still to be traded. */
export function openOnes(rows: readonly BotPosition[]): BotPosition[] {
  return rows.filter((row) => row.source?.size || row.ours?.size || row.ours?.gap);
}

export interface Cost {
  id: string;
  label: string;
  /** What it added to our net PnL, USD; below zero it cost something. */
  usd: number | null;
  /** Its part of the largest one, for a bar. */
  part: number;
}

/** What following a bot cost or saved, each as it counts for us. */
export function costRows(costs: Pick<Costs, "fees" | "funding" | "slippage" | "crossingSaved">): Cost[] {
  const less = (usd: number | null) => (usd === null ? null : 0 - usd);
  const rows = [
    { id: "fees", label: "Fees", usd: less(costs.fees) },
    { id: "funding", label: "Funding", usd: costs.funding },
    { id: "slippage", label: "Slippage against its own prices", usd: less(costs.slippage) },
    { id: "crossing", label: "Saved by crossings with other bots", usd: costs.crossingSaved },
  ];
  return withParts(rows, ({ usd }) => usd);
}

export interface Missed {
  reason: string;
  count: number;
  part: number;
}

/** Reasons for which nothing was done, the most frequent first. */
export function missedRows(missed: Record<string, number>): Missed[] {
  const rows = Object.entries(missed)
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
  return withParts(rows, ({ count }) => count);
}

function withParts<T>(rows: readonly T[], value: (row: T) => number | null): (T & { part: number })[] {
  const sizes = rows.map((row) => Math.abs(value(row) ?? 0));
  const most = Math.max(0, ...sizes);
  return rows.map((row, n) => ({ ...row, part: most > 0 ? (sizes[n] ?? 0) / most : 0 }));
}

/** Call something at once, and then at most once in so many milliseconds. */
export function throttled(act: () => void, ms: number): { call(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const end = () => {
    timer = undefined;
    if (again) run();
  };
  const run = () => {
    again = false;
    timer = setTimeout(end, ms);
    act();
  };
  return {
    call() {
      if (timer === undefined) run();
      else again = true;
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  };
}
