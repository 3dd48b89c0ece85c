import { get, type Query } from "../../api/client";
import type { Decision, Decisions, Order, Orders, Outcome } from "../../api/types";
import type { Message } from "../../live/stream";
import type { Page } from "./pages.svelte";

export interface Filter {
  bot: string;
  coin: string;
  outcome: Outcome | "";
  reason: string;
  from: number | null;
  to: number | null;
}

export const DAY_MS = 86_400_000;
const PAGE = 200;
/** How many pages are read in a row where only this page can tell which rows are sought. */
export const PAGES_AT_ONCE = 5;
const OUTCOMES: readonly string[] = ["execute", "skip", "hold"];

/** Reads the filter from an address. */
export function filterOf(query: URLSearchParams): Filter {
  const outcome = query.get("outcome") ?? "";
  return {
    bot: query.get("bot") ?? "",
    coin: query.get("coin") ?? "",
    outcome: OUTCOMES.includes(outcome) ? (outcome as Outcome) : "",
    reason: query.get("reason") ?? "",
    from: timeOf(query.get("from")),
    to: timeOf(query.get("to")),
  };
}

/** Returns the midnight of UTC with which a moment's day began. */
export function dayStart(now: number): number {
  return now - (now % DAY_MS);
}

/** Returns what is sought as the words of a reason are written. */
function plain(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, " ");
}

/** Tells whether a decision is one of those that are sought. */
export function passes(decision: Decision, filter: Filter): boolean {
  return (
    (!filter.bot || decision.botId === filter.bot) &&
    (!filter.coin || decision.asset === filter.coin) &&
    (!filter.outcome || decision.outcome === filter.outcome) &&
    (!filter.reason || plain(decision.reason).includes(plain(filter.reason))) &&
    isWithin(decision.timestamp, filter)
  );
}

/** Tells whether a moment lies in the filter's span. */
export function isWithin(time: number, filter: Pick<Filter, "from" | "to">): boolean {
  return (filter.from === null || time >= filter.from) && (filter.to === null || time <= filter.to);
}

/** Returns a coin as the exchange writes it, where only the letters' case differs; else what was typed. */
export function coinOf(typed: string, known: Iterable<string>): string {
  const sought = typed.trim();
  const names = [...known];
  if (!sought || names.includes(sought)) return sought;
  return names.find((name) => name.toLowerCase() === sought.toLowerCase()) ?? sought;
}

/** Returns the decision that a `decision` record tells of. */
export function decisionOf(record: Pick<Message, "seq" | "timestamp" | "data">): Decision {
  const { limit, ...data } = record.data as Omit<Decision, "seq" | "timestamp" | "limitPrice"> & {
    limit: number | null;
  };
  return { ...data, limitPrice: limit ?? null, seq: record.seq, timestamp: record.timestamp };
}

/** A cursor for decisions that are at most as new as this moment, for where the API gave none. */
export function cursorBefore(row: { timestamp: number }): string {
  return `@${row.timestamp}`;
}

/** Returns the query of a page of decisions. */
export function decisionQuery(filter: Filter, cursor: string | null): Query {
  const isTime = cursor?.startsWith("@") ?? false;
  const until = isTime ? Number(cursor?.slice(1)) : null;
  return {
    botId: filter.bot,
    asset: filter.coin,
    outcome: filter.outcome,
    startTime: filter.from,
    endTime: until === null ? filter.to : Math.min(until, filter.to ?? until),
    cursor: isTime ? null : cursor,
    limit: filter.reason ? PAGE : PAGE / 2,
  };
}

/** Reads a page of decisions; the reason, which the API does not know, is sought here. */
export async function readDecisions(
  filter: Filter,
  cursor: string | null,
  signal: AbortSignal,
  ask: typeof get = get,
): Promise<Page<Decision>> {
  const page = await ask<Decisions>("/api/decisions", decisionQuery(filter, cursor), signal);
  return { rows: page.decisions.filter((decision) => passes(decision, filter)), next: page.nextCursor };
}

/**
 * Returns by how many bps an order was filled better than its limit, on average; null where nothing traded.
 * Limits lie a fixed distance behind the touch, so that little room means much slippage.
 */
export function roomBps(order: Pick<Order, "side" | "limitPrice" | "averagePrice">): number | null {
  const { averagePrice, limitPrice } = order;
  if (averagePrice === null || !limitPrice) return null;
  return worseBps(order.side, limitPrice, averagePrice);
}

/** Returns by how many bps `price` is worse than `reference` for whoever trades at it. */
export function worseBps(side: "buy" | "sell", price: number, reference: number): number {
  return (((price - reference) * (side === "buy" ? 1 : -1)) / reference) * 10_000;
}

/** Reads a page of orders, those of which something traded; before the span there is no further one. */
export async function readOrders(
  filter: Filter,
  cursor: string | null,
  signal: AbortSignal,
  ask: typeof get = get,
): Promise<Page<Order>> {
  const query = { botId: filter.bot, asset: filter.coin, cursor, limit: PAGE };
  const { orders, nextCursor } = await ask<Orders>("/api/orders", query, signal);
  const last = orders.at(-1);
  const isBefore = last !== undefined && filter.from !== null && last.created < filter.from;
  return {
    rows: orders.filter((order) => order.averagePrice !== null && isWithin(order.created, filter)),
    next: isBefore ? null : nextCursor,
  };
}

/** Reads a moment of an address; null where it is none. */
export function timeOf(text: string | null): number | null {
  return text && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Returns a moment as a `datetime-local` field has it. */
export function toField(time: number | null, utc: boolean): string {
  if (time === null) return "";
  const shift = utc ? 0 : new Date(time).getTimezoneOffset() * 60_000;
  return new Date(time - shift).toISOString().slice(0, 16);
}

/** Returns the moment of a `datetime-local` field; null where it is empty or none. */
export function fromField(text: string, utc: boolean): number | null {
  if (!text) return null;
  const time = Date.parse(utc ? `${text}Z` : text);
  return Number.isNaN(time) ? null : time;
}
