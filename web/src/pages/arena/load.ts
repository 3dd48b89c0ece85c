import { ApiError, get } from "../../api/client";
import type { Alerts, Decisions, Equity, Events, Fills, Interval, Trades } from "../../api/types";
import { SPANS, curveOf, intervalFor, type Curve, type Range } from "./curve";
import { itemsOf, type Item } from "./feed";
import { MARKS_MAX, type Told } from "./marks";

const DAY = 86_400_000;
const BEGINNING = Date.UTC(2023, 0);
const PAGE = 200;
const PAGES = 4;

/** Read the curves of a range; of everything as finely as one answer can hold. */
export async function loadCurve(range: Range, now: number, signal: AbortSignal): Promise<Curve> {
  const ask = async (startTime: number, interval: Interval): Promise<Curve> =>
    curveOf(await get<Equity>("/api/equity", { startTime: Math.max(0, Math.floor(startTime)), interval }, signal));
  const span = SPANS[range];
  if (span !== null) return ask(now - span, intervalFor(span));
  const whole = await ask(Math.min(BEGINNING, now - 1000 * DAY), "1d");
  const first = whole.times[0];
  const interval = first === undefined ? "1d" : intervalFor(now - first);
  if (first === undefined || interval === "1d") return whole;
  try {
    return await ask(first, interval);
  } catch (error) {
    // So many bots have more points than one answer may hold.
    if (error instanceof ApiError && error.status === 400) return whole;
    throw error;
  }
}

/** Read what happened since a time: changes of the trading state, holes in the chains of fills, alerts. */
export async function loadTold(since: number, signal: AbortSignal): Promise<Told[]> {
  const after = await lastBefore(since, signal);
  const [states, gaps, alerts] = await Promise.all([
    loadEvents("trading-state", after, since, signal),
    loadEvents("gap", after, since, signal),
    loadAlerts(since, signal),
  ]);
  return [...states, ...gaps, ...alerts].sort((a, b) => a.timestamp - b.timestamp).slice(-MARKS_MAX);
}

async function loadEvents(category: string, first: number, since: number, signal: AbortSignal): Promise<Told[]> {
  let after = first;
  const found: Told[] = [];
  for (let page = 0; page < PAGES; page++) {
    const { events, nextSince } = await get<Events>("/api/events", { category, since: after, limit: PAGE }, signal);
    found.push(...events.filter((event) => event.timestamp >= since));
    if (events.length < PAGE) break;
    after = nextSince;
  }
  return found;
}

/** The log is read by number: return that of the last decision before a time, or 0. */
async function lastBefore(time: number, signal: AbortSignal): Promise<number> {
  if (time <= 0) return 0;
  const { decisions } = await get<Decisions>("/api/decisions", { endTime: Math.floor(time), limit: 1 }, signal);
  const last = decisions[0];
  return last && last.timestamp <= time ? last.seq : 0;
}

async function loadAlerts(since: number, signal: AbortSignal): Promise<Told[]> {
  const found: Told[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES; page++) {
    const answer: Alerts = await get<Alerts>("/api/alerts", { cursor, limit: PAGE }, signal);
    const recent = answer.alerts.filter((alert) => alert.timestamp >= since);
    found.push(...recent.map((alert) => ({ type: "alert", timestamp: alert.timestamp, data: alert })));
    cursor = answer.nextCursor;
    if (cursor === null || recent.length < answer.alerts.length) break;
  }
  return found;
}

/** Read what the feed begins with. */
export async function loadFeed(signal: AbortSignal): Promise<Item[]> {
  const [{ trades }, { decisions }, { fills }] = await Promise.all([
    get<Trades>("/api/trades", { limit: 50 }, signal),
    get<Decisions>("/api/decisions", { outcome: "skip", limit: 50 }, signal),
    get<Fills>("/api/fills", { limit: 100 }, signal),
  ]);
  return itemsOf(trades, decisions, fills);
}
