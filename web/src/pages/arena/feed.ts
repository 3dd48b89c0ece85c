import type { Decision, Fill, Trade } from "../../api/types";
import type { Message } from "../../live/stream";

export type Kind = "ours" | "bots" | "skips";

/** A line of the feed. `seq` is the number of its record. */
export interface Item {
  seq: number;
  kind: Kind;
  time: number;
  botId: string | null;
  asset: string;
  side: "buy" | "sell" | null;
  size: number | null;
  price: number | null;
  notional: number | null;
  pnl: number | null;
  reason: string;
  href: string;
}

export const KINDS: readonly { value: Kind; label: string; one: string }[] = [
  { value: "ours", label: "Ours", one: "Ours" },
  { value: "bots", label: "Bots", one: "Bot" },
  { value: "skips", label: "Skips", one: "Skip" },
];
/** The messages that are lines of the feed. */
export const HEARD = ["my-trade", "bot-trade", "decision"];
/** So many lines of each kind are kept: 200 in all, and many of one kind never push out the others. */
export const PER_KIND = 66;
export const SHOWN = 50;

const SIDES: Record<string, Item["side"]> = { long: "buy", buy: "buy", short: "sell", sell: "sell" };

/** The decisions about a coin of a bot. */
function decisionsOf(botId: string | null, asset: string): string {
  return `/decisions?${new URLSearchParams([...(botId === null ? [] : [["bot", botId]]), ["coin", asset]])}`;
}

function ofOrder(cloid: string | null | undefined, botId: string | null, asset: string): string {
  return cloid ? `/decisions?cloid=${encodeURIComponent(cloid)}` : decisionsOf(botId, asset);
}

function ofSkip(seq: number, time: number, made: Pick<Decision, "botId" | "asset" | "delta" | "reason">): Item {
  const { botId, asset, delta, reason } = made;
  const side = delta > 0 ? "buy" : delta < 0 ? "sell" : null;
  const unknown = { price: null, notional: null, pnl: null };
  const href = `/decisions?open=${seq}`;
  return { seq, kind: "skips", time, botId, asset, side, size: Math.abs(delta), reason, href, ...unknown };
}

/** Return a message as a line; null where it is none. */
export function itemOf({ type, seq, timestamp, data }: Message): Item | null {
  if (type === "decision") return data.outcome === "skip" ? ofSkip(seq, timestamp, data) : null;
  if (type === "my-trade") {
    const { botId, asset, size, price, notional } = data;
    const [side, reason] = [SIDES[data.side] ?? null, String(data.reason ?? "")];
    const href = ofOrder(data.orderId, botId, asset);
    const pnl = data.pnl ?? null;
    return { seq, kind: "ours", time: data.timestamp, botId, asset, side, size, price, notional, pnl, reason, href };
  }
  if (type !== "bot-trade") return null;
  const { timestamp: time, asset, size, price, notional, isFollowed } = data.event;
  const [side, reason] = [SIDES[data.event.side] ?? null, isFollowed === false ? "not_followed" : ""];
  const href = decisionsOf(data.botId, asset);
  return { seq, kind: "bots", time, botId: data.botId, asset, side, size, price, notional, pnl: null, reason, href };
}

/** The lines of what was read; `fills` tell of our trades why they were made and by which order. */
export function itemsOf(trades: readonly Trade[], skips: readonly Decision[], fills: readonly Fill[]): Item[] {
  const told = new Map(fills.map((fill) => [fill.seq, fill]));
  const items = trades.map((trade): Item => {
    const { botId, asset, size, price, notional, pnl, timestamp: time } = trade;
    const seq = Number(trade.id);
    const fill = told.get(seq);
    const isOurs = trade.type === "mine";
    const kind: Kind = isOurs ? "ours" : "bots";
    const href = isOurs ? ofOrder(fill?.cloid, botId, asset) : decisionsOf(botId, asset);
    const [side, reason] = [SIDES[trade.side] ?? null, fill?.kind ?? ""];
    return { seq, kind, time, botId, asset, side, size, price, notional, pnl, reason, href };
  });
  const skipped = skips.filter(({ outcome }) => outcome === "skip");
  return merged(
    items,
    skipped.map((made) => ofSkip(made.seq, made.timestamp, made)),
  );
}

/** Join lines, each record once, the newest first, at most `PER_KIND` of each kind. */
export function merged(items: readonly Item[], fresh: readonly Item[]): Item[] {
  const known = new Map<number, Item>();
  for (const item of items) known.set(item.seq, item);
  for (const item of fresh) known.set(item.seq, item);
  const room: Record<Kind, number> = { ours: PER_KIND, bots: PER_KIND, skips: PER_KIND };
  return [...known.values()].sort((a, b) => b.time - a.time || b.seq - a.seq).filter(({ kind }) => room[kind]-- > 0);
}

/** What waits to be shown: bounded, however much comes. */
export class Waiting {
  #items: Item[] = [];
  count = 0;

  add(item: Item): void {
    this.count++;
    this.#items.push(item);
    if (this.#items.length >= 10 * PER_KIND) this.#items = merged(this.#items, []);
  }

  drain(): Item[] {
    const items = this.#items;
    this.#items = [];
    this.count = 0;
    return items;
  }
}

/** The lines of the chosen kinds. */
export function shown(items: readonly Item[], kinds: ReadonlySet<Kind>): Item[] {
  return items.filter(({ kind }) => kinds.has(kind)).slice(0, SHOWN);
}
