import { describe, expect, test } from "vitest";
import type { Account, Alert, Equity, Latch, Settings } from "../src/api/types";
import {
  bodyOf,
  canonical,
  changesOf,
  fieldOf,
  changeInWords,
  gapsOf,
  GROUPS,
  isStale,
  parse,
  plain,
  rangeOf,
  refusal,
  shift,
  shown,
  withNames,
  type Field,
} from "../src/pages/risk/settings";
import { drawdownOf, endedBy, endOf, exposureOf, nearness, partOf, setAside } from "../src/pages/risk/use";

const SETTINGS: Settings = {
  mode: "simulation",
  globalExposureCap: null,
  dailyLossLimit: 250,
  maxDrawdown: 0.2,
  maxOrderNotional: null,
  onBreach: "stop",
  maxSignalAgeMs: 60_000,
  bots: [],
  assetExposureCaps: { BTC: 5000, "xyz:TSLA": 100.5 },
  slippage: { entryBps: 50, reduceBps: 100, emergencyBps: 300, flattenMaxBps: 2000, chaseBps: 50 },
  repair: "alert",
  killSwitch: false,
  version: 7,
};
const field = (id: string): Field => fieldOf(id)!;
const change = (edits: Record<string, string | null>) => changesOf(SETTINGS, edits);

describe("decimals", () => {
  test.each([
    ["5000.00", "5000"],
    ["007.50", "7.5"],
    [".5", "0.5"],
    ["5.", "5"],
    ["000", "0"],
  ])("%s is %s", (text, shortest) => expect(canonical(text)).toBe(shortest));

  test.each([
    ["20", -2, "0.2"],
    ["0.2", 2, "20"],
    ["5", -3, "0.005"],
    ["60000", -3, "60"],
    ["0.5", 3, "500"],
    ["12.345678901234567890", -2, "0.1234567890123456789"],
  ])("%s with its point moved by %i is %s", (text, places, moved) => expect(shift(text, places)).toBe(moved));

  test.each([
    [1e-7, "0.0000001"],
    [1.5e21, "1500000000000000000000"],
    [0.1, "0.1"],
    [250, "250"],
  ])("%d is written without an exponent", (x, text) => expect(plain(x)).toBe(text));
});

describe("fields", () => {
  test("show settings in the units of people", () => {
    const texts = ["maxDrawdown", "maxSignalAgeMs", "globalExposureCap", "onBreach", "assetExposureCaps.xyz:TSLA"];
    expect(texts.map((id) => shown(SETTINGS, field(id)))).toEqual(["20", "60", null, "stop", "100.5"]);
    expect(shown(SETTINGS, field("assetExposureCaps.ETH"))).toBeNull();
  });

  test("every field of the form is one of the settings", () => {
    for (const each of GROUPS.flatMap((group) => group.fields)) {
      const [head, tail] = each.id.split(".") as [keyof Settings, string?];
      expect(tail === undefined ? head in SETTINGS : tail in (SETTINGS[head] as object)).toBe(true);
    }
  });

  test("say which values they take", () => {
    expect(rangeOf(field("maxDrawdown"))).toBe("above 0, below 100 %");
    expect(rangeOf(field("slippage.entryBps"))).toBe("above 0, at most 5000 bps");
    expect(rangeOf(field("globalExposureCap"))).toBe("above 0 USD");
    expect(rangeOf(field("maxSignalAgeMs"))).toBe("above 0 s, 3 decimals");
  });

  test.each([
    ["globalExposureCap", " 1234.50 ", "1234.5"],
    ["globalExposureCap", null, null],
    ["maxDrawdown", "12.5", "0.125"],
    ["maxSignalAgeMs", "1.5", 1500],
    ["onBreach", "flatten", "flatten"],
    ["assetExposureCaps.BTC", null, null],
  ])("%s reads %s", (id, text, wire) => expect(parse(field(id), text)).toEqual({ wire, error: "" }));

  test.each([
    ["globalExposureCap", "", "Give a number, or choose no limit"],
    ["slippage.entryBps", "", "Give a number"],
    ["slippage.entryBps", null, "Give a number"],
    ["globalExposureCap", "1,5", "Use a point for decimals and nothing for thousands: 1234.5"],
    ["globalExposureCap", "1 000", "Use a point for decimals and nothing for thousands: 1234.5"],
    ["globalExposureCap", "1.234,5", "Use a point for decimals and nothing for thousands: 1234.5"],
    ["globalExposureCap", "1e3", "This is no number"],
    ["globalExposureCap", "NaN", "This is no number"],
    ["globalExposureCap", "-5", "It must be above 0"],
    ["globalExposureCap", "0.00", "It must be above 0"],
    ["maxDrawdown", "100", "It must be below 100 %"],
    ["slippage.chaseBps", "5000.01", "It must be at most 5000 bps"],
    ["maxSignalAgeMs", "0.0005", "It takes at most 3 decimals"],
    ["globalExposureCap", "1".repeat(25), "It has too many digits"],
  ])("%s refuses %s", (id, text, error) => expect(parse(field(id), text)).toEqual({ wire: null, error }));
});

describe("changes", () => {
  test("are only what is another value", () => {
    expect(change({ dailyLossLimit: "250.0", maxDrawdown: "20", "assetExposureCaps.ETH": null })).toEqual([]);
  });

  test("tell what it was", () => {
    const [cap, coin] = change({ globalExposureCap: "5000", "assetExposureCaps.BTC": null });
    expect([cap?.before, cap?.after]).toEqual(["no limit", "5000 USD"]);
    expect([coin?.before, coin?.after]).toEqual(["5000 USD", "no cap"]);
  });

  test("are sent alone, with the version and all their digits", () => {
    const changes = change({
      globalExposureCap: "0.1000000000000000001",
      maxSignalAgeMs: "30",
      onBreach: "flatten",
      "slippage.entryBps": "40",
      "slippage.chaseBps": "45",
      "assetExposureCaps.xyz:TSLA": null,
    });
    expect(bodyOf(SETTINGS, changes)).toEqual({
      version: 7,
      globalExposureCap: "0.1000000000000000001",
      maxSignalAgeMs: 30_000,
      onBreach: "flatten",
      slippage: { entryBps: "40", chaseBps: "45" },
      assetExposureCaps: { "xyz:TSLA": null },
    });
  });

  test("that cannot be read are told, not sent as nothing", () => {
    expect(change({ dailyLossLimit: "" })[0]?.error).toBe("Give a number, or choose no limit");
  });

  test("keep slippage in order", () => {
    const [only] = change({ "slippage.reduceBps": "301" });
    expect(only?.error).toMatch(/^Slippage must grow/);
    expect(change({ "slippage.reduceBps": "301", "slippage.emergencyBps": "400" }).map(({ error }) => error)).toEqual([
      "",
      "",
    ]);
  });

  test("stay what they are over newer settings", () => {
    const newer = { ...SETTINGS, dailyLossLimit: 500, version: 8 };
    const [only] = changesOf(newer, { dailyLossLimit: "300" });
    expect([only?.before, only?.after, bodyOf(newer, [only!]).version]).toEqual(["500 USD", "300 USD", 8]);
  });
});

describe("refusals", () => {
  test("go to the field that they name, however it is named", () => {
    const { fields, rest } = refusal([
      "globalExposureCap must be positive or null",
      { field: "", message: "maxDrawdown must be > 0 and < 1" },
      { field: "slippage.entryBps", message: "must be > 0 and <= 5000" },
      "assetExposureCaps.xyz:TSLA must be positive or null",
      "maxSignalAgeMs: Input should be a valid integer",
      "slippage must grow: reduceBps <= emergencyBps <= flattenMaxBps",
      "bot grok-4: exposureCap must be set in live trading",
      "there is no room",
    ]);
    expect(fields).toEqual({
      globalExposureCap: "Must be positive or null",
      maxDrawdown: "Must be > 0 and < 1",
      "slippage.entryBps": "Must be > 0 and <= 5000",
      "assetExposureCaps.xyz:TSLA": "Must be positive or null",
      maxSignalAgeMs: "Input should be a valid integer",
      "slippage.reduceBps": "Must grow: reduceBps <= emergencyBps <= flattenMaxBps",
    });
    expect(rest).toEqual(["bot grok-4: exposureCap must be set in live trading", "there is no room"]);
  });

  test("because of another version are told from others", () => {
    expect(isStale({ status: 409, detail: "The settings are at version 8, not 7: read them again" })).toBe(true);
    expect(isStale({ status: 409, detail: "The mode stays simulation" })).toBe(false);
  });

  test("of the history are told as the form has them", () => {
    const told = (field: string, before: string | null, after: string | null) =>
      changeInWords({ field, before, after });
    expect(told("globalExposureCap", "null", "5000")).toBe("Global exposure cap: no limit → 5000 USD");
    expect(told("maxDrawdown", "0.25", "null")).toBe("Drawdown limit: 25 % → no limit");
    expect(told("maxSignalAgeMs", "60000", "1500")).toBe("Signal age: 60 s → 1.5 s");
    expect(told("onBreach", "stop", "flatten")).toBe(
      "When a loss limit is breached: Stop increases → Close everything",
    );
    expect(told("assetExposureCaps.BTC", null, "9")).toBe("Cap of BTC: no cap → 9 USD");
    expect(told("bots.a.enabled", null, "true")).toBe("bots.a.enabled: – → true");
  });

  test("name bots that they number", () => {
    const bots = [{ name: "Grok 4" }];
    expect(withNames("no limit: bots[0].exposureCap, bots[1].exposureCap", bots)).toBe(
      "no limit: the exposure cap of Grok 4, bots[1].exposureCap",
    );
  });

  test("of live trading are foreseen", () => {
    const bots = [{ exposureCap: null, name: "Grok 4" }] as unknown as Settings["bots"];
    expect(gapsOf({ ...SETTINGS, bots })).toEqual(["Global exposure cap", "Exposure cap of Grok 4"]);
    const many = ["A", "B", "C", "D", "E"].map((name) => ({ exposureCap: null, name })) as unknown as Settings["bots"];
    expect(gapsOf({ ...SETTINGS, bots: many })[1]).toBe("Exposure cap of A, B, C and 2 more");
  });
});

describe("present use", () => {
  const position = (asset: string, mark: number | null, sleeves: [string, number][], residue = 0, external = 0) => ({
    asset,
    size: 0,
    sleeves: sleeves.map(([botId, size]) => ({ botId, size, target: size })),
    residue,
    external,
    mark,
    notional: null,
    drift: null,
  });
  const account = (positions: ReturnType<typeof position>[]) => [{ id: "main", positions }] as unknown as Account[];

  test("adds up without netting, at the newest mark", () => {
    const accounts = account([
      position(
        "BTC",
        100,
        [
          ["a", 1],
          ["b", -1],
        ],
        0.5,
        -0.5,
      ),
      position("ETH", 10, [["a", -2]]),
    ]);
    expect(exposureOf(accounts, { BTC: 200 })).toEqual({
      total: 620,
      coins: { BTC: 600, ETH: 20 },
      bots: { a: 220, b: 200 },
    });
  });

  test("is unknown where a mark is missing, unless nothing is held", () => {
    const accounts = account([position("BTC", null, [["a", 1]]), position("ETH", null, [["b", 0]])]);
    expect(exposureOf(accounts, {})).toEqual({ total: null, coins: { BTC: null, ETH: 0 }, bots: { a: null, b: 0 } });
  });

  test("is a part of a limit, never of one that is unknown", () => {
    expect([partOf(50, 200), partOf(-50, 200), partOf(null, 200), partOf(50, null)]).toEqual([0.25, 0, null, null]);
    expect([nearness(null), nearness(0.79), nearness(0.8), nearness(1)]).toEqual(["", "", "warn", "bad"]);
  });

  test("of the drawdown is the fall from the highest point", () => {
    const curve = { series: [{ fadeArena: 90 }, { fadeArena: 100 }, { fadeArena: null }] } as unknown as Equity;
    expect([drawdownOf(curve, 80), drawdownOf(curve, 120)]).toEqual([0.2, 0]);
    expect([drawdownOf(curve, null), drawdownOf(undefined, 80)]).toEqual([null, null]);
  });
});

describe("latches", () => {
  const latch = (scope: string, name: string): Latch => ({ scope, latch: name, actor: "me", since: 1_000, reason: "" });

  test("tell what ends them", () => {
    const all = [
      latch("all", "kill"),
      latch("all", "daily_loss"),
      latch("bot:a", "bot_loss"),
      latch("account:m", "own_liquidation"),
    ];
    expect(all.map(endOf)).toEqual(["Release", "Resume, or 00:00 UTC", "Resume of the bot", "Resume of the account"]);
    expect(endedBy(all, "all", "release")).toBe(true);
    expect(endedBy(all, "account:m", "resume")).toBe(true);
    expect(endedBy(all, "account:n", "resume")).toBe(false);
  });

  test("of quarantine name the entries that alerts told of since", () => {
    const alert = (timestamp: number, seq: number) =>
      ({ category: "quarantine", timestamp, text: `until \`fadearena journal skip ${seq}\` leaves it out` }) as Alert;
    const alerts = [alert(2_000, 12), alert(1_000, 11), alert(999, 3), alert(2_500, 12)];
    expect(setAside(alerts, [latch("all", "quarantine")]).map(({ seq }) => seq)).toEqual([11, 12]);
    expect(setAside(alerts, [])).toEqual([]);
  });
});
