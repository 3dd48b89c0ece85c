import { words } from "../../lib/format";
import type { Mark } from "../../ui/chart";

/** A record that a chart may mark. */
export interface Told {
  type: string;
  timestamp: number;
  data: any;
}

/** So many marks are kept. */
export const MARKS_MAX = 300;
/** The messages that may become marks. */
export const TOLD = ["trading-state", "alert", "gap"];

const MILD = new Set(["pause", "disabled"]);
const LATCHES = new Set([
  ...MILD,
  ...["kill", "flatten", "daily_loss", "drawdown", "bot_loss", "own_liquidation", "two_writers", "quarantine"],
]);
const OUTAGES = new Set(["feed", "worker"]);

/**
 * Return the mark of a record; null where it is none: alerts that matter little, and those of limits, which the change
 * of the trading state tells already.
 */
export function markOf({ type, timestamp, data }: Told, names: Record<string, string>): Mark | null {
  const mark = (tone: string, label: string): Mark => ({ time: timestamp, tone, label });
  if (type === "gap") {
    const who = names[data.botId] ?? data.botId;
    return mark(
      "warn",
      `Gap in the fills of ${who} in ${data.asset}: ${data.expected} expected, ${data.reported} told`,
    );
  }
  if (type === "trading-state") {
    // What a settings file brings with it did not happen.
    if (data.actor === "seed") return null;
    const tone = !data.isSet ? "muted" : MILD.has(data.latch) ? "warn" : "bad";
    const what = `${words(data.latch)} ${data.isSet ? "set" : "ended"} for ${scopeOf(data.scope, names)}`;
    return mark(tone, data.reason ? `${what}: ${data.reason}` : what);
  }
  if (type !== "alert" || LATCHES.has(data.category)) return null;
  const isOutage = OUTAGES.has(data.category);
  if (data.level !== "critical" && !isOutage) return null;
  const tone = data.level === "critical" ? "bad" : data.level === "info" ? "muted" : "warn";
  return mark(tone, `${words(data.category)}, ${named(data.subject, names)}: ${data.text}`);
}

/** A subject begins with the id of a bot, if it is about one. */
function named(subject: string, names: Record<string, string>): string {
  const [id = "", ...rest] = subject.split(" ");
  return [names[id] ?? id, ...rest].join(" ");
}

/** Return a scope (`all`, `bot:ID`, `account:ID`) in words. */
export function scopeOf(scope: string, names: Record<string, string>): string {
  const [kind, id] = [scope.slice(0, scope.indexOf(":")), scope.slice(scope.indexOf(":") + 1)];
  if (scope === "all") return "everything";
  return kind === "bot" ? (names[id] ?? id) : `${kind} ${id}`;
}

/** Join what was read and what was heard since, each once, the oldest first. */
export function marksOf(read: readonly Told[], heard: readonly Told[], names: Record<string, string>): Mark[] {
  const known = new Map<string, Mark>();
  for (const told of [...read, ...heard]) {
    const mark = markOf(told, names);
    if (mark) known.set(`${mark.time} ${mark.label}`, mark);
  }
  return [...known.values()].sort((a, b) => a.time - b.time).slice(-MARKS_MAX);
}
