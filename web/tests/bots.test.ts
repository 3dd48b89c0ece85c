import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bot, BotPosition, BotSettings, Leader } from "../src/api/types";
import { actionsOf, coinActions, holds } from "../src/pages/bots/actions";
import {
  baseOf,
  broughtBy,
  changes,
  fallOf,
  fitting,
  linesOf,
  rangeOf,
  readCurve,
  timesOf,
  valuesAt,
  withValue,
  type Curve,
} from "../src/pages/bots/curves";
import {
  addressProblem,
  bodyOf,
  changedNames,
  counts,
  formOf,
  idFrom,
  idProblem,
  NEW,
  newBody,
  newSpecs,
  problemOf,
  problemsOf,
  refusals,
  shownAs,
  SPECS,
  withAccounts,
  withField,
  without,
  type Spec,
} from "../src/pages/bots/fields";
import {
  betterOf,
  botPath,
  chosen,
  COLUMNS,
  compared,
  compareHref,
  comparisonColumns,
  matching,
  shade,
  METRICS,
  ranked,
  standing,
} from "../src/pages/bots/metrics";
import { concerns, costRows, markOf, missedRows, openOnes, pnlAt, throttled, tradeOf } from "../src/pages/bots/rows";

const WALLET = "0x56d652e62998251b56c8398fb11fcfe464c08f84";
const DAY = 86_400_000;
const NOW = 1_767_268_800_000;

const SETTINGS: BotSettings = {
  id: "grok-4",
  name: "Grok 4",
  walletAddress: WALLET,
  enabled: true,
  direction: "fade",
  sizing: "multiplier",
  leverageMultiplier: 0.05,
  notionalUsd: null,
  share: null,
  exposureCap: 2500,
  lossLimit: null,
  maxLeverage: null,
  orphanAfterMs: 90_000,
  startPolicy: "follow_changes",
  account: "main",
  coins: { allow: null, deny: ["BTC", "xyz:GOLD"] },
};

function leader(id: string, net: number | null): Leader {
  return {
    id,
    name: id.toUpperCase(),
    walletAddress: WALLET,
    enabled: true,
    direction: "fade",
    leverageMultiplier: 0.05,
    account: "main",
    state: "active",
    latches: [],
    sighting: null,
    statistics: {
      asOf: NOW,
      net,
      dayNet: null,
      roi: null,
      sourceRoi: null,
      maxDrawdown: 5,
      sourceMaxDrawdown: null,
      roundTrips: 0,
      winRate: null,
      fills: 0,
      botTrades: 0,
      traded: 0,
      reactionMs: null,
      trackingError: null,
    },
    costs: { fees: 1, funding: 0, slippageBps: null, slippage: null, crossingSaved: null, missed: {} },
  };
}

function spec(name: string): Spec {
  return SPECS.find((each) => each.name === name)!;
}

describe("leaderboard", () => {
  it("ranks by net PnL: equal ones share a place, the unknown has none", () => {
    const rows = [leader("a", 1), leader("b", null), leader("c", 3), leader("d", 1)];
    expect(ranked(rows).map(({ rank }) => rank)).toEqual([2, null, 1, 2]);
  });

  it("finds by name, id and wallet", () => {
    const rows = [leader("grok-4", 1), leader("qwen", 2)];
    expect(matching(rows, " GROK ").map(({ id }) => id)).toEqual(["grok-4"]);
    expect(matching(rows, WALLET)).toHaveLength(2);
    expect(matching(rows, "claude")).toEqual([]);
  });

  it("chooses two at most", () => {
    expect(chosen([], "a")).toEqual(["a"]);
    expect(chosen(["a"], "a")).toEqual([]);
    expect(chosen(["a", "b"], "c")).toEqual(["b", "c"]);
  });

  it("has every column of the brief once, the unknown as null", () => {
    const ids = COLUMNS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("tracking");
    const row = ranked([leader("a", null)])[0]!;
    expect(COLUMNS.find(({ id }) => id === "net")?.value(row)).toBeNull();
    expect(COLUMNS.find(({ id }) => id === "net")?.text?.(row)).toBe("–");
  });

  it("tells how a bot stands", () => {
    expect(standing({ state: "active", enabled: true })).toEqual({ text: "active", tone: "up" });
    expect(standing({ state: "reducing", enabled: true }).tone).toBe("warn");
    expect(standing({ state: "reducing", enabled: false })).toEqual({ text: "watched", tone: "calm" });
    expect(standing({ state: "reducing", enabled: false, held: true }).text).toBe("closing");
    expect(standing({ state: "halted", enabled: false })).toEqual({ text: "halted", tone: "bad" });
  });

  it("makes addresses", () => {
    expect(botPath("deepseek-chat-v3.1")).toBe("/bots/deepseek-chat-v3.1");
    expect(botPath("../x")).toBe("/bots/..%2Fx");
    expect(compareHref("a", "b")).toBe("/bots/compare?a=a&b=b");
    expect(compareHref("a")).toBe("/bots/compare?a=a");
  });
});

describe("comparison", () => {
  it("colours nothing that reads as zero", () => {
    const text = (x: number | null) => (x ?? 0).toFixed(1).replace("-0.0", "0.0");
    expect([shade(text, -0.01), shade(text, -0.1), shade(text, 0.1), shade(text, null)]).toEqual([
      "",
      "down",
      "up",
      "",
    ]);
  });

  it("tells which one is better, if either is", () => {
    expect(betterOf(1, 2, 1)).toBe("a");
    expect(betterOf(-1, 2, 1)).toBe("b");
    expect(betterOf(0, 2, 1)).toBeUndefined();
    expect(betterOf(1, 2, 2)).toBeUndefined();
    expect(betterOf(1, null, 2)).toBeUndefined();
  });

  it("has two columns, named after the bots", () => {
    const metric = { id: "net", label: "Net", text: (x: number | null) => (x ?? 0).toFixed(1), better: 1 as const };
    const row = compared({ ...metric, toned: true }, 3, -1);
    const [label, a, b] = comparisonColumns("A", "B");
    expect([label, a, b].map((column) => column?.value(row))).toEqual(["Net", "3.0", "-1.0"]);
    expect([a?.label, a?.tone?.(row), b?.tone?.(row), row.best]).toEqual(["A", "up", "down", "a"]);
    expect(compared({ ...metric, toned: false }, 3, -1).tones).toEqual({ a: "", b: "" });
  });

  it("calls nothing better that reads the same", () => {
    const metric = { id: "x", label: "X", text: (x: number | null) => (x ?? 0).toFixed(1), better: 1 as const };
    expect(compared({ ...metric, toned: true }, 1.01, 1.02).best).toBeUndefined();
  });

  it("has each metric once", () => {
    expect(new Set(METRICS.map(({ id }) => id)).size).toBe(METRICS.length);
  });
});

describe("form of a bot's settings", () => {
  it("shows every field as text, the unlimited empty", () => {
    expect(formOf(SETTINGS)).toMatchObject({
      name: "Grok 4",
      enabled: "true",
      leverageMultiplier: "0.05",
      exposureCap: "2500",
      lossLimit: "",
      orphanAfterMs: "90",
      "coins.allow": "",
      "coins.deny": "BTC, xyz:GOLD",
    });
    expect(formOf({ ...SETTINGS, coins: { allow: [], deny: [] } })["coins.allow"]).toBe("-");
    expect(formOf({ ...SETTINGS, leverageMultiplier: 1e-7 })["leverageMultiplier"]).toBe("0.0000001");
  });

  it("finds nothing wrong with settings that are in force", () => {
    expect(problemsOf(SPECS, formOf(SETTINGS))).toEqual({});
  });

  it.each([
    ["leverageMultiplier", "", "This is needed."],
    ["leverageMultiplier", "0", "It has to be above 0."],
    ["leverageMultiplier", "10.1", "It may be 10 at most."],
    ["leverageMultiplier", "0,5", "A number is needed, with a point: 0.5"],
    ["leverageMultiplier", "-1", "A number is needed, with a point: 0.5"],
    ["leverageMultiplier", "1e3", "A number is needed, with a point: 0.5"],
    ["leverageMultiplier", " 10 ", ""],
    ["share", "1.5", "It may be 1 at most."],
    ["share", "", ""],
    ["maxLeverage", "2.5", "A whole number is needed."],
    ["maxLeverage", "0", "It has to be above 0."],
    ["name", " ", "This is needed."],
    ["walletAddress", "0x12", "0x and 40 hex digits are needed."],
  ])("judges %s %j", (name, text, problem) => {
    expect(problemOf(spec(name), text)).toBe(problem);
  });

  it("lets only those fields count that the sizing uses", () => {
    const form = formOf(SETTINGS);
    expect(counts(spec("notionalUsd"), form)).toBe(false);
    const fixed = { ...form, sizing: "notional", leverageMultiplier: "nonsense" };
    expect(problemsOf(SPECS, fixed)).toEqual({ notionalUsd: "This is needed." });
    expect(changedNames(form, fixed)).toEqual(["sizing"]);
    expect(changedNames(form, { ...form, sizing: "notional", notionalUsd: "500" })).toEqual(["sizing", "notionalUsd"]);
  });

  it("sends only what changed, exactly", () => {
    const before = formOf(SETTINGS);
    const now = {
      ...before,
      enabled: "false",
      leverageMultiplier: "0.100000000000000001",
      exposureCap: "",
      maxLeverage: "3",
      orphanAfterMs: "1.5",
      "coins.allow": "BTC kPEPE,xyz:GOLD",
      "coins.deny": "",
    };
    expect(bodyOf(changedNames(before, now), now)).toEqual({
      enabled: false,
      leverageMultiplier: "0.100000000000000001",
      exposureCap: null,
      maxLeverage: 3,
      orphanAfterMs: 1500,
      coins: { allow: ["BTC", "kPEPE", "xyz:GOLD"], deny: [] },
    });
    expect(bodyOf(["coins.allow"], { "coins.allow": "-" })).toEqual({ coins: { allow: [] } });
    expect(bodyOf(["coins.allow"], { "coins.allow": "" })).toEqual({ coins: { allow: null } });
  });

  it("offers our accounts", () => {
    const account = withAccounts(["main", "second"], "gone").find(({ name }) => name === "account");
    expect(account?.options?.map(({ value }) => value)).toEqual(["gone", "main", "second"]);
    expect(shownAs(spec("direction"), "copy")).toBe("Copy");
    expect(shownAs(spec("name"), "x")).toBe("x");
  });
});

describe("a new bot", () => {
  it("gets an id from its name until one is typed", () => {
    expect(withField(NEW, "name", "Grok 5!", true)).toMatchObject({ name: "Grok 5!", id: "grok-5" });
    expect(withField({ ...NEW, id: "mine" }, "name", "Grok 5", false)["id"]).toBe("mine");
    expect(without({ a: "1", b: "2" }, "a")).toEqual({ b: "2" });
  });

  it.each([
    ["DeepSeek Chat v3.1", "deepseek-chat-v3.1"],
    ["  --Ünïcode__ ", "n-code"],
    ["!!!", ""],
    ["a".repeat(80), "a".repeat(56)],
  ])("makes of %j the id %j", (name, id) => {
    expect(idFrom(name)).toBe(id);
  });

  it("judges ids and addresses", () => {
    expect(idProblem("grok-4.1_x")).toBe("");
    expect(idProblem("-grok")).not.toBe("");
    expect(idProblem("Grok")).not.toBe("");
    expect(addressProblem(` ${WALLET.toUpperCase().replace("0X", "0x")} `)).toBe("");
    expect(addressProblem(WALLET.slice(0, -1))).not.toBe("");
  });

  it("has an id and no wallet among its fields", () => {
    expect(newSpecs(["main"]).map(({ name }) => name)).toEqual(expect.arrayContaining(["name", "id", "account"]));
    expect(newSpecs(["main"]).map(({ name }) => name)).not.toContain("walletAddress");
  });

  it("says what was said, and leaves the rest to the API", () => {
    const form = { ...NEW, id: "grok-5", name: "Grok 5", account: "main", exposureCap: "1000", lossLimit: " " };
    expect(newBody(form)).toEqual({
      id: "grok-5",
      name: "Grok 5",
      enabled: true,
      direction: "fade",
      sizing: "multiplier",
      leverageMultiplier: "0.05",
      exposureCap: "1000",
      startPolicy: "follow_changes",
      account: "main",
    });
  });
});

describe("refusals", () => {
  const names = ["id", ...SPECS.map(({ name }) => name)];

  it("go to the fields that a 422 names", () => {
    const errors = [
      { field: "leverageMultiplier", message: "is no number" },
      { field: "coins.allow[0]", message: "is no text" },
      { field: "colour", message: "is not known" },
    ];
    expect(refusals({ message: "wrong", errors }, names)).toEqual({
      fields: { leverageMultiplier: "is no number", "coins.allow": "is no text" },
      rest: ["colour: is not known"],
    });
  });

  it("go to the fields that reasons begin with", () => {
    const reasons = [
      "bots[0].leverageMultiplier must be > 0 and <= 10",
      "walletAddress: '0xAB' is mistyped: upper and lower case",
      "'X' is not an id: use 1 to 64",
      "grok-4 holds positions: close them first",
    ];
    expect(refusals({ message: "no", reasons }, names)).toEqual({
      fields: {
        leverageMultiplier: "leverageMultiplier must be > 0 and <= 10",
        walletAddress: "walletAddress: '0xAB' is mistyped: upper and lower case",
        id: "'X' is not an id: use 1 to 64",
      },
      rest: ["grok-4 holds positions: close them first"],
    });
  });

  it("are told as they are where they name nothing", () => {
    expect(refusals({ message: "m", detail: "No worker is running" }, names).rest).toEqual(["No worker is running"]);
  });
});

describe("curves", () => {
  const curve: Curve = {
    stepMs: 60_000,
    spanMs: 180_000,
    points: [
      { timestamp: 0, source: 1000, mirror: 10 },
      { timestamp: 60_000, source: null, mirror: 14 },
      { timestamp: 120_000, source: 900, mirror: 12 },
    ],
  };

  it("knows its ranges, a day by default", () => {
    expect(rangeOf("7d").interval).toBe("15m");
    expect(rangeOf(null).value).toBe("24h");
    expect(rangeOf("x").value).toBe("24h");
    expect([fitting(DAY), fitting(9 * DAY), fitting(30 * DAY), fitting(100 * DAY), fitting(900 * DAY)]).toEqual([
      "1m",
      "5m",
      "15m",
      "1h",
      "1d",
    ]);
  });

  it("reads a range once", async () => {
    const read = vi.fn(async () => ({ series: [], interval: "5m" as const, startTime: NOW - DAY, endTime: NOW }));
    expect(await readCurve(rangeOf("24h"), NOW, read)).toEqual({ points: [], stepMs: 300_000, spanMs: DAY });
    expect(read.mock.calls).toEqual([[NOW - DAY, "5m"]]);
  });

  it("reads everything by days within the API's limit, then as finely as it is long", async () => {
    const first = NOW - 20 * DAY;
    const read = vi.fn(async (startTime: number, interval: "1m" | "5m" | "15m" | "1h" | "1d") => ({
      series: [{ timestamp: first, source: 1, mirror: null }],
      interval,
      startTime,
      endTime: NOW,
    }));
    const found = await readCurve(rangeOf("all"), NOW, read);
    expect(found).toMatchObject({ stepMs: 900_000, spanMs: null });
    expect(read.mock.calls[0]).toEqual([NOW - 9_990 * DAY, "1d"]);
    expect(read.mock.calls[1]).toEqual([first, "15m"]);
  });

  it("takes in what is recorded, and lets old points go", () => {
    const same = withValue(curve, "mirror", 130_000, 20);
    expect(same.points.at(-1)).toEqual({ timestamp: 120_000, source: 900, mirror: 20 });
    expect(same.points).toHaveLength(3);
    const next = withValue(curve, "source", 245_000, 950);
    expect(next.points.map(({ timestamp }) => timestamp)).toEqual([60_000, 120_000, 240_000]);
    expect(next.points.at(-1)).toEqual({ timestamp: 240_000, source: 950, mirror: null });
    expect(withValue(curve, "source", 10, 1)).toBe(curve);
    expect(curve.points).toHaveLength(3);
  });

  it("lines several up by time", () => {
    const later: Curve = { ...curve, points: [{ timestamp: 60_000, source: 5, mirror: null }] };
    expect(timesOf([curve, later])).toEqual([0, 60_000, 120_000]);
    expect(valuesAt(later, "source", [0, 60_000, 120_000])).toEqual([null, 5, null]);
  });

  it("counts from the first known value; what has no base has no percentage", () => {
    expect(changes([null, 10, 12, null], 1)).toEqual([null, 0, 2, null]);
    expect(changes([10, 12], 200)).toEqual([0, 0.01]);
    expect(changes([10, 12], null)).toEqual([null, null]);
    expect(changes([10, 12], 0)).toEqual([null, null]);
    expect(changes([null], 1)).toEqual([null]);
  });

  it("draws the source in percent of itself and the mirror of our account", () => {
    const [source, mirror] = linesOf(curve, timesOf([curve]), { isUsd: false, base: 400, colors: ["bots", "ours"] });
    expect(source).toMatchObject({ color: "bots", label: "source", values: [0, null, -0.1] });
    expect(mirror).toMatchObject({ color: "ours", values: [0, 0.01, 0.005], dashed: false });
    const named = linesOf(curve, timesOf([curve]), { isUsd: true, base: null, colors: [0, 0], name: "Grok" });
    expect(named[0]).toMatchObject({ label: "Grok, source", values: [0, null, -100] });
    expect(named[1]).toMatchObject({ values: [0, 4, 2], dashed: true });
    expect(named[0].id).not.toBe(named[1].id);
  });

  it("takes as base what our account would hold without the bot", () => {
    expect(baseOf(1000, 100)).toBe(900);
    expect(baseOf(1000, null)).toBe(1000);
    expect(baseOf(null, 1)).toBeNull();
    expect(baseOf(undefined, 1)).toBeNull();
  });

  it("finds the largest fall", () => {
    expect(fallOf([10, null, 14, 12, 15, 9], false)).toBe(6);
    expect(fallOf([100, 50, 200], true)).toBe(0.5);
    expect(fallOf([-5, -7], false)).toBe(2);
    expect(fallOf([null], true)).toBeNull();
    expect(broughtBy(curve)).toEqual({ source: -0.1, sourceFall: 0.1, mirror: 2, mirrorFall: 2 });
  });
});

describe("a bot's page", () => {
  it("hears what concerns the bot", () => {
    const of = (type: string, data: object) => concerns({ type, data }, "grok-4", "main");
    expect(of("my-trade", { botId: "grok-4" })).toBe(true);
    expect(of("my-trade", { botId: "qwen" })).toBe(false);
    expect(of("trading-state", { scope: "all" })).toBe(true);
    expect(of("trading-state", { scope: "bot:grok-4" })).toBe(true);
    expect(of("trading-state", { scope: "account:main" })).toBe(true);
    expect(of("trading-state", { scope: "account:other" })).toBe(false);
    expect(of("settings-update", {})).toBe(true);
  });

  it("makes trades of messages as GET /api/trades has them", () => {
    const event = { timestamp: 5, asset: "BTC", side: "long", size: 1, price: 2, notional: 2, id: "key" };
    expect(tradeOf({ type: "bot-trade", seq: 7, data: { botId: "a", event } })).toEqual({
      id: "7",
      type: "bot",
      botId: "a",
      timestamp: 5,
      asset: "BTC",
      side: "long",
      size: 1,
      price: 2,
      notional: 2,
      pnl: null,
      simulated: false,
    });
    const mine = { ...event, botId: "a", pnl: -1.5, simulated: true };
    expect(tradeOf({ type: "my-trade", seq: 8, data: mine })).toMatchObject({ id: "8", type: "mine", pnl: -1.5 });
  });

  it("values positions at the newest mark, and not where it is unknown", () => {
    expect(markOf({ asset: "BTC", mark: 1 }, { BTC: 2 })).toBe(2);
    expect(markOf({ asset: "BTC", mark: 1 }, {})).toBe(1);
    expect(pnlAt({ size: -2, entryPrice: 10 }, 9)).toBe(2);
    expect(pnlAt({ size: -2, entryPrice: null }, 9)).toBeNull();
    expect(pnlAt({ size: -2, entryPrice: 10 }, null)).toBeNull();
    expect(pnlAt(null, 9)).toBeNull();
  });

  it("leaves flat positions out, but not those with a gap", () => {
    const source = { size: 0 } as BotPosition["source"];
    const row = (asset: string, ours: object | null) => ({ asset, source, ours }) as unknown as BotPosition;
    const rows = [
      row("A", null),
      row("B", { size: 0, gap: 0 }),
      row("C", { size: 0, gap: 1 }),
      row("D", { size: -1, gap: 0 }),
    ];
    expect(openOnes(rows).map(({ asset }) => asset)).toEqual(["C", "D"]);
  });

  it("counts costs as they count for us, the unknown as unknown", () => {
    const rows = costRows({ fees: 4, funding: -1, slippage: null, crossingSaved: 2 });
    expect(rows.map(({ usd }) => usd)).toEqual([-4, -1, null, 2]);
    expect(rows.map(({ part }) => part)).toEqual([1, 0.25, 0, 0.5]);
    expect(costRows({ fees: 0, funding: 0, slippage: 0, crossingSaved: 0 }).every(({ usd }) => Object.is(usd, 0))).toBe(
      true,
    );
  });

  it("tells the most frequent reason first", () => {
    expect(missedRows({ dead_band: 2, chase: 8, below_minimum: 2 })).toEqual([
      { reason: "chase", count: 8, part: 1 },
      { reason: "below_minimum", count: 2, part: 0.25 },
      { reason: "dead_band", count: 2, part: 0.25 },
    ]);
  });
});

describe("throttled", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("acts at once, then once for all that came meanwhile", () => {
    const act = vi.fn();
    const { call, stop } = throttled(act, 1000);
    call();
    call();
    call();
    expect(act).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(act).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5000);
    expect(act).toHaveBeenCalledTimes(2);
    call();
    call();
    stop();
    vi.advanceTimersByTime(5000);
    expect(act).toHaveBeenCalledTimes(3);
  });
});

describe("actions", () => {
  const latch = (name: string, scope = "bot:grok-4") => ({ scope, latch: name, actor: "core", since: 1, reason: "" });
  const bot = (change: Partial<Pick<Bot, "settings" | "latches" | "positions">> = {}) =>
    actionsOf({ settings: SETTINGS, latches: [], positions: [], ...change });
  const of = (actions: ReturnType<typeof actionsOf>, id: string) => actions.find((each) => each.id === id);

  it("are those of the API", () => {
    const all = bot();
    expect(of(all, "pause")).toMatchObject({
      method: "POST",
      path: "/api/bots/grok-4/state",
      body: { state: "reducing" },
    });
    expect(of(all, "kill")?.body).toEqual({ state: "halted" });
    expect(of(all, "switch-off")).toMatchObject({ method: "PATCH", body: { enabled: false } });
    expect(of(all, "flatten")).toMatchObject({ path: "/api/bots/grok-4/flatten", danger: true });
    expect(of(all, "delete")).toMatchObject({ method: "DELETE", word: "grok-4", why: "" });
  });

  it("resume, or release, only where something of the bot's own holds it back", () => {
    expect(of(bot(), "resume")?.why).not.toBe("");
    expect(of(bot({ latches: [latch("kill", "all")] }), "resume")?.why).not.toBe("");
    expect(of(bot({ latches: [latch("bot_loss")] }), "resume")).toMatchObject({ why: "", body: { state: "active" } });
    expect(of(bot({ latches: [latch("pause")] }), "pause")?.why).not.toBe("");
    const killed = bot({ latches: [latch("kill")] });
    expect(of(killed, "resume")).toBeUndefined();
    expect(of(killed, "release")).toMatchObject({ why: "", body: { state: "active" } });
    expect(of(killed, "release-rejoin")?.body).toEqual({ state: "active", rejoin: true });
    expect(of(killed, "kill")?.why).not.toBe("");
    const closing = bot({ latches: [latch("flatten"), latch("kill")] });
    expect(of(closing, "resume")?.why).toMatch(/closing/);
    expect(of(closing, "release-rejoin")).toBeUndefined();
  });

  it("switch on what is only watched", () => {
    const watched = bot({ settings: { ...SETTINGS, enabled: false }, latches: [latch("disabled")] });
    expect(of(watched, "switch-off")).toBeUndefined();
    expect(of(watched, "switch-on")?.body).toEqual({ enabled: true });
    expect(of(watched, "resume")?.why).toMatch(/switch it on/);
  });

  it("delete only what is flat", () => {
    const positions = [{ asset: "BTC", ours: { size: -1 } }] as unknown as BotPosition[];
    expect(holds({ positions })).toBe(true);
    expect(of(bot({ positions }), "delete")?.why).toMatch(/flatten it first/);
  });

  it("concern one coin or all", () => {
    expect(coinActions("grok-4", "BTC").map(({ body }) => body)).toEqual([{ asset: "BTC" }, { asset: "BTC" }]);
    expect(coinActions("grok-4", "")[0]).toMatchObject({ path: "/api/bots/grok-4/reanchor", body: {} });
  });
});
