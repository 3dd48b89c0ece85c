import { withQuery } from "../../api/client";

export interface Kind {
  name: string;
  says: string;
  by: "bot and coin" | "bot" | "year";
}

export interface Scope {
  from: number | null;
  to: number | null;
  bot: string;
  coin: string;
  year: string;
}

export const FORMS = ["csv", "parquet"] as const;

export const KINDS: readonly Kind[] = [
  { name: "trades", says: "Executions of the bots and of ours", by: "bot and coin" },
  { name: "fills", says: "Every part of a book of ours that moved", by: "bot and coin" },
  { name: "decisions", says: "The decision ledger with every check", by: "bot and coin" },
  { name: "orders", says: "Our orders as they stand", by: "bot and coin" },
  { name: "equity", says: "Curves of equity by the minute", by: "bot" },
  { name: "funding", says: "Funding of each part of a book", by: "bot and coin" },
  { name: "ledger", says: "Everything that moved books or money", by: "bot and coin" },
  { name: "realised", says: "Realised PnL of a year at average cost", by: "year" },
  { name: "realised-summary", says: "The same year summed up by month", by: "year" },
];

/** Returns a file's address; what a kind does not take is left out. */
export function addressOf(kind: Kind, form: (typeof FORMS)[number], scope: Scope): string {
  const path = `/api/export/${kind.name}.${form}`;
  if (kind.by === "year") return withQuery(path, { year: scope.year });
  return withQuery(path, {
    startTime: scope.from,
    endTime: scope.to,
    botId: scope.bot,
    asset: kind.by === "bot" ? null : scope.coin.trim(),
  });
}

/** Returns what is wrong with what was chosen; empty where nothing is. */
export function wrongWith(scope: Scope): string {
  if (scope.from !== null && scope.to !== null && scope.from > scope.to) return "It ends before it begins.";
  if (!/^[2-9]\d{3}$/.test(scope.year) || scope.year === "9999") return "The year must be 2000 to 9998.";
  return "";
}
