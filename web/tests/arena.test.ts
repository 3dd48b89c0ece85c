import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Decision, Equity, Fill, Leader, Position, Trade } from "../src/api/types";
import type { Message } from "../src/live/stream";
import { Curve, changes, curveOf, intervalFor, linesOf, rangeOf, take, together } from "../src/pages/arena/curve";
import {
  PER_KIND,
  SHOWN,
  Waiting,
  itemOf,
  itemsOf,
  merged,
  shown,
  type Item,
  type Kind,
} from "../src/pages/arena/feed";
import { filtered, holdingsOf, inCents, pnlOf, sumOf } from "../src/pages/arena/holdings";
import { loadCurve, loadTold } from "../src/pages/arena/load";
import { MARKS_MAX, markOf, marksOf } from "../src/pages/arena/marks";
import { paced } from "../src/pages/arena/paced";
import { spokenOf, worstOf } from "../src/pages/arena/tiles";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 10, 12);

function message(type: string, data: unknown, timestamp = NOW, seq = 1): Message {
  return { type, seq, timestamp, data };
}

function equity(times: number[], value = (i: number) => 100 + i): Pick<Equity, "series" | "interval"> {
  const series = times.map((timestamp, i) => ({
    timestamp,
    fadeArena: value(i),
    botsAggregate: 6 * value(i),
    bots: i % 2 ? {} : { a: value(i) },
  }));
  return { series, interval: "1m" };
}

describe("ranges", () => {
  it("choose how far points lie apart", () => {
    expect([HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY, 3_000 * DAY].map(intervalFor)).toEqual([
      ...["1m", "1m", "5m", "15m", "1h", "1h", "1d"],
    ]);
  });

  it("are read from an address", () => {
    expect([rangeOf("7d"), rangeOf("8d"), rangeOf("toString"), rangeOf(null)]).toEqual(["7d", "24h", "24h", "24h"]);
  });
});

describe("a curve", () => {
  it("has a column for each series; what was not heard is unknown", () => {
    const curve = curveOf(equity([NOW, NOW + MINUTE]));
    expect(curve.times).toEqual([NOW, NOW + MINUTE]);
    expect(Object.fromEntries(curve.columns)).toEqual({ ours: [100, 101], bots: [600, 606], "bot:a": [100, null] });
  });

  it("grows by the equity of a bot, and replaces what its step had", () => {
    const curve = curveOf(equity([NOW]));
    const point = (usd: number | null) => ({ series: "bot:a", usd });
    expect(take(curve, message("equity-point", point(90), NOW + MINUTE + 5))).toBe(true);
    expect(take(curve, message("equity-point", point(91), NOW + MINUTE + 9))).toBe(true);
    expect(take(curve, message("equity-point", point(91), NOW + MINUTE + 9))).toBe(false);
    expect(curve.times).toEqual([NOW, NOW + MINUTE]);
    expect(curve.columns.get("bot:a")).toEqual([100, 91]);
    expect(curve.columns.get("ours")).toEqual([100, 100]);
  });

  it("takes sums from the state, and unknown as unknown", () => {
    const curve = curveOf(equity([NOW]));
    const state = { equity: { total: null, fadeArena: null, botsAggregate: 700 } };
    expect(take(curve, message("state-update", state, NOW + MINUTE))).toBe(true);
    expect(curve.columns.get("ours")).toEqual([100, null]);
    expect(curve.columns.get("bots")).toEqual([600, 700]);
    expect(take(curve, message("state-update", { killSwitch: true }, NOW + 2 * MINUTE))).toBe(false);
    expect(curve.times).toHaveLength(2);
  });

  it("takes a state of a slower clock as the newest", () => {
    const curve = curveOf(equity([NOW]));
    take(curve, message("state-update", { equity: { fadeArena: 1, botsAggregate: 2 } }, NOW - HOUR));
    expect([curve.times, curve.columns.get("ours")]).toEqual([[NOW], [1]]);
  });

  it("begins a step with the equity of an account, and takes our PnL of a bot for nothing", () => {
    const curve = curveOf(equity([NOW]));
    expect(take(curve, message("equity-point", { series: "account:main", usd: 5 }, NOW + MINUTE))).toBe(true);
    expect(take(curve, message("equity-point", { series: "account:main", usd: 5 }, NOW + MINUTE))).toBe(false);
    expect(take(curve, message("equity-point", { series: "mirror:a", usd: 5 }, NOW + 9 * MINUTE))).toBe(false);
    expect(curve.columns.get("ours")).toEqual([100, 100]);
    expect(curve.columns.get("bot:a")).toEqual([100, null]);
  });

  it("leaves out what comes too late for a step that it does not have", () => {
    const curve = curveOf(equity([NOW, NOW + 5 * MINUTE]));
    expect(curve.put(NOW + MINUTE, "bot:a", 1)).toBe(false);
    expect(curve.put(NOW, "bot:a", 1)).toBe(true);
    expect(curve.columns.get("bot:a")).toEqual([1, null]);
  });

  it("forgets what is older than its range", () => {
    const curve = curveOf(equity([NOW, NOW + MINUTE, NOW + 2 * MINUTE]));
    curve.trim(NOW + MINUTE + 1);
    expect(curve.times).toEqual([NOW + MINUTE, NOW + 2 * MINUTE]);
    for (const column of curve.columns.values()) expect(column).toHaveLength(2);
  });

  it("can be empty at first", () => {
    const curve = new Curve("1m");
    expect(curve.put(NOW, "ours", 7)).toBe(true);
    expect([...curve.columns.values()].map((column) => column.length)).toEqual([1, 1]);
  });
});

describe("change in percent", () => {
  it("counts from the first known value", () => {
    expect(changes([null, 100, null, 110])).toEqual([null, 0, null, 110 / 100 - 1]);
    expect(changes([0, 5])).toEqual([null, null]);
    expect(changes([])).toEqual([]);
  });

  it("makes lines of those that have values, ours first", () => {
    const curve = curveOf(equity([NOW, NOW + MINUTE]));
    const bots = [
      { id: "b", name: "Bot B" },
      { id: "a", name: "Bot A" },
    ];
    const lines = linesOf(curve, bots, true);
    expect(lines.map(({ id, label, color }) => [id, label, color])).toEqual([
      ["ours", "FadeArena", "ours"],
      ["bots", "Bots together", "bots"],
      ["bot:a", "Bot A", 1],
    ]);
    expect(lines[0]!.values).not.toBe(curve.columns.get("ours"));
    expect(linesOf(curve, bots, false)[0]!.values[1]).toBeCloseTo(0.01);
  });

  it("counts what comes to the bots as no gain of theirs", () => {
    const ratios = together(
      [
        [null, 100, 110, null, 121],
        [null, null, 900, 900, 900],
      ],
      5,
    );
    expect(ratios.map((each) => (each === null ? null : Math.round(each * 1e6) / 1e6))).toEqual([
      null,
      0,
      0.1,
      0.1,
      0.11198,
    ]);
  });

  it("is quick for a year by the hour of eight series", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const series = Array.from({ length: 8_760 }, (_, i) => ({
      timestamp: NOW + i * HOUR,
      fadeArena: 10_000 + i,
      botsAggregate: 60_000 + i,
      bots: Object.fromEntries(names.map((name) => [name, 10_000 + i])),
    }));
    const began = performance.now();
    const curve = curveOf({ series, interval: "1h" });
    const lines = linesOf(
      curve,
      names.map((id) => ({ id, name: id })),
      false,
    );
    expect(performance.now() - began).toBeLessThan(300);
    expect(lines).toHaveLength(8);
  });
});

describe("what was read", () => {
  const asked: URL[] = [];
  let answers: (url: URL) => unknown = () => ({});

  beforeEach(() => {
    asked.length = 0;
    vi.stubGlobal("fetch", async (input: string) => {
      const url = new URL(input, "http://here");
      asked.push(url);
      const body = answers(url);
      const status = body === null ? 400 : 200;
      return new Response(JSON.stringify(body ?? { detail: "too much" }), {
        status,
        headers: { "content-type": "application/json" },
      });
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  const signal = new AbortController().signal;
  const intervals = () => asked.map((url) => url.searchParams.get("interval"));

  it("is one answer for a range", async () => {
    answers = () => equity([NOW]);
    await loadCurve("7d", NOW, signal);
    expect(intervals()).toEqual(["15m"]);
    expect(asked[0]!.searchParams.get("startTime")).toBe(String(NOW - 7 * DAY));
  });

  it("is everything, as finely as its age allows", async () => {
    answers = (url) => ({ ...equity([NOW - 3 * DAY]), interval: url.searchParams.get("interval") });
    const curve = await loadCurve("all", NOW, signal);
    expect(intervals()).toEqual(["1d", "15m"]);
    expect(curve.step).toBe(15 * MINUTE);
  });

  it("is coarse where a finer one would be too much, and empty before anything happened", async () => {
    answers = (url) => (url.searchParams.get("interval") === "1d" ? { ...equity([NOW - DAY]), interval: "1d" } : null);
    expect((await loadCurve("all", NOW, signal)).step).toBe(DAY);
    answers = () => ({ series: [], interval: "1d" });
    expect((await loadCurve("all", NOW, signal)).times).toEqual([]);
  });

  it("are the events of a range, from the number of the decision before it", async () => {
    const event = (timestamp: number, type: string) => ({ seq: 9, timestamp, type, data: {} });
    answers = ({ pathname, searchParams }) => {
      if (pathname === "/api/decisions") return { decisions: [{ seq: 7, timestamp: NOW - 1 }], nextCursor: null };
      if (pathname === "/api/alerts") {
        return { alerts: [{ timestamp: NOW + 2 }, { timestamp: NOW - 2 }], nextCursor: "older" };
      }
      const category = searchParams.get("category")!;
      return { events: [event(NOW - 1, category), event(NOW + 1, category)], nextSince: 9 };
    };
    const told = await loadTold(NOW, signal);
    expect(told.map(({ type, timestamp }) => [type, timestamp - NOW])).toEqual([
      ["trading-state", 1],
      ["gap", 1],
      ["alert", 2],
    ]);
    const events = asked.filter(({ pathname }) => pathname === "/api/events");
    expect(events.map(({ searchParams }) => searchParams.get("since"))).toEqual(["7", "7"]);
  });
});

describe("marks", () => {
  const names = { a: "Bot A" };
  const told = (type: string, data: unknown, timestamp = NOW) => ({ type, timestamp, data });
  const state = (latch: string, isSet: boolean, scope = "all") =>
    told("trading-state", { scope, state: "halted", latch, isSet, actor: "x", reason: "why" });

  it("tell changes of the trading state", () => {
    expect(markOf(state("kill", true), names)).toEqual({
      time: NOW,
      tone: "bad",
      label: "kill set for everything: why",
    });
    expect(markOf(state("pause", true, "bot:a"), names)).toMatchObject({
      tone: "warn",
      label: "pause set for Bot A: why",
    });
    expect(markOf(state("daily_loss", false, "account:main"), names)).toMatchObject({
      tone: "muted",
      label: "daily loss ended for account main: why",
    });
  });

  it("tell outages, gaps and what is critical, each once", () => {
    const alert = (level: string, category: string) => told("alert", { level, category, subject: "x", text: "y" });
    expect(markOf(alert("warning", "feed"), names)).toMatchObject({ tone: "warn", label: "feed, x: y" });
    expect(markOf(alert("critical", "drift"), names)).toMatchObject({ tone: "bad" });
    const reduce = told("alert", { level: "critical", category: "reduce", subject: "a ETH", text: "failed" });
    expect(markOf(reduce, names)?.label).toBe("reduce, Bot A ETH: failed");
    expect(markOf(alert("critical", "daily_loss"), names)).toBeNull();
    expect(markOf(alert("warning", "limit_near"), names)).toBeNull();
    const gap = markOf(told("gap", { botId: "a", asset: "BTC", expected: 1, reported: 2 }), names);
    expect(gap?.label).toContain("Bot A in BTC: 1 expected, 2 told");
    expect(marksOf([state("kill", true)], [state("kill", true)], names)).toHaveLength(1);
  });

  it("leave out what a settings file brought with it", () => {
    const { data, ...rest } = state("disabled", true);
    expect(markOf({ ...rest, data: { ...(data as object), actor: "seed" } }, names)).toBeNull();
  });

  it("are bounded, and in the order of time", () => {
    const many = Array.from({ length: 2 * MARKS_MAX }, (_, i) => ({ ...state("kill", true), timestamp: NOW - i }));
    const marks = marksOf(many, [], names);
    expect(marks).toHaveLength(MARKS_MAX);
    expect(marks.at(-1)!.time).toBe(NOW);
  });
});

describe("positions", () => {
  const source = { size: 2, followed: 2, baseline: 0, confidence: "confirmed", leverage: null };
  const ours = { size: -0.2, target: -0.3, gap: -0.1, ratio: 0.1, realised: 0, fees: 0, funding: 0 };
  const position = (botId: string, asset: string, change: object = {}): Position =>
    ({
      botId,
      asset,
      mark: 100,
      markTime: NOW,
      source: { ...source, entryPrice: 90, unrealizedPnl: 20 },
      ours: { ...ours, entryPrice: 91, notional: 20, unrealizedPnl: -1.8 },
      ...change,
    }) as Position;
  const names = { b: "Bot B", a: "Bot A" };

  it("are valued at the newest mark", () => {
    const [row] = holdingsOf([position("a", "BTC")], { BTC: 110 }, names);
    expect(row).toMatchObject({ bot: "Bot A", theirs: 2, theirValue: 220, theirPnl: 40, ours: -0.2, mark: 110 });
    expect(row!.pnl).toBeCloseTo(-0.2 * 19);
    expect(row!.isOff).toBe(true);
  });

  it("gain or lose what is shown of it", () => {
    expect([inCents(-0.004), inCents(0.006), inCents(null)]).toEqual([-0, 0.01, null]);
  });

  it("show no gap that is too small to be traded", () => {
    const small = { ...ours, gap: 0.05, entryPrice: 91, notional: 20, unrealizedPnl: 0 };
    const off = (change: object) => holdingsOf([position("a", "BTC", change)], {}, names)[0]!.isOff;
    expect(off({ ours: small })).toBe(false);
    expect(off({ ours: { ...small, gap: 0 } })).toBe(false);
    expect(off({ ours: small, mark: null })).toBe(true);
  });

  it("leave unknown what is not known", () => {
    const [row] = holdingsOf([position("a", "BTC", { mark: null, ours: null })], {}, names);
    expect(row).toMatchObject({ theirValue: null, theirPnl: null, ours: null, gap: null, pnl: null, mark: null });
    expect(pnlOf(1, null, 5)).toBeNull();
    expect(pnlOf(0, null, null)).toBe(0);
  });

  it("are grouped by bot in the order of the settings, the largest first", () => {
    const rows = holdingsOf(
      [position("x", "A"), position("a", "ETH"), position("a", "BTC"), position("b", "BTC")],
      { ETH: 200 },
      names,
    );
    expect(rows.map(({ key }) => key)).toEqual(["b BTC", "a ETH", "a BTC", "x A"]);
    expect(filtered(rows, "a", " bt").map(({ key }) => key)).toEqual(["a BTC"]);
    expect(filtered(rows, "", "")).toHaveLength(4);
  });

  it("are added up where all of them are known", () => {
    const rows = holdingsOf([position("a", "BTC"), position("a", "ETH", { ours: null })], {}, names);
    expect(sumOf(rows, "theirs", "theirPnl")).toBe(40);
    expect(sumOf(rows, "ours", "pnl")).toBeCloseTo(-1.8);
    const blind = holdingsOf([position("a", "BTC", { mark: null })], {}, names);
    expect(sumOf(blind, "ours", "pnl")).toBeNull();
  });
});

describe("the feed", () => {
  const fill = { id: "5", timestamp: NOW, botId: "a", asset: "BTC", side: "short", size: 1, price: 2, notional: 2 };

  it("takes our trades, with their order", () => {
    const told = { ...fill, simulated: true, orderId: "0x1", reason: "order", pnl: 3 };
    expect(itemOf(message("my-trade", told, NOW, 5))).toEqual({
      ...{ seq: 5, kind: "ours", time: NOW, botId: "a", asset: "BTC", side: "sell", size: 1, price: 2, notional: 2 },
      ...{ pnl: 3, reason: "order", href: "/decisions?cloid=0x1" },
    });
  });

  it("takes the bots' trades and skips, and nothing else", () => {
    const event = { ...fill, side: "long", startPosition: null, feed: "tape", isFollowed: false };
    const trade = itemOf(message("bot-trade", { botId: "a", walletAddress: "0x", event }, NOW, 6));
    expect(trade).toMatchObject({
      kind: "bots",
      side: "buy",
      reason: "not_followed",
      href: "/decisions?bot=a&coin=BTC",
    });
    const made = { botId: null, asset: "BTC", outcome: "skip", delta: -2, reason: "chase" };
    const skip = itemOf(message("decision", made, NOW, 7));
    expect(skip).toMatchObject({ kind: "skips", side: "sell", size: 2, price: null, href: "/decisions?open=7" });
    expect(itemOf(message("decision", { ...made, outcome: "execute" }))).toBeNull();
    expect(itemOf(message("alert", {}))).toBeNull();
  });

  it("begins with what was read, each record once", () => {
    const trades = [
      { ...fill, type: "mine", pnl: null, simulated: true },
      { ...fill, id: "4", type: "bot", timestamp: NOW - 1, pnl: null, simulated: true },
    ] as Trade[];
    const skips = [{ seq: 6, timestamp: NOW, botId: "a", asset: "BTC", outcome: "skip", delta: 1, reason: "stale" }];
    const fills = [{ seq: 5, kind: "cross", cloid: null }];
    const items = itemsOf(trades, skips as Decision[], fills as Fill[]);
    expect(items.map(({ seq, kind, reason }) => [seq, kind, reason])).toEqual([
      [6, "skips", "stale"],
      [5, "ours", "cross"],
      [4, "bots", ""],
    ]);
    expect(merged(items, items)).toHaveLength(3);
  });

  const line = (seq: number, kind: Kind = "skips"): Item => ({
    ...{ seq, kind, time: seq, botId: null, asset: "BTC", side: null, size: null, price: null },
    ...{ notional: null, pnl: null, reason: "", href: "" },
  });

  it("keeps some of each kind, however much comes of one", () => {
    const skips = Array.from({ length: 1_000 }, (_, i) => line(i + 10));
    const items = merged([line(1, "ours"), line(2, "bots")], skips);
    expect(items).toHaveLength(PER_KIND + 2);
    expect(items[0]!.seq).toBe(1_009);
    expect(shown(items, new Set<Kind>(["skips"]))).toHaveLength(SHOWN);
    expect(shown(items, new Set<Kind>(["ours"])).map(({ seq }) => seq)).toEqual([1]);
    expect(3 * PER_KIND).toBeLessThanOrEqual(200);
  });

  it("counts what waits and keeps what is newest of it", () => {
    const waiting = new Waiting();
    for (let i = 0; i < 5_000; i++) waiting.add(line(i));
    expect(waiting.count).toBe(5_000);
    const items = waiting.drain();
    expect(items.length).toBeLessThan(11 * PER_KIND);
    expect(merged([], items)[0]!.seq).toBe(4_999);
    expect([waiting.count, waiting.drain()]).toEqual([0, []]);
  });
});

describe("pace", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("runs at most four times a second, however often it is asked", () => {
    const run = vi.fn();
    const ask = paced(run);
    for (let i = 0; i < 200; i++) {
      ask();
      vi.advanceTimersByTime(5);
    }
    vi.advanceTimersByTime(1_000);
    expect(run.mock.calls.length).toBeGreaterThanOrEqual(3);
    expect(run.mock.calls.length).toBeLessThanOrEqual(5);
  });

  it("does not run after its end", () => {
    const run = vi.fn();
    const ask = paced(run);
    ask();
    ask.stop();
    vi.advanceTimersByTime(1_000);
    expect(run).not.toHaveBeenCalled();
  });
});

describe("the worst tracking error", () => {
  const bot = (name: string, trackingError: number | null, enabled = true) =>
    ({ id: name, name, enabled, statistics: { trackingError } }) as Leader;

  it("is told with its bot", () => {
    const worst = worstOf([bot("A", 0.01), bot("B", 0.03), bot("C", null), bot("D", 0.9, false)]);
    expect(worst).toEqual({ ratio: 0.03, name: "B", known: 2, unknown: 1 });
    expect(spokenOf(worst)).toBe("worst: B; 1 unknown");
  });

  it("is unknown where nobody summed up", () => {
    expect(spokenOf(worstOf([bot("A", null)]))).toBe("not summed up yet");
    expect(spokenOf(worstOf([]))).toBe("");
  });
});
