import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signedPct, usd2 } from "../src/lib/format";
import {
  axisWidth,
  clustered,
  colorOf,
  dashOf,
  holeOf,
  holes,
  isolated,
  knownAt,
  labelSteps,
  shortened,
  spoken,
  spread,
  timeLabels,
  trimmed,
  type Line,
} from "../src/ui/chart";

const MINUTE = 60_000;
const minutes = (...all: number[]) => all.map((minute) => minute * MINUTE);

describe("values of lines", () => {
  it("are joined up to five times their usual distance", () => {
    expect(holeOf(minutes(0, 1, 2, 3), [1, 1, 1, 1])).toBe(5 * MINUTE);
    expect(holeOf(minutes(0, 10, 20, 30, 40), [1, null, 1, 1, 1])).toBe(50 * MINUTE);
    expect(holeOf(minutes(0, 1), [1, null])).toBe(Infinity);
    expect(holeOf([0, 1_000, 2_000], [1, 1, 1])).toBe(3 * MINUTE);
  });

  it("have holes where nothing was known for longer", () => {
    expect(holes(minutes(0, 1, 2, 20, 21), [1, null, 2, null, 3], 5 * MINUTE)).toEqual([minutes(2, 21)]);
    expect(holes(minutes(0, 1), [null, null], MINUTE)).toEqual([]);
  });

  it("are points where no line reaches them", () => {
    expect(isolated(minutes(0, 20, 40, 41), [1, 2, 3, 4], 5 * MINUTE)).toEqual([0, 1]);
    expect(isolated(minutes(0), [1], Infinity)).toEqual([0]);
    expect(isolated(minutes(0, 1), [1, 2], 5 * MINUTE)).toEqual([]);
    expect(isolated(minutes(0, 1, 30), [1, 2, 3], 5 * MINUTE)).toEqual([2]);
    expect(isolated([], [], 1)).toEqual([]);
  });

  it("are looked for backwards, as far as asked", () => {
    const times = minutes(0, 1, 2, 3);
    expect(knownAt(times, [1, 2, null, null])).toBe(1);
    expect(knownAt(times, [1, 2, null, null], 3, MINUTE)).toBe(-1);
    expect(knownAt(times, [1, null, null, 0], 2)).toBe(0);
    expect(knownAt([], [])).toBe(-1);
  });
});

describe("names of lines", () => {
  it("keep their beginning and their end where they are too long", () => {
    expect(shortened("DeepSeek Chat v3.1", 19)).toBe("DeepSeek Chat v3.1");
    expect(shortened("DeepSeek Chat v3.1 (season 1)", 19)).toBe("DeepSeek…(season 1)");
    expect(shortened("DeepSeek Chat v3.1 (season 1)", 19)).toHaveLength(19);
  });
});

describe("marks", () => {
  const frame = { left: 50, width: 100, from: 0, until: 1_000 };
  const mark = (time: number, tone = "muted", label = `at ${time}`) => ({ time, tone, label });

  it("are joined where they are close, by the worst of them", () => {
    const spots = clustered([mark(900), mark(0), mark(100, "bad"), mark(600, "warn")], frame);
    expect(spots.map(({ left, tone, marks }) => [left, tone, marks.length])).toEqual([
      [50, "bad", 2],
      [110, "warn", 1],
      [140, "muted", 1],
    ]);
  });

  it("are left out beyond the edges, and without an extent", () => {
    expect(clustered([mark(-1), mark(1_001)], frame)).toEqual([]);
    expect(clustered([mark(5)], { ...frame, until: 0 })).toEqual([]);
  });

  it("are told, the first few of them", () => {
    const marks = [1, 2, 3].map((time) => mark(time));
    expect(spoken({ left: 0, tone: "bad", marks }, String, 2)).toBe("1 at 1; 2 at 2; and 1 more");
  });
});

describe("axes", () => {
  it("show hours, and the date where a day begins", () => {
    const evening = Date.UTC(2026, 0, 1, 22);
    const labels = timeLabels(
      [0, 1, 2, 3].map((hour) => evening + hour * 60 * MINUTE),
      60 * MINUTE,
      true,
    );
    expect(labels.map((label) => label.includes(":"))).toEqual([true, true, false, true]);
    expect(labels[0]).toBe("22:00");
    expect(timeLabels([evening], 24 * 60 * MINUTE, true)[0]).not.toContain(":");
  });

  it("are as wide as their longest label", () => {
    expect(axisWidth(["+1.00%", "+10.00%"])).toBe(14 + 7 * 7);
    expect(axisWidth(null)).toBe(14 + 7 * 3);
  });

  it("drop the cents that no label needs", () => {
    expect(trimmed(["+1.00%", "0.00%", "-1,000.00%", "–"])).toEqual(["+1%", "0%", "-1,000%", "–"]);
    expect(trimmed(["$1.00", "$1.50"])).toEqual(["$1.00", "$1.50"]);
    expect(trimmed(["$1,000", "$2,000"])).toEqual(["$1,000", "$2,000"]);
  });

  it("lie so far apart that no two read alike", () => {
    expect(labelSteps(signedPct).slice(0, 4)).toEqual([0.0001, 0.0002, 0.0005, 0.001]);
    expect(labelSteps(usd2).slice(0, 3)).toEqual([0.01, 0.02, 0.05]);
    expect(labelSteps((x) => x.toFixed(0)).slice(0, 2)).toEqual([1, 2]);
  });

  it("keep names apart, each as near to its line as it can be", () => {
    expect(spread([50, 10], 10, 0, 100)).toEqual([50, 10]);
    expect(spread([50, 50], 10, 0, 100)).toEqual([45, 55]);
    expect(spread([99, 98, 50], 10, 0, 100)).toEqual([100, 90, 50]);
    expect(spread([0, 1, 2], 10, 0, 100)).toEqual([0, 10, 20]);
  });

  it("dash the lines of later rounds of colours", () => {
    const line = (color: Line["color"], dashed = false) => dashOf({ id: "", label: "", color, dashed, values: [] });
    expect([line(0), line("ours"), line(5)]).toEqual([[], [], []]);
    expect(line(6)).toEqual(line(0, true));
    expect(line(12)).not.toEqual(line(6));
  });

  it("name colours by token", () => {
    expect([colorOf("ours"), colorOf(3), colorOf(12)]).toEqual(["--series-ours", "--series-3", "--series-0"]);
  });
});

interface Hooks {
  draw: ((u: unknown) => void)[];
  setCursor: ((u: unknown) => void)[];
}

const made: Fake[] = [];

class Fake {
  static pxRatio = 1;
  static tzDate = (date: Date) => date;
  series: { show: boolean }[];
  scales = { x: { min: 0, max: 10 * MINUTE } };
  bbox = { left: 40, width: 500 };
  cursor: { idx: number | null } = { idx: null };
  width = 600;
  height = 300;
  isGone = false;
  raised: number | null = null;
  readonly hooks: Hooks;
  data: unknown[];

  constructor(options: { series: { show?: boolean }[]; hooks: Hooks }, data: unknown[]) {
    this.series = options.series.map(({ show }) => ({ show: show ?? true }));
    this.hooks = options.hooks;
    this.data = data;
    made.push(this);
  }
  setData(data: unknown[]): void {
    this.data = data;
  }
  setSeries(i: number | null, { show, focus }: { show?: boolean; focus?: boolean }): void {
    if (focus) this.raised = i;
    else this.series[i!]!.show = show!;
  }
  setSize(): void {}
  setCursor(): void {}
  redraw(): void {}
  valToPos(): number {
    return 0;
  }
  destroy(): void {
    this.isGone = true;
  }
  drawn(): void {
    this.hooks.draw[0]!(this);
  }
  hover(idx: number | null): void {
    this.cursor.idx = idx;
    for (const hook of this.hooks.setCursor) hook(this);
  }
}

vi.mock("uplot", () => ({ default: Fake }));

describe("the chart", () => {
  const lines: Line[] = [
    { id: "ours", label: "FadeArena", color: "ours", values: [1, 2, 3] },
    { id: "bot:a", label: "Bot A", color: 0, values: [5, null, null] },
  ];
  const props = {
    times: minutes(0, 1, 2),
    series: lines,
    marks: [{ time: MINUTE, label: "Kill set", tone: "bad" }],
    format: (x: number) => `${x} USD`,
    label: "Equity",
  };
  let chart: Record<string, any>;

  beforeEach(async () => {
    made.length = 0;
    const { default: Chart } = await import("../src/ui/Chart.svelte");
    chart = mount(Chart, { target: document.body, props });
    flushSync();
  });

  afterEach(async () => {
    await unmount(chart);
    document.body.innerHTML = "";
  });

  const keys = () => [...document.querySelectorAll<HTMLButtonElement>("button[aria-pressed]")];
  const texts = () => keys().map((key) => key.textContent?.replace(/\s+/g, " ").trim());

  it("draws what it is given, and goes with the page", async () => {
    expect(made).toHaveLength(1);
    expect(made[0]!.data).toEqual([props.times, [1, 2, 3], [5, null, null]]);
    await unmount(chart);
    expect(made[0]!.isGone).toBe(true);
    chart = mount((await import("../src/ui/Chart.svelte")).default, { target: document.body, props });
  });

  it("shows the last values, and those under the pointer", () => {
    expect(texts()).toEqual(["FadeArena 3 USD", "Bot A 5 USD"]);
    made[0]!.hover(1);
    flushSync();
    expect(texts()[0]).toBe("FadeArena 2 USD");
    made[0]!.hover(null);
    flushSync();
    expect(texts()[0]).toBe("FadeArena 3 USD");
  });

  it("hides a line and shows it again", () => {
    keys()[1]!.click();
    flushSync();
    expect(keys()[1]!.getAttribute("aria-pressed")).toBe("false");
    expect(made[0]!.series[2]!.show).toBe(false);
    keys()[1]!.click();
    flushSync();
    expect(made[0]!.series[2]!.show).toBe(true);
  });

  it("brings the line to the fore whose key is pointed at", () => {
    keys()[1]!.dispatchEvent(new Event("focus"));
    expect(made[0]!.raised).toBe(2);
    keys()[1]!.dispatchEvent(new Event("blur"));
    expect(made[0]!.raised).toBeNull();
  });

  it("tells what happened when a mark is focused", () => {
    made[0]!.drawn();
    flushSync();
    const mark = document.querySelector<HTMLButtonElement>(".spots button")!;
    expect(mark.getAttribute("aria-label")).toContain("Kill set");
    expect(mark.parentElement!.style.left).toBe("90px");
    mark.dispatchEvent(new Event("focus"));
    flushSync();
    expect(document.querySelector(".said")!.textContent).toContain("Kill set");
  });

  it("writes no style into its markup", () => {
    const html = document.querySelector(".chart")!.innerHTML.replace(/ style="(--ink|height|left): ?[^"]*"/g, "");
    expect(html).not.toContain("style=");
  });

  it("gives screen readers the first and last values", () => {
    const cells = [...document.querySelectorAll("tbody td")].map((cell) => cell.textContent);
    expect(cells).toEqual(["1 USD", "3 USD", "5 USD", "5 USD"]);
  });
});
