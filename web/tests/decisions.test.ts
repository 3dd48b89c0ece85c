import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, type get } from "../src/api/client";
import type { Check, Decision, Event, Order, OrderStory } from "../src/api/types";
import { batched } from "../src/pages/decisions/batch";
import {
  coinOf,
  cursorBefore,
  dayStart,
  decisionOf,
  decisionQuery,
  filterOf,
  fromField,
  passes,
  readDecisions,
  readOrders,
  roomBps,
  timeOf,
  toField,
  worseBps,
} from "../src/pages/decisions/filter";
import { merged, Pages, type Page } from "../src/pages/decisions/pages.svelte";
import {
  allowed,
  brief,
  failedFirst,
  found,
  nameOf,
  sentence,
  shown,
  verdict,
  wish,
} from "../src/pages/decisions/reasons";
import { isRecord, rowOf, summary } from "../src/pages/decisions/records";
import { said, stepsOf, tell } from "../src/pages/decisions/story";

const NOON = Date.UTC(2026, 0, 1, 12);
const ALL = filterOf(new URLSearchParams());

function decision(change: Partial<Decision> = {}): Decision {
  return {
    seq: 10,
    timestamp: NOON,
    botId: "grok-4",
    account: "main",
    asset: "BTC",
    outcome: "skip",
    reason: "signal_age",
    delta: -0.025,
    target: -0.025,
    sleeve: 0,
    size: null,
    limitPrice: null,
    cloid: null,
    checks: [],
    ...change,
  };
}

function check(change: Partial<Check> & { name: string }): Check {
  return { passed: false, value: "", limit: "", effect: "skip", ...change };
}

function order(change: Partial<Order> = {}): Order {
  return {
    seq: 11,
    cloid: "0xaa",
    label: "fadearena-0x1-1-0.0",
    account: "main",
    botId: "grok-4",
    asset: "BTC",
    side: "sell",
    size: 0.025,
    limitPrice: 99_000,
    reduceOnly: false,
    purpose: "increase",
    status: "filled",
    filled: 0.025,
    averagePrice: 99_495,
    reason: "",
    created: NOON,
    changed: NOON + 120,
    ...change,
  };
}

/** Answers by path; every question is kept. */
function api(answers: Record<string, unknown>) {
  const asked: { path: string; query: Record<string, unknown> }[] = [];
  const ask = (async (path: string, query: Record<string, unknown> = {}) => {
    asked.push({ path, query });
    const found = answers[path];
    if (found instanceof Error) throw found;
    if (found === undefined) throw new Error(`nobody answers ${path}`);
    return typeof found === "function" ? (found as (query: unknown) => unknown)(query) : found;
  }) as typeof get;
  return { ask, asked };
}

const { signal } = new AbortController();

describe("the filter", () => {
  it("is read from the address, and what makes no sense is left out", () => {
    expect(filterOf(new URLSearchParams("bot=a&coin=BTC&outcome=skip&reason=cap&from=5&to=9"))).toEqual({
      bot: "a",
      coin: "BTC",
      outcome: "skip",
      reason: "cap",
      from: 5,
      to: 9,
    });
    expect(filterOf(new URLSearchParams("outcome=maybe&from=soon&to=-1"))).toEqual(ALL);
  });

  it.each([
    [{ bot: "grok-4" }, true],
    [{ bot: "other" }, false],
    [{ coin: "BTC" }, true],
    [{ coin: "ETH" }, false],
    [{ outcome: "skip" as const }, true],
    [{ outcome: "hold" as const }, false],
    [{ reason: "signal" }, true],
    [{ reason: " Signal  AGE " }, true],
    [{ reason: "cap" }, false],
    [{ from: NOON, to: NOON }, true],
    [{ from: NOON + 1 }, false],
    [{ to: NOON - 1 }, false],
  ])("%o lets a decision through: %s", (change, isLet) => {
    expect(passes(decision(), { ...ALL, ...change })).toBe(isLet);
  });

  it("writes a coin as the exchange does", () => {
    expect(coinOf(" btc ", ["ETH", "BTC"])).toBe("BTC");
    expect(coinOf("kpepe", ["kPEPE"])).toBe("kPEPE");
    expect(coinOf("NEW", ["BTC"])).toBe("NEW");
    expect(coinOf("", ["BTC"])).toBe("");
  });

  it("takes a message for the decision that it tells of", () => {
    const { seq, timestamp, limitPrice, ...data } = decision({ limitPrice: 98_514 });
    expect(decisionOf({ seq, timestamp, data: { ...data, limit: limitPrice } })).toEqual(
      decision({ limitPrice: 98_514 }),
    );
  });

  it("asks by cursor, or by time where there is none", () => {
    expect(decisionQuery({ ...ALL, bot: "a", to: 9 }, "abc")).toMatchObject({ botId: "a", endTime: 9, cursor: "abc" });
    expect(decisionQuery({ ...ALL, to: 9 }, "@7")).toMatchObject({ endTime: 7, cursor: null });
    expect(decisionQuery({ ...ALL, to: 5 }, "@7")).toMatchObject({ endTime: 5, cursor: null });
    expect(decisionQuery(ALL, null)).toMatchObject({ endTime: null, cursor: null });
    expect(cursorBefore({ timestamp: 7 })).toBe("@7");
  });

  it("seeks a reason within a page", async () => {
    const decisions = [decision({ seq: 3 }), decision({ seq: 2, reason: "dead_band" })];
    const { ask, asked } = api({ "/api/decisions": { decisions, nextCursor: "c1" } });
    const found = await readDecisions({ ...ALL, reason: "dead" }, "c0", signal, ask);
    expect(asked.map(({ query }) => query.cursor)).toEqual(["c0"]);
    expect([found.rows.map((row) => row.seq), found.next]).toEqual([[2], "c1"]);
  });

  it("reads fields of a form in UTC and in local time", () => {
    expect(toField(NOON, true)).toBe("2026-01-01T12:00");
    expect(fromField("2026-01-01T12:00", true)).toBe(NOON);
    expect(fromField(toField(NOON, false), false)).toBe(NOON);
    expect(toField(null, true)).toBe("");
    expect(fromField("", true)).toBeNull();
    expect(fromField("soon", true)).toBeNull();
  });

  it("reads moments of an address", () => {
    expect(timeOf("17")).toBe(17);
    expect([timeOf(null), timeOf(""), timeOf("1e3"), timeOf("-1"), timeOf("x")]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(dayStart(NOON)).toBe(Date.UTC(2026, 0, 1));
  });
});

describe("slippage", () => {
  it("is the room that is left to the limit", () => {
    expect(roomBps(order())).toBeCloseTo(49.75, 2);
    expect(roomBps(order({ side: "buy", limitPrice: 101, averagePrice: 100 }))).toBeCloseTo(100, 6);
    expect(roomBps(order({ averagePrice: null }))).toBeNull();
  });

  it("is worse where a buyer pays more and a seller gets less", () => {
    expect(worseBps("buy", 101, 100)).toBeCloseTo(100);
    expect(worseBps("sell", 101, 100)).toBeCloseTo(-100);
  });

  it("is only of orders that traded, within the span", async () => {
    const orders = [order(), order({ seq: 9, averagePrice: null }), order({ seq: 8, created: NOON - 10 })];
    const { ask, asked } = api({ "/api/orders": { orders, nextCursor: "c1" } });
    const found = await readOrders({ ...ALL, from: NOON }, null, signal, ask);
    expect(found.rows.map((row) => row.seq)).toEqual([11]);
    expect([found.next, asked.length]).toEqual([null, 1]);
    expect((await readOrders(ALL, null, signal, ask)).next).toBe("c1");
  });
});

describe("why", () => {
  it.each<[string, Partial<Decision>, string]>([
    [
      "a check with its value and limit",
      { checks: [check({ name: "signal_age", value: "75000", limit: "60000" })] },
      "Not traded: the bot's fill is too old (1 min 15 s, at most 1 min).",
    ],
    [
      "the minimum under its other name",
      { reason: "below_minimum", checks: [check({ name: "minimum_notional", value: "8.2", limit: "10.5" })] },
      "Not traded: the order would be below the minimum ($8.20, at least $10.50).",
    ],
    [
      "who stopped it",
      { reason: "trading_state", checks: [check({ name: "trading_state", value: "kill (all)" })] },
      "Not traded: trading is stopped (kill (all)).",
    ],
    [
      "what is not known",
      { reason: "chase", checks: [check({ name: "chase", value: "unknown", limit: "50" })] },
      "Not traded: chase is not known.",
    ],
    [
      "what else failed",
      {
        reason: "chase",
        checks: [
          check({ name: "chase", value: "62.5", limit: "50" }),
          check({ name: "order_rate" }),
          check({ name: "clock_ok", effect: "none" }),
        ],
      },
      "Not traded: the price has run too far from the bot's own (62.5 bps, at most 50.0 bps). Also failed: order rate.",
    ],
    [
      "what it waits for",
      { outcome: "hold", reason: "leverage_ready", checks: [check({ name: "leverage_ready", effect: "hold" })] },
      "Waiting: the leverage is not set yet.",
    ],
    ["a hold without checks", { outcome: "hold", reason: "price_fresh" }, "Waiting: prices are too old."],
    [
      "a reason without a check",
      { reason: "dead_band" },
      "Not traded: the difference is small against the target, within the dead band.",
    ],
    ["a reason that nobody knows", { reason: "full_moon" }, "Not traded: full moon."],
    [
      "what made an order smaller",
      {
        outcome: "execute",
        reason: "increase",
        size: 0.02,
        checks: [check({ name: "bot_exposure_cap", effect: "clamp" }), check({ name: "chase", passed: true })],
      },
      "Ordered to sell 0.02 BTC, because the bot moved away from zero. Made smaller by: bot exposure cap.",
    ],
    [
      "an order of an unknown kind",
      { outcome: "execute", reason: "new_kind", size: 1 },
      "Ordered to sell 1 BTC, because of new kind.",
    ],
    [
      "what was done without an order",
      { outcome: "execute", reason: "crossed", size: 0.025 },
      "Sold 0.025 BTC without an order: exchanged with another sleeve or the residue.",
    ],
    [
      "which of several ages was too much",
      {
        outcome: "hold",
        reason: "feed_fresh",
        checks: [check({ name: "feed_fresh", value: "heard 0, read 308060", limit: "30000, 60000", effect: "hold" })],
      },
      "Waiting: the bot was not heard or read lately (read 5 min 8 s ago, at most 1 min).",
    ],
    [
      "what was never heard",
      {
        reason: "feed_fresh",
        checks: [check({ name: "feed_fresh", value: "heard unknown, read 5", limit: "30000, 60000" })],
      },
      "Not traded: the bot was not heard or read lately (heard never, at most 30 s).",
    ],
  ])("is said in a sentence: %s", (_, change, said) => {
    expect(sentence(decision(change))).toBe(said);
  });

  it.each([
    [{}, "Traded: sold 0.025 BTC at 99,495, because"],
    [{ filled: 0.01, status: "partially-filled" }, "Traded in part: sold 0.01 of 0.025 BTC at 99,495, because"],
    [{ filled: 0, averagePrice: null, status: "submitted" }, "Ordered to sell 0.025 BTC, not yet filled, because"],
    [
      { filled: 0, averagePrice: null, status: "rejected", reason: "no_liquidity" },
      "Ordered to sell 0.025 BTC, but not traded (rejected, no liquidity), because",
    ],
    [{ side: "buy" }, "Traded: bought 0.025 BTC at 99,495, because"],
  ] satisfies [Partial<Order>, string][])("says what became of the order: %o", (change, said) => {
    const increase = decision({ outcome: "execute", reason: "increase", size: 0.025 });
    expect(sentence(increase, order(change))).toBe(`${said} the bot moved away from zero.`);
  });

  it.each([
    [0, "is now zero"],
    [-0.3, "is on the other side of zero"],
    [0.3, "came nearer to zero"],
  ])("says why a position is reduced to %d", (target, said) => {
    const reduce = decision({ outcome: "execute", reason: "reduce", sleeve: 0.5, target, size: 0.2 });
    expect(sentence(reduce)).toBe(`Ordered to sell 0.2 BTC, because the target ${said}.`);
  });

  it("gives the reason with what its check found", () => {
    const checks = [check({ name: "minimum_notional", value: "8.07", limit: "10.5" })];
    expect(brief({ reason: "below_minimum", checks })).toBe("below minimum ($8.07, at least $10.50)");
    expect(brief({ reason: "waits_for_growth", checks })).toBe("waits for growth");
  });

  it("names what a check looks at, finds and allows", () => {
    const collateral = check({ name: "no_collateral", value: "True", passed: true, effect: "none" });
    expect([nameOf("no_collateral"), found(collateral), allowed(collateral)]).toEqual(["collateral", "yes", ""]);
    expect(found(check({ name: "coin_allowed" }))).toBe("no");
    expect(allowed({ name: "chase", limit: "50" })).toBe("at most 50.0 bps");
    expect(allowed({ name: "minimum_notional", limit: "10.5" })).toBe("at least $10.50");
    expect(allowed({ name: "bot_exposure_cap", limit: "none" })).toBe("no limit");
  });

  it("shows the checks that did not pass first, else in their order", () => {
    const all = [check({ name: "a", passed: true }), check({ name: "b" }), check({ name: "c", passed: true })];
    expect(failedFirst(all).map(({ name }) => name)).toEqual(["b", "a", "c"]);
  });

  it("says what was wanted", () => {
    expect(wish(decision())).toBe("Wanted to sell 0.025 BTC.");
    expect(wish(decision({ delta: 0.5 }))).toBe("Wanted to buy 0.5 BTC.");
  });

  it.each([
    ["global_exposure_cap", "none", "no limit"],
    ["liquidation_distance", "0.1512", "15.12%"],
    ["no_collateral", "False", "no"],
    ["no_collateral", "unknown", "unknown"],
    ["feed_fresh", "heard 1500, read unknown", "heard 1.5 s, read unknown"],
    ["clock_ok", "offset -12, spread 30", "offset -12 ms, spread 30 ms"],
    ["bot_exposure_cap", "2475 USD", "2475 USD"],
    ["signer_valid", "no end known", "no end known"],
    ["reconciled", "", ""],
    ["full_moon", "12", "12"],
  ])("writes %s %j as %j", (name, text, said) => {
    expect(shown(name, text)).toBe(said);
  });

  it("tells what a check did", () => {
    expect(verdict(check({ name: "a", passed: true, effect: "none" }))).toEqual({ text: "passed", tone: "" });
    expect(verdict(check({ name: "a" })).tone).toBe("bad");
    expect(verdict(check({ name: "a", effect: "hold" })).tone).toBe("warn");
    expect(verdict(check({ name: "a", effect: "none" })).text).toMatch(/never stops a reduce/);
  });
});

describe("records", () => {
  it("are told in a line", () => {
    const event = { id: "1:2", timestamp: NOON, asset: "BTC", side: "long", size: 0.5, price: 99_000, feed: "tape" };
    const line = summary("bot-trade", { botId: "grok-4", walletAddress: "0x1", event });
    expect(line).toMatch(/^grok-4 BTC: side long, size 0.5, price 99,000/);
    expect(line).not.toContain("0x1");
    expect(summary("alert", { subject: "grok-4", text: "80 % of its cap is used" })).toBe(
      "grok-4: 80 % of its cap is used",
    );
    expect(summary("alert", { subject: "bot:a BTC", text: "late" }, { a: "First" })).toBe("First BTC: late");
    expect(summary("equity-point", { series: "bot:a", usd: null })).toBe("bot a");
    expect(summary("equity-point", { series: "mirror:a", usd: 1.5 }, { a: "First" })).toBe("mirror First: $1.50");
    const update = { cloid: "0xaa", botId: "a", asset: "BTC", size: 2, status: "filled", averagePrice: 7 };
    expect(summary("order-update", update, { a: "First" })).toBe("First BTC: size 2, status filled, average price 7");
    expect(summary("cash-booked", { account: "main", usd: 0.5 })).toBe("main: $0.50");
  });

  it("have their names of the log, whichever way they came", () => {
    const message = { type: "my-trade", seq: 1, timestamp: 2, data: { asset: "BTC" } };
    expect(rowOf(message)).toMatchObject({ type: "my-fill", level: "info", category: "my-fill" });
    expect(rowOf({ ...message, type: "alert", data: { level: "critical", category: "kill" } })).toMatchObject({
      level: "critical",
      category: "kill",
    });
    expect([isRecord(message), isRecord({ type: "heartbeat" }), isRecord({ type: "marks" })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("the story of a decision", () => {
  const logged = (seq: number, type: string, data: Record<string, unknown>, journalSeq = 5): Event => ({
    seq,
    journalSeq,
    timestamp: NOON,
    type,
    level: "info",
    category: type,
    data,
  });
  const made = (change: Partial<Decision> = {}) => {
    const { seq, timestamp, limitPrice, ...data } = decision(change);
    return logged(seq, "decision", { ...data, limit: limitPrice });
  };
  const fill = {
    timestamp: NOON - 300,
    asset: "BTC",
    side: "short",
    size: 1,
    price: 99_500,
    startPosition: 0,
    feed: "user",
  };
  const story: OrderStory = {
    order: order(),
    decision: decision({ outcome: "execute", reason: "increase", cloid: "0xaa" }),
    transitions: [
      { seq: 11, timestamp: NOON, status: "pending", filled: 0, averagePrice: null, reason: "" },
      { seq: 14, timestamp: NOON + 120, status: "filled", filled: 0.025, averagePrice: 99_495, reason: "no_liquidity" },
    ],
    fills: [],
    shadow: null,
  };

  it("begins with the fill that was journaled with it", async () => {
    const events = [
      logged(7, "bot-trade", { botId: "grok-4", event: { ...fill, asset: "ETH" } }),
      logged(8, "bot-trade", { botId: "grok-4", event: fill }),
      logged(9, "equity-point", {}, 4),
      made(),
    ];
    const { ask, asked } = api({ "/api/events": { events } });
    const told = await tell(10, null, signal, ask);
    expect(told.cause).toMatchObject({ side: "sell", price: 99_500, startPosition: 0, isCertain: true });
    expect(told.beside.map((event) => event.seq)).toEqual([7, 8]);
    expect(told.own?.seq).toBe(10);
    expect(told.decision).toEqual(decision());
    expect(asked.map(({ path }) => path)).toEqual(["/api/events"]);
  });

  it("takes the bot's last fill before it where none was", async () => {
    const last = { id: "3", type: "bot", timestamp: NOON - 900, side: "long", size: 2, price: 98_000 };
    const { ask, asked } = api({ "/api/events": { events: [made()] }, "/api/trades": { trades: [last] } });
    const told = await tell(10, null, signal, ask);
    expect(told.cause).toMatchObject({ side: "buy", size: 2, isCertain: false, startPosition: null });
    expect(asked[1]?.query).toMatchObject({ type: "bot", botId: "grok-4", asset: "BTC", endTime: NOON });
  });

  it("is found by its order, too", async () => {
    const { ask } = api({
      "/api/orders/0xaa": story,
      "/api/events": { events: [made({ outcome: "execute", cloid: "0xaa" })] },
      "/api/trades": { trades: [] },
    });
    const told = await tell(null, "0xaa", signal, ask);
    expect(told.story).toBe(story);
    expect(told.decision?.seq).toBe(10);
    expect(told.cause).toBeNull();
  });

  it("is nothing where there is no such order, and an error where that is not known", async () => {
    const { ask } = api({ "/api/orders/0xbb": new ApiError(404, "There is no order 0xbb") });
    expect(await tell(null, "0xbb", signal, ask)).toMatchObject({ decision: null, story: null });
    const broken = api({ "/api/orders/0xbb": new ApiError(503, "away") });
    await expect(tell(null, "0xbb", signal, broken.ask)).rejects.toThrow("away");
  });

  it("is nothing where the log has no such number, or another record bears it", async () => {
    const { ask } = api({ "/api/events": { events: [logged(9, "equity-point", {})] } });
    expect(await tell(10, null, signal, ask)).toMatchObject({ decision: null, own: null });
    expect(await tell(9, null, signal, ask)).toMatchObject({ decision: null, own: { type: "equity-point" } });
    expect(await tell(null, null, signal, ask)).toMatchObject({ decision: null, story: null, own: null });
  });

  it("has the time of each step", () => {
    const cause = { ...fill, side: "sell" as const, isCertain: true };
    const steps = stepsOf({ decision: story.decision, story, cause });
    expect(steps.map(({ what, took, since }) => [what, took, since])).toEqual([
      ["Fill of the bot", null, 0],
      ["Decided", 300, 300],
      ["Order pending", 0, 300],
      ["Order filled", 120, 420],
    ]);
    expect(steps.at(-1)?.detail).toBe("0.025 at 99,495; no liquidity");
    expect(stepsOf({ decision: null, story: null, cause: null })).toEqual([]);
  });

  it("leaves sentences as they are", () => {
    expect(said("no_match")).toBe("no match");
    expect(said("Order could not match: BTC")).toBe("Order could not match: BTC");
    expect(said("")).toBe("");
  });
});

interface Row {
  n: number;
  text?: string;
}

describe("pages of a list", () => {
  const rows = (...numbers: number[]): Row[] => numbers.map((n) => ({ n }));
  const numbers = (pages: Pages<Row>) => pages.rows.map((row) => row.n);
  const settled = () => new Promise((resolve) => setTimeout(resolve));

  function listOf(answers: Record<string, Page<Row>>, bound = 500) {
    const asked: (string | null)[] = [];
    const list = new Pages<Row>({
      read: async (cursor) => {
        asked.push(cursor);
        const found = answers[cursor ?? "first"];
        if (!found) throw new Error("away");
        return found;
      },
      key: (row) => row.n,
      after: (row) => `after ${row.n}`,
      bound,
    });
    return { list, asked, answers };
  }

  it("puts fresh rows before old ones, each once", () => {
    const fresh = [{ n: 3 }, { n: 2, text: "new" }];
    expect(merged(fresh, [{ n: 2, text: "old" }, { n: 1 }], (row) => row.n)).toEqual([
      { n: 3 },
      { n: 2, text: "new" },
      { n: 1 },
    ]);
  });

  it("goes on with older ones", async () => {
    const { list } = listOf({ first: { rows: rows(9, 8), next: "c" }, c: { rows: rows(7), next: null } });
    list.restart();
    await settled();
    expect(numbers(list)).toEqual([9, 8]);
    list.older();
    await settled();
    expect(numbers(list)).toEqual([9, 8, 7]);
    expect([list.next, list.loading, list.loaded]).toEqual([null, false, true]);
  });

  it("keeps what came live while the first page was read", async () => {
    const { list } = listOf({ first: { rows: rows(9, 8), next: null } });
    list.restart();
    list.add(rows(10));
    await settled();
    expect(numbers(list)).toEqual([10, 9, 8]);
  });

  it("drops the oldest of too many, and can ask for them again", async () => {
    const { list } = listOf({ first: { rows: rows(2, 1), next: null } }, 3);
    list.restart();
    await settled();
    list.add(rows(4, 3));
    expect(numbers(list)).toEqual([4, 3, 2]);
    expect(list.next).toBe("after 2");
  });

  it("keeps what was asked for by hand", async () => {
    const { list } = listOf({ first: { rows: rows(9, 8), next: "c" }, c: { rows: rows(7, 6), next: "d" } }, 2);
    list.restart();
    await settled();
    list.older();
    await settled();
    list.add(rows(10));
    expect(numbers(list)).toEqual([10, 9, 8, 7]);
    expect(list.next).toBe("after 7");
  });

  it("holds new rows back while somebody reads", async () => {
    const { list } = listOf({ first: { rows: rows(1), next: null } });
    list.restart();
    await settled();
    list.hold(true);
    list.add(rows(2));
    list.add(rows(3, 2));
    expect([numbers(list), list.held]).toEqual([[1], 2]);
    list.hold(false);
    expect([numbers(list), list.held]).toEqual([[3, 2, 1], 0]);
  });

  it("joins a first page that is read again, and leaves no gap", async () => {
    const { list, answers } = listOf({ first: { rows: rows(3, 2), next: "c" }, c: { rows: rows(1), next: null } });
    list.restart();
    await settled();
    list.older();
    await settled();
    answers.first = { rows: rows(4, 3), next: "d" };
    list.refresh();
    await settled();
    expect([numbers(list), list.next]).toEqual([[4, 3, 2, 1], null]);
    answers.first = { rows: rows(9, 8), next: "e" };
    list.refresh();
    await settled();
    expect([numbers(list), list.next]).toEqual([[9, 8], "e"]);
  });

  it("reads several pages in a row, and shows each as it comes", async () => {
    const waiting: ((page: Page<Row>) => void)[] = [];
    const list = new Pages<Row>({
      read: () => new Promise((resolve) => waiting.push(resolve)),
      key: (row) => row.n,
      atOnce: () => 3,
      enough: 3,
    });
    const answer = async (next: string | null, ...all: number[]) => {
      waiting.shift()?.({ rows: rows(...all), next });
      await settled();
      return [numbers(list), list.loaded, list.loading];
    };
    list.restart();
    expect(await answer("a")).toEqual([[], false, true]);
    expect(await answer("b", 8)).toEqual([[8], true, true]);
    expect(await answer("c", 7)).toEqual([[8, 7], true, false]);
    expect([list.next, waiting.length]).toEqual(["c", 0]);
    list.older();
    expect(await answer("d", 6, 5, 4)).toEqual([[8, 7, 6, 5, 4], true, false]);
    list.refresh();
    expect(await answer("a", 9, 8)).toEqual([[9, 8, 7, 6, 5, 4], true, false]);
    expect(list.next).toBe("d");
  });

  it("says that there is nothing only after the last of them", async () => {
    const { list } = listOf({ first: { rows: [], next: null } });
    list.restart();
    await settled();
    expect([numbers(list), list.loaded, list.loading]).toEqual([[], true, false]);
  });

  it("tells of a failure, keeps what it has, and tries again", async () => {
    const { list, answers } = listOf({ first: { rows: rows(9), next: "c" } });
    list.restart();
    await settled();
    list.older();
    await settled();
    expect([list.error?.message, numbers(list), list.next]).toEqual(["away", [9], "c"]);
    answers.c = { rows: rows(8), next: null };
    list.older();
    await settled();
    expect([list.error, numbers(list)]).toEqual([undefined, [9, 8]]);
  });

  it("ignores an answer to an older question", async () => {
    const waiting: ((page: Page<Row>) => void)[] = [];
    const list = new Pages<Row>({
      read: () => new Promise((resolve) => waiting.push(resolve)),
      key: (row) => row.n,
    });
    list.restart();
    list.restart();
    waiting[1]?.({ rows: rows(2), next: null });
    waiting[0]?.({ rows: rows(1), next: "old" });
    await settled();
    expect([numbers(list), list.next]).toEqual([[2], null]);
    list.restart();
    list.stop();
    waiting[2]?.({ rows: rows(3), next: null });
    await settled();
    expect([numbers(list), list.loading]).toEqual([[], false]);
  });
});

describe("a batch", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("hands items over together, and drops the oldest of too many", () => {
    const taken: number[][] = [];
    const batch = batched<number>((items) => taken.push(items), 250, 3);
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) batch.push(n);
    expect(taken).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(taken).toEqual([[6, 7, 8]]);
    batch.push(9);
    batch.stop();
    vi.advanceTimersByTime(1_000);
    expect(taken).toHaveLength(1);
  });
});
