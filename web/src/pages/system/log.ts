import { get } from "../../api/client";
import type { Events } from "../../api/types";
import type { Page } from "../decisions/pages.svelte";
import { logged, RECORDS, summary, type Row } from "../decisions/records";

export interface LogFilter {
  level: string;
  category: string;
}

const PAGE = 200;
const TRIES = 12;

/** Reads the newest records before a number, the newest first: the log itself is only given from old to new. */
export async function readBefore(
  before: number,
  filter: LogFilter,
  signal: AbortSignal,
  ask: typeof get = get,
): Promise<Page<Row>> {
  let width = PAGE;
  let high = before;
  for (let tries = 0; tries < TRIES && high > 1; tries++) {
    const since = Math.max(0, high - 1 - width);
    const page = await ask<Events>("/api/events", { since, limit: PAGE, ...filter }, signal);
    const rows: Row[] = page.events.filter((event) => event.seq < high);
    const isWhole = page.events.length < PAGE || rows.length < page.events.length || rows.at(-1)?.seq === high - 1;
    if (!isWhole && width > PAGE) {
      width = Math.max(PAGE, Math.floor(width / 8));
      continue;
    }
    if (rows.length) return { rows: rows.reverse(), next: since ? String(since + 1) : null };
    high = since + 1;
    width *= 8;
  }
  return { rows: [], next: high > 1 ? String(high) : null };
}

/** Tells whether a record is one of those that are sought; the text is sought in what is shown. */
export function isSought(row: Row, filter: LogFilter, text: string, names: Record<string, string> = {}): boolean {
  const sought = text.trim().toLowerCase();
  const { type, data } = row;
  const shown = () => [row.category, summary(type, data, names), data.botId, data.cloid, data.orderId].join(" ");
  return (
    (!filter.level || row.level === filter.level) &&
    (!filter.category || row.category === filter.category) &&
    (!sought || shown().toLowerCase().includes(sought))
  );
}

/** Kinds of records, and what alerts are about. */
export const CATEGORIES: readonly string[] = [
  ...new Set([
    ...[...RECORDS.map(logged), "bots-change"].sort(),
    ...(
      "account adl agent_key bot bot_loss daily_loss daily_summary dead_letter dead_man drawdown drift feed fill flatten " +
      "foreign_order input kill leverage limit_near liquidation operator operator_trade order orphan protect quarantine " +
      "reduce reject_streak repair settlement source_silent stop tracking_error two_writers worker"
    ).split(" "),
  ]),
];

/** Where more is told of a record; null where nowhere. */
export function linkOf(row: Row): string | null {
  if (row.type === "decision") return `/decisions?open=${row.seq}`;
  const cloid = row.data.cloid ?? row.data.orderId;
  const hasStory = ["my-fill", "order-update", "shadow-fill"].includes(row.type);
  return hasStory && typeof cloid === "string" ? `/decisions?cloid=${cloid}` : null;
}
