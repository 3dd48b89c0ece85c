import type { Account, Alert, Equity, Latch } from "../../api/types";

type Known = number | null;

/** What is held, USD gross; null where a mark is missing. */
export interface Exposure {
  total: Known;
  coins: Readonly<Record<string, Known>>;
  bots: Readonly<Record<string, Known>>;
}

/** From which part of a limit on it is near; the worker warns there, too, unless set otherwise. */
export const NEAR = 0.8;

/**
 * Sum up what is held as the caps count it: sleeves, residue and foreign holdings without their signs, at mark.
 * Orders in flight are not in it.
 */
export function exposureOf(accounts: readonly Account[], marks: Readonly<Record<string, number>>): Exposure {
  let total: Known = 0;
  const coins: Record<string, Known> = {};
  const bots: Record<string, Known> = {};
  for (const { asset, mark, sleeves, residue, external } of accounts.flatMap((account) => account.positions)) {
    const price = marks[asset] ?? mark;
    const parts = [...sleeves.map(({ size }) => size), residue, external];
    const held = worth(
      parts.reduce((sum, part) => sum + Math.abs(part), 0),
      price,
    );
    total = plus(total, held);
    coins[asset] = plus(coins[asset], held);
    for (const { botId, size } of sleeves) bots[botId] = plus(bots[botId], worth(size, price));
  }
  return { total, coins, bots };
}

/** The fall of an equity from its highest known point, as a ratio; null while it is unknown. */
export function drawdownOf(curve: Equity | undefined, now: Known | undefined): Known {
  if (!curve || now === null || now === undefined) return null;
  const peak = curve.series.reduce((highest, point) => Math.max(highest, point.fadeArena ?? highest), now);
  return peak > 0 ? (peak - now) / peak : null;
}

/** The part of a limit that is used; null where one of them is unknown or there is no limit. */
export function partOf(used: Known | undefined, limit: Known | undefined): Known {
  if (used === null || used === undefined || !limit) return null;
  return Math.max(0, used) / limit;
}

/** The class of a limit that is used to this part. */
export function nearness(part: Known): "" | "warn" | "bad" {
  if (part === null || part < NEAR) return "";
  return part < 1 ? "warn" : "bad";
}

const RELEASED = ["kill", "two_writers"];
const RESUMED = ["pause", "daily_loss", "drawdown", "bot_loss", "own_liquidation"];

/** What ends a latch. */
export function endOf({ latch, scope }: Latch): string {
  if (RELEASED.includes(latch)) return scope === "all" ? "Release" : "Release of the bot";
  if (latch === "flatten") return "Itself, once confirmed flat";
  if (latch === "quarantine") return "Leaving out what was set aside";
  if (latch === "disabled") return "Switching the bot on";
  const midnight = latch === "daily_loss" ? ", or 00:00 UTC" : "";
  return scope === "all" ? `Resume${midnight}` : `Resume of the ${scope.startsWith("bot:") ? "bot" : "account"}`;
}

/** Whether a scope has a latch that a resume, or a release, ends. */
export function endedBy(latches: readonly Latch[], scope: string, way: "resume" | "release"): boolean {
  const kinds = way === "resume" ? RESUMED : RELEASED;
  return latches.some((each) => each.scope === scope && kinds.includes(each.latch));
}

/** The journal entries that alerts tell to be set aside, since everything was halted for the first of them. */
export function setAside(alerts: readonly Alert[], latches: readonly Latch[]): { seq: number; text: string }[] {
  const latch = latches.find((each) => each.latch === "quarantine");
  if (!latch) return [];
  const found = new Map<number, string>();
  for (const { category, timestamp, text } of alerts) {
    const seq = category === "quarantine" && timestamp >= latch.since && /journal skip (\d+)/.exec(text)?.[1];
    if (seq) found.set(Number(seq), text);
  }
  return [...found].map(([seq, text]) => ({ seq, text })).sort((one, other) => one.seq - other.seq);
}

function worth(size: number, price: Known): Known {
  return size === 0 ? 0 : price === null ? null : Math.abs(size) * price;
}

function plus(sum: Known | undefined, part: Known): Known {
  return sum === null || part === null ? null : (sum ?? 0) + part;
}
