import { ApiError, get } from "../../api/client";
import type { Decision, Event, Events, Fill, OrderStory, Trades } from "../../api/types";
import { price, size, words } from "../../lib/format";
import { decisionOf } from "./filter";
import { OUTCOMES } from "./reasons";

/** The bot's fill that a decision answers. */
export interface Cause {
  timestamp: number;
  side: "buy" | "sell";
  size: number;
  price: number;
  startPosition: number | null;
  feed: string | null;
  /** Whether both were journaled together; else it is the bot's last fill before the decision. */
  isCertain: boolean;
}

export interface Told {
  decision: Decision | null;
  story: OrderStory | null;
  cause: Cause | null;
  /** What was recorded with the decision. */
  beside: Event[];
  /** The record of the number that was asked for; null where the log has none. */
  own: Event | null;
}

export interface Step {
  key: string;
  timestamp: number;
  what: string;
  detail: string;
  /** Since the step before. */
  took: number | null;
  /** Since the first step. */
  since: number;
}

const AROUND = 40;
const BUYS: readonly unknown[] = ["long", "buy"];

/** Reads everything about a decision, by the number of its record or by its order. */
export async function tell(
  seq: number | null,
  cloid: string | null,
  signal: AbortSignal,
  ask: typeof get = get,
): Promise<Told> {
  let story = seq === null && cloid ? await orderOf(cloid, signal, ask) : null;
  const at = seq ?? story?.decision?.seq ?? story?.order.seq ?? null;
  if (at === null) return { decision: null, story, cause: null, beside: [], own: null };
  const around = await ask<Events>("/api/events", { since: Math.max(0, at - AROUND), limit: 2 * AROUND }, signal);
  const own = around.events.find((event) => event.seq === at) ?? null;
  const decision = own?.type === "decision" ? decisionOf(own) : (story?.decision ?? null);
  const beside = own ? around.events.filter((event) => event.journalSeq === own.journalSeq && event.seq !== at) : [];
  const named = decision ? decision.cloid : (own?.data.cloid ?? own?.data.orderId);
  const [found, cause] = await Promise.all([
    story ?? (typeof named === "string" ? orderOf(named, signal, ask) : null),
    decision?.botId ? causeOf(decision, beside, signal, ask) : null,
  ]);
  story = found;
  return { decision: decision ?? story?.decision ?? null, story, cause, beside, own };
}

async function orderOf(cloid: string, signal: AbortSignal, ask: typeof get): Promise<OrderStory | null> {
  try {
    return await ask<OrderStory>(`/api/orders/${encodeURIComponent(cloid)}`, undefined, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

async function causeOf(
  decision: Decision,
  beside: readonly Event[],
  signal: AbortSignal,
  ask: typeof get,
): Promise<Cause | null> {
  const { botId, asset } = decision;
  for (const { type, data } of beside.toReversed()) {
    const fill = data.event as Record<string, unknown> | undefined;
    if (!fill || type !== "bot-trade" || data.botId !== botId || fill.asset !== asset) continue;
    return {
      timestamp: Number(fill.timestamp),
      side: BUYS.includes(fill.side) ? "buy" : "sell",
      size: Number(fill.size),
      price: Number(fill.price),
      startPosition: typeof fill.startPosition === "number" ? fill.startPosition : null,
      feed: typeof fill.feed === "string" ? fill.feed : null,
      isCertain: true,
    };
  }
  const query = { type: "bot", botId, asset, endTime: decision.timestamp, limit: 1 };
  const last = (await ask<Trades>("/api/trades", query, signal)).trades[0];
  if (!last) return null;
  const { timestamp, size: amount, price: at } = last;
  const side = BUYS.includes(last.side) ? "buy" : "sell";
  return { timestamp, side, size: amount, price: at, startPosition: null, feed: null, isCertain: false };
}

/** Returns what happened in order, from the bot's fill to the last of ours. */
export function stepsOf({ decision, story, cause }: Pick<Told, "decision" | "story" | "cause">): Step[] {
  const steps: Omit<Step, "took" | "since">[] = [];
  if (cause) {
    const start = cause.startPosition === null ? "" : `, from ${size(cause.startPosition)}`;
    const feed = cause.feed ? `, heard by ${cause.feed}` : "";
    const detail = traded(cause) + start + feed;
    steps.push({ key: "cause", timestamp: cause.timestamp, what: "Fill of the bot", detail });
  }
  if (decision) {
    const detail = `${OUTCOMES[decision.outcome]}: ${words(decision.reason)}`;
    steps.push({ key: "decision", timestamp: decision.timestamp, what: "Decided", detail });
  }
  for (const each of story?.transitions ?? []) {
    const filled = each.averagePrice === null ? "" : `${size(each.filled)} at ${price(each.averagePrice)}`;
    const detail = [filled, said(each.reason)].filter(Boolean).join("; ");
    steps.push({ key: `t${each.seq}`, timestamp: each.timestamp, what: `Order ${words(each.status)}`, detail });
  }
  for (const fill of story?.fills ?? []) {
    steps.push({ key: `f${fill.seq}`, timestamp: fill.timestamp, what: "Fill of ours", detail: traded(fill) });
  }
  steps.sort((a, b) => a.timestamp - b.timestamp);
  const first = steps[0]?.timestamp ?? 0;
  return steps.map((step, index) => ({
    ...step,
    took: index ? step.timestamp - (steps[index - 1]?.timestamp ?? 0) : null,
    since: step.timestamp - first,
  }));
}

/** Codes in words, sentences as they are. */
export function said(reason: string): string {
  return /^[a-z_-]+$/.test(reason) ? words(reason) : reason;
}

function traded(fill: Pick<Fill, "side" | "size" | "price">): string {
  return `${fill.side} ${size(fill.size)} at ${price(fill.price)}`;
}
