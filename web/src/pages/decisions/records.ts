import type { Event } from "../../api/types";
import { bps, duration, pct, price, signed, size, usd2, words } from "../../lib/format";
import type { Message } from "../../live/stream";

/** Every kind of record, as messages name them. */
export const RECORDS: readonly string[] = [
  "bot-trade",
  "my-trade",
  "decision",
  "order-update",
  "settings-update",
  "alert",
  "position-change",
  "gap",
  "follow-update",
  "sleeve-update",
  "funding-booked",
  "cash-booked",
  "equity-point",
  "bot-performance",
  "trading-state",
  "drift",
  "dead-letter",
  "shadow-fill",
  "stop-update",
  "control-answer",
];

/** Messages that have another name in the log. */
const LOGGED: Record<string, string> = { "my-trade": "my-fill", "settings-update": "settings-change" };

type Data = Record<string, unknown>;

/** Returns the name that a message has in the log. */
export function logged(type: string): string {
  return LOGGED[type] ?? type;
}

/** Tells whether a message is a record, and not only for the moment. */
export function isRecord(message: Pick<Message, "type">): boolean {
  return RECORDS.includes(message.type);
}

export type Row = Pick<Event, "seq" | "timestamp" | "type" | "level" | "category" | "data">;

/** Returns a message as the log has it. */
export function rowOf(message: Message): Row {
  const type = logged(message.type);
  const { level, category } = type === "alert" ? message.data : { level: "info", category: type };
  const data = type === "settings-change" ? { version: message.data?.version } : message.data;
  return { seq: message.seq, timestamp: message.timestamp, type, level, category, data };
}

const HIDDEN = new Set(
  "id botId asset account timestamp walletAddress label cloid orderId series scope checks policy".split(" "),
);
const FORMS: Record<string, (value: number) => string> = {
  price,
  limit: price,
  limitPrice: price,
  averagePrice: price,
  notional: usd2,
  fee: usd2,
  fees: usd2,
  cost: usd2,
  usd: usd2,
  tradedUsd: usd2,
  crossedSavedUsd: usd2,
  slippageBps: bps,
  winRate: (ratio) => pct(ratio),
  net: signed,
  dayNet: signed,
  realised: signed,
  pnl: signed,
  reactionMs: duration,
};

/** Names that would say a unit twice. */
const LABELS: Record<string, string> = {
  usd: "",
  tradedUsd: "traded",
  crossedSavedUsd: "saved by crossing",
  slippageBps: "slippage",
  reactionMs: "reaction",
};

/** Whom an alert is about: bots by their names. */
export function subjectOf(subject: string, names: Record<string, string>): string {
  return subject
    .split(" ")
    .map((word) => names[word.replace(/^bot:/, "")] ?? word)
    .join(" ");
}

/** Tells what a record says, in a line; bots by their names where these are known. */
export function summary(type: string, data: Data, names: Record<string, string> = {}): string {
  const named = (id: unknown) => names[String(id)] ?? String(id);
  if (type === "alert") return `${subjectOf(String(data.subject), names)}: ${String(data.text)}`;
  const flat = type === "bot-trade" ? { ...data, ...(data.event as Data) } : data;
  const scope = flat.series ?? flat.scope;
  const whose = flat.botId ?? (typeof scope === "string" ? null : flat.asset ? null : flat.account);
  const [kind, id] = typeof scope === "string" ? scope.split(/:(.*)/s) : [];
  const subject = [kind && words(kind), id && named(id), whose && named(whose), flat.asset].filter(Boolean).join(" ");
  const facts = Object.entries(flat)
    .filter(([name, value]) => !HIDDEN.has(name) && isPlain(value))
    .map(([name, value]) => `${LABELS[name] ?? words(name)} ${factOf(name, value)}`.trim());
  return [subject, facts.join(", ")].filter(Boolean).join(": ");
}

function isPlain(value: unknown): boolean {
  return value !== null && value !== "" && typeof value !== "object" && value !== undefined;
}

function factOf(name: string, value: unknown): string {
  if (typeof value === "number") return (FORMS[name] ?? size)(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}
