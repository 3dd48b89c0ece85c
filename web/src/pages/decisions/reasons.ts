import type { Check, Decision, Order, Outcome } from "../../api/types";
import { bps, duration, integer, pct, price, size, usd2, words } from "../../lib/format";

type Unit = "text" | "usd" | "ms" | "ages" | "clock" | "bps" | "ratio" | "count" | "flag";
type Bound = "at most" | "at least";

/** Of each risk check the unit of its value and limit, what it says where it stops something, and what the limit is. */
const CHECKS: Record<string, readonly [unit: Unit, says: string, bound?: Bound]> = {
  trading_state: ["text", "trading is stopped"],
  bot_state: ["text", "this bot is stopped"],
  coin_allowed: ["text", "the bot's settings do not allow this coin"],
  market_tradable: ["text", "the market is unknown or delisted"],
  no_collateral: ["flag", "there is no collateral where this market needs it"],
  source_known: ["text", "the bot's own position is not certain"],
  sizing_known: ["text", "the ratio of our size to the bot's is not known"],
  signal_age: ["ms", "the bot's fill is too old"],
  feed_fresh: ["ages", "the bot was not heard or read lately"],
  price_fresh: ["ages", "prices are too old"],
  chase: ["bps", "the price has run too far from the bot's own"],
  global_exposure_cap: ["usd", "the cap on all exposure leaves no room"],
  asset_exposure_cap: ["usd", "the cap on this coin leaves no room"],
  bot_exposure_cap: ["usd", "the cap on this bot leaves no room"],
  max_order_notional: ["usd", "an order may not be that large"],
  margin_available: ["usd", "the margin does not suffice"],
  liquidation_distance: ["ratio", "liquidation would be too near", "at least"],
  daily_loss_limit: ["usd", "the loss since 00:00 UTC has reached its limit"],
  max_drawdown: ["ratio", "the drawdown has reached its limit"],
  bot_loss_limit: ["usd", "the loss with this bot has reached its limit"],
  order_rate: ["count", "too many orders were sent in the last minute"],
  action_budget: ["count", "the exchange's allowance of signed actions is nearly used up", "at least"],
  signer_valid: ["ms", "the account's signer may not sign, or not for long", "at least"],
  reject_streak: ["ms", "it pauses after several rejects in a row"],
  order_settled: ["count", "an order in this coin is still in flight or unknown"],
  reconciled: ["text", "the exchange's position is not our sum"],
  leverage_ready: ["text", "the leverage is not set yet"],
  clock_ok: ["clock", "our clock and the exchange's do not agree"],
  minimum_notional: ["usd", "the order would be below the minimum", "at least"],
};

/** Checks that are named after what is wrong, and what they look at. */
const NAMES: Record<string, string> = { no_collateral: "collateral" };

/** Reasons that are no checks. */
const OTHERS: Record<string, string> = {
  dead_band: "the difference is small against the target, within the dead band",
  waits_for_growth: "the bot itself has not increased since the last decision; time and price alone never increase",
};

/** Reasons of what was ordered. */
const DONE: Record<string, string> = {
  increase: "the bot moved away from zero",
  protect: "of an emergency: the bot was liquidated, or our own liquidation is near",
};

/** Reasons of what was carried out without an order. */
const INSIDE: Record<string, string> = {
  crossed: "without an order: exchanged with another sleeve or the residue",
  dust: "without an order: moved to the residue, as it was too small to be sent",
};

/** Outcomes, as people read them. */
export const OUTCOMES: Record<Outcome, string> = { execute: "Executed", skip: "Skipped", hold: "Waiting" };

/** The check that a reason names. */
const CHECK_OF: Record<string, string> = { below_minimum: "minimum_notional" };

const SETTLED: readonly string[] = ["filled", "partially-filled", "rejected", "cancelled", "expired"];

const FLAGS: Record<string, string> = { True: "yes", False: "no" };

const FORMS: Record<Unit, (text: string) => string> = {
  text: (text) => text,
  usd: (text) => numeric(text, usd2),
  ms: (text) => numeric(text, duration),
  ages: durations,
  clock: durations,
  bps: (text) => numeric(text, bps),
  ratio: (text) => numeric(text, (ratio) => pct(ratio)),
  count: (text) => numeric(text, integer),
  flag: (text) => FLAGS[text] ?? text,
};

function durations(text: string): string {
  return text.replaceAll(/(?<![\w.])-?\d+(?![\w.])/g, (ms) => duration(Number(ms)));
}

function numeric(text: string, form: (value: number) => string): string {
  const value = Number(text);
  return text.trim() && Number.isFinite(value) ? form(value) : text;
}

/** Returns a value or limit of a check as people read it; empty where there is none. */
export function shown(check: string, text: string): string {
  if (text === "none") return "no limit";
  return text && FORMS[unitOf(check)](text);
}

/** Names a check by what it looks at. */
export function nameOf(check: string): string {
  return NAMES[check] ?? words(check);
}

/** What a check found; where it has no number, whether it is so. */
export function found(check: Check): string {
  if (check.value) return shown(check.name, check.value);
  return unitOf(check.name) === "text" ? (check.passed ? "yes" : "no") : "";
}

/** What a check allows. */
export function allowed({ name, limit }: Pick<Check, "name" | "limit">): string {
  const text = shown(name, limit);
  return limit && limit !== "none" ? `${boundOf(name)} ${text}` : text;
}

/** Says what became of one check. */
export function verdict(check: Check): { text: string; tone: "" | "muted" | "warn" | "bad" } {
  if (check.passed) return { text: "passed", tone: "" };
  if (check.effect === "skip") return { text: "stopped it", tone: "bad" };
  if (check.effect === "hold") return { text: "waits for it", tone: "warn" };
  if (check.effect === "clamp") return { text: "made it smaller", tone: "warn" };
  return { text: "failed; never stops a reduce", tone: "muted" };
}

/** The checks, those that did not pass first. */
export function failedFirst(checks: readonly Check[]): Check[] {
  return [...checks.filter((check) => !check.passed), ...checks.filter((check) => check.passed)];
}

type Judged = Pick<Decision, "outcome" | "reason" | "checks" | "asset" | "delta" | "size" | "sleeve" | "target">;
type Sent = Pick<Order, "side" | "size" | "filled" | "averagePrice" | "status" | "reason">;

/** Answers in a sentence why something was traded, or not. */
export function sentence(decision: Judged, order: Sent | null = null): string {
  const { outcome, reason, checks } = decision;
  if (outcome === "execute") {
    const clamps = named(checks.filter((check) => check.effect === "clamp"));
    const inside = INSIDE[reason];
    const made = inside ? `${moved(decision)} ${inside}` : `${did(decision, order)}, because ${cause(decision)}`;
    return `${made}.${clamps && ` Made smaller by: ${clamps}.`}`;
  }
  const name = CHECK_OF[reason] ?? reason;
  const also = named(checks.filter((check) => check.name !== name && check.effect === "skip"));
  const start = outcome === "skip" ? "Not traded" : "Waiting";
  const own = checks.find((check) => check.name === name);
  return `${start}: ${clause(name, own)}.${also && ` Also failed: ${also}.`}`;
}

function moved({ asset, delta, size: moved }: Judged): string {
  return `${delta > 0 ? "Bought" : "Sold"} ${size(moved)} ${asset}`;
}

function cause({ reason, sleeve, target }: Judged): string {
  if (reason !== "reduce") return DONE[reason] ?? `of ${words(reason)}`;
  if (!target) return "the target is now zero";
  return target * sleeve < 0 ? "the target is on the other side of zero" : "the target came nearer to zero";
}

/** Says what an order was for, and what became of it. */
function did({ asset, delta, size: ordered }: Judged, order: Sent | null): string {
  const isBuy = order ? order.side === "buy" : delta > 0;
  const all = `${size(order?.size ?? ordered)} ${asset}`;
  const wanted = `${isBuy ? "buy" : "sell"} ${all}`;
  if (!order) return `Ordered to ${wanted}`;
  const traded = isBuy ? "bought" : "sold";
  const at = ` at ${price(order.averagePrice)}`;
  if (order.filled >= order.size) return `Traded: ${traded} ${all}${at}`;
  if (order.filled > 0) return `Traded in part: ${traded} ${size(order.filled)} of ${all}${at}`;
  if (!SETTLED.includes(order.status)) return `Ordered to ${wanted}, not yet filled`;
  const why = order.reason && `, ${/^[a-z_-]+$/.test(order.reason) ? words(order.reason) : order.reason}`;
  return `Ordered to ${wanted}, but not traded (${words(order.status)}${why})`;
}

/** A reason in words, with what its check found. */
export function brief({ reason, checks }: Pick<Decision, "reason" | "checks">): string {
  const name = CHECK_OF[reason] ?? reason;
  const own = checks.find((check) => check.name === name && !check.passed);
  return words(reason) + (own ? facts(own) : "");
}

/** Says what was wanted where it was not done. */
export function wish({ delta, asset }: Pick<Decision, "delta" | "asset">): string {
  return `Wanted to ${delta < 0 ? "sell" : "buy"} ${size(Math.abs(delta))} ${asset}.`;
}

function clause(name: string, check: Check | undefined): string {
  if (check?.value === "unknown" && unitOf(name) !== "text") return `${nameOf(name)} is not known`;
  return (CHECKS[name]?.[1] ?? OTHERS[name] ?? words(name)) + (check ? facts(check) : "");
}

/** What a check found and allows, in brackets; of several ages those that are too old. */
function facts(check: Check): string {
  if (!check.value) return "";
  if (unitOf(check.name) === "ages") {
    const old = tooOld(check);
    if (old) return ` (${old})`;
  }
  return ` (${[shown(check.name, check.value), allowed(check)].filter(Boolean).join(", ")})`;
}

function tooOld({ value, limit }: Check): string {
  const limits = limit.split(", ").map(Number);
  return value
    .split(", ")
    .flatMap((part, index) => {
      const [name, age] = part.split(" ");
      const most = limits[index] ?? Infinity;
      if (Number(age) <= most) return [];
      const text = age === "unknown" ? "never" : `${duration(Number(age))} ago`;
      return `${name} ${text}, at most ${duration(most)}`;
    })
    .join("; ");
}

function unitOf(name: string): Unit {
  return CHECKS[name]?.[0] ?? "text";
}

function boundOf(name: string): Bound {
  return CHECKS[name]?.[2] ?? "at most";
}

function named(checks: readonly Check[]): string {
  return checks.map((check) => nameOf(check.name)).join(", ");
}
