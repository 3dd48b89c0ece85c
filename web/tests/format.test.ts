import { afterEach, describe, expect, it } from "vitest";
import * as format from "../src/lib/format";
import { prefs } from "../src/lib/prefs.svelte";

afterEach(() => {
  prefs.utc = false;
});

describe("what is not known", () => {
  it("is a dash without a sign", () => {
    const { usd, usd2, signed, price, size, pct, signedPct, bps, integer, duration, time, dateTime } = format;
    for (const form of [usd, usd2, signed, price, size, pct, signedPct, bps, integer, duration, time, dateTime]) {
      expect(form(null)).toBe("–");
      expect(form(undefined)).toBe("–");
      expect(form(Number.NaN)).toBe("–");
    }
    expect(format.ago(null, 0)).toBe("–");
    expect(format.words(null)).toBe("–");
    expect(format.tone(null)).toBe("");
  });
});

describe("numbers", () => {
  it("have signs where they are gains or losses", () => {
    expect(format.signed(1.2)).toBe("+1.20");
    expect(format.signed(-1_234.5)).toBe("-1,234.50");
    expect(format.signed(0)).toBe("0.00");
    expect(format.signed(-0.001)).toBe("0.00");
    expect(format.signedPct(0.0123)).toBe("+1.23%");
    expect(format.tone(-1)).toBe("down");
    expect(format.tone(1)).toBe("up");
    expect(format.tone(0)).toBe("");
  });

  it("are dollars, prices, sizes and ratios", () => {
    expect(format.usd(12_345.6)).toBe("$12,346");
    expect(format.usd2(-5)).toBe("-$5.00");
    expect(format.price(108_000.1)).toBe("108,000.1");
    expect(format.price(1.23456)).toBe("1.23456");
    expect(format.price(0.0000123456)).toBe("0.0000123456");
    expect(format.size(0.1 + 0.2)).toBe("0.3");
    expect(format.size(0.00001)).toBe("0.00001");
    expect(format.pct(0.5)).toBe("50.00%");
    expect(format.pct(0.5, 0)).toBe("50%");
    expect(format.bps(1.25)).toMatch(/^1\.[23] bps$/);
    expect(format.integer(1_234)).toBe("1,234");
  });
});

describe("times", () => {
  it("say how long", () => {
    expect(format.duration(350)).toBe("350 ms");
    expect(format.duration(1_250)).toBe("1.2 s");
    expect(format.duration(12_900)).toBe("12 s");
    expect(format.duration(200_000)).toBe("3 min 20 s");
    expect(format.duration(7_500_000)).toBe("2 h 5 min");
    expect(format.duration(3_600_000)).toBe("1 h");
    expect(format.duration(4 * 86_400_000 + 7_200_000)).toBe("4 d 2 h");
  });

  it("say how long ago", () => {
    expect(format.ago(0, 12_345)).toBe("12 s ago");
    expect(format.ago(0, 7_500_000)).toBe("2 h ago");
    expect(format.ago(0, 999)).toBe("now");
    expect(format.ago(5_000, 0)).toBe("now");
  });

  it("are in UTC where that is preferred", () => {
    const ts = Date.UTC(2020, 0, 2, 23, 4, 5);
    prefs.utc = true;
    expect(format.time(ts)).toBe("23:04:05");
    expect(format.time(Date.UTC(2020, 0, 2, 0, 4, 5))).toBe("00:04:05");
    expect(format.dateTime(ts)).toMatch(/Jan 0?2, 2020, 23:04:05/);
    expect(format.dateTime(Date.UTC(new Date().getFullYear(), 5, 2))).not.toMatch(/20\d\d/);
  });
});

describe("words", () => {
  it("reads names of the program", () => {
    expect(format.words("loss_limit")).toBe("loss limit");
    expect(format.words("partially-filled")).toBe("partially filled");
    expect(format.words("maxSignalAge")).toBe("max signal age");
  });
});

describe("times in a narrow list", () => {
  it("have their day where it is not today", () => {
    const now = Date.now();
    expect(format.timeOrDay(now)).toBe(format.time(now));
    expect(format.timeOrDay(now - 86_400_000)).toBe(format.dateTime(now - 86_400_000));
    expect(format.timeOrDay(null)).toBe(format.UNKNOWN);
  });
});

describe("preferences", () => {
  it("are kept in this browser", () => {
    prefs.absolute = true;
    expect(JSON.parse(localStorage.getItem("fadearena")!)).toMatchObject({ absolute: true });
    prefs.absolute = false;
  });

  it("show a theme", () => {
    prefs.theme = "light";
    expect(document.documentElement.dataset.theme).toBe("light");
    prefs.theme = "system";
    const ofSystem = document.documentElement.dataset.theme;
    expect(["dark", "light"]).toContain(ofSystem);
    prefs.turnTheme();
    expect(["dark", "light"]).toContain(prefs.theme);
    expect(document.documentElement.dataset.theme).not.toBe(ofSystem);
    prefs.turnTheme();
    expect(prefs.theme).toBe("system");
    expect(document.documentElement.dataset.theme).toBe(ofSystem);
  });
});
