import { describe, expect, it } from "vitest";
import type { get } from "../src/api/client";
import type { Account, Alert, AuditEntry, Event, Feed, Health, Latencies, Step } from "../src/api/types";
import type { Row } from "../src/pages/decisions/records";
import { addressOf, FORMS, KINDS, wrongWith, type Scope } from "../src/pages/system/exports";
import { ageNow, countsOf, factsOf, lanesOf } from "../src/pages/system/feeds";
import { barsOf, chosen, millis, nameOf, quantile } from "../src/pages/system/latency";
import { deliveryOf, heldOf, outcomeOf, placed, toneOf } from "../src/pages/system/lists";
import { CATEGORIES, isSought, linkOf, readBefore } from "../src/pages/system/log";

const NOW = Date.UTC(2026, 0, 1, 12);
const { signal } = new AbortController();

describe("latencies", () => {
  const step = (change: Partial<Step> = {}): Step => ({
    step: "reaction",
    feed: null,
    count: 10,
    meanMs: 2,
    p50Ms: 2.5,
    p95Ms: null,
    p99Ms: null,
    buckets: [
      { leMs: 0.5, count: 0 },
      { leMs: 1, count: 4 },
      { leMs: 2, count: 4 },
      { leMs: 5, count: 9 },
      { leMs: 10, count: 9 },
      { leMs: null, count: 10 },
    ],
    ...change,
  });

  it("are written with the digits that matter", () => {
    expect([0.4567, 2.5, 12.7, 999.4, 1_234, 300_000, null].map(millis)).toEqual([
      "0.457 ms",
      "2.5 ms",
      "13 ms",
      "999 ms",
      "1.23 s",
      "5 min",
      "–",
    ]);
  });

  it("say so where a quantile lies beyond the last bound", () => {
    expect(quantile(step(), 2.5)).toBe("2.5 ms");
    expect(quantile(step(), null)).toBe("> 10 ms");
    expect(quantile(step({ count: 0 }), null)).toBe("–");
  });

  it("are counted between their bounds, without empty ends", () => {
    expect(barsOf(step())).toEqual([
      { label: "up to 1 ms", count: 4, share: 0.4 },
      { label: "up to 2 ms", count: 0, share: 0 },
      { label: "up to 5 ms", count: 5, share: 0.5 },
      { label: "up to 10 ms", count: 0, share: 0 },
      { label: "more than 10 ms", count: 1, share: 0.1 },
    ]);
    expect(barsOf(step({ count: 0, buckets: [{ leMs: null, count: 0 }] }))).toEqual([]);
  });

  it("show the chosen step, else the worker's own time, else the first that was measured", () => {
    const tape = step({ step: "detection", feed: "tape", count: 0 });
    const found = { asOf: NOW, isCurrent: true, steps: [tape, step({ step: "queue" }), step()] } satisfies Latencies;
    expect(nameOf(tape)).toBe("detection (tape)");
    expect(chosen(found, "")).toBe(found.steps[2]);
    expect(chosen({ ...found, steps: found.steps.slice(0, 2) }, "")).toBe(found.steps[1]);
    expect(chosen(found, "detection (tape)")).toBe(tape);
    expect(chosen(undefined, "")).toBeUndefined();
  });
});

describe("feeds", () => {
  it("grow older by themselves", () => {
    expect(ageNow(100, NOW - 1_000, NOW)).toBe(1_100);
    expect(ageNow(100, NOW + 5_000, NOW)).toBe(100);
    expect([ageNow(null, NOW, NOW), ageNow(100, null, NOW)]).toEqual([null, null]);
  });

  it("say what they count", () => {
    expect(countsOf({ counts: { "user-late": 1_200, gaps: 0 } })).toBe("user late 1,200, gaps 0");
    expect(countsOf({ counts: {} } as Pick<Feed, "counts">)).toBe("–");
  });

  it("share a budget that is filled lane by lane", () => {
    const lane = { waiting: 0, refusals: 0, pausedMs: 0 };
    const lanes = [
      { ...lane, lane: "cancel", used: 100, limit: 1_200 },
      { ...lane, lane: "order", used: 200, limit: 600 },
      { ...lane, lane: "rest", used: 0, limit: 0 },
    ];
    expect(lanesOf({ perMinute: 1_200, used: 300, lanes }).map(({ filled, share }) => [filled, share])).toEqual([
      [100, 100 / 1_200],
      [300, 0.5],
      [300, 0],
    ]);
    expect(lanesOf(null)).toEqual([]);
  });

  it("stand beside what is said of the rest", () => {
    const health: Health = {
      status: "unhealthy",
      timestamp: NOW,
      checks: {
        database: { status: "ok", latency: 1 },
        hyperliquid: { status: "unknown", latency: null, lastSuccessfulCall: null },
        worker: {
          status: "down",
          lastSeenAt: NOW - 30_000,
          heartbeatAge: 30_000,
          mode: "simulation",
          killSwitch: null,
        },
        feeds: [],
      },
    };
    const facts = factsOf(health, NOW);
    expect(facts[0]).toMatchObject({ value: "unhealthy", tone: "bad" });
    expect(facts[2]).toMatchObject({ value: "unknown", tone: "", note: "how long trades take is not measured" });
    expect(facts[4]?.note).toBe("heard 30 s ago, simulation, kill switch unknown");
    expect(facts[4]?.tone).toBe("bad");
  });
});

describe("the log", () => {
  const record = (seq: number, level: Row["level"] = "info"): Event => ({
    seq,
    journalSeq: seq,
    timestamp: NOW,
    type: level === "info" ? "equity-point" : "alert",
    level,
    category: level === "info" ? "equity-point" : "drift",
    data: { subject: "main BTC", text: "ours 1, theirs 2", series: "bot:a" },
  });

  /** A log of records 1 to `last`, of which every `each`-th is a warning. */
  function logOf(last: number, each = 1_000_000) {
    const asked: number[] = [];
    const ask = (async (_: string, query: { since: number; limit: number; level?: string }) => {
      asked.push(query.since);
      const events: Event[] = [];
      for (let seq = query.since + 1; seq <= last && events.length < query.limit; seq++) {
        const level = seq % each ? "info" : "warning";
        if (!query.level || query.level === level) events.push(record(seq, level));
      }
      return { events, nextSince: events.at(-1)?.seq ?? query.since };
    }) as unknown as typeof get;
    return { ask, asked };
  }
  const any = { level: "", category: "" };

  it("is read backwards, without a gap", async () => {
    const { ask } = logOf(450);
    const first = await readBefore(500, any, signal, ask);
    expect([first.rows[0]?.seq, first.rows.at(-1)?.seq, first.next]).toEqual([450, 300, "300"]);
    const second = await readBefore(Number(first.next), any, signal, ask);
    expect([second.rows[0]?.seq, second.rows.at(-1)?.seq, second.next]).toEqual([299, 100, "100"]);
    const third = await readBefore(Number(second.next), any, signal, ask);
    expect([third.rows[0]?.seq, third.rows.at(-1)?.seq, third.next]).toEqual([99, 1, null]);
  });

  it.each([1, 3, 40, 1_000, 9_999])("is read backwards for every %i-th record", async (each) => {
    const last = 20_000;
    const { ask } = logOf(last, each);
    const found: number[] = [];
    let before: string | null = String(last + 50);
    for (let pages = 0; before !== null && pages < 1_000; pages++) {
      const page = await readBefore(Number(before), { level: "warning", category: "" }, signal, ask);
      found.push(...page.rows.map((row) => row.seq));
      before = page.next;
    }
    expect(before).toBeNull();
    const wanted = Array.from({ length: Math.floor(last / each) }, (_, index) => (index + 1) * each).reverse();
    expect(found).toEqual(wanted);
  });

  it("gives an empty page where there is nothing, with little asking", async () => {
    const { ask, asked } = logOf(1_000_000);
    expect(await readBefore(1_000_001, { level: "critical", category: "" }, signal, ask)).toEqual({
      rows: [],
      next: null,
    });
    expect(asked.length).toBeLessThan(10);
    expect(await readBefore(1, any, signal, ask)).toEqual({ rows: [], next: null });
  });

  it("is sought by level, category and text", () => {
    const row = record(1, "warning");
    expect(isSought(row, { level: "warning", category: "drift" }, " THEIRS ")).toBe(true);
    expect(isSought(row, { level: "critical", category: "" }, "")).toBe(false);
    expect(isSought(row, { level: "", category: "kill" }, "")).toBe(false);
    expect(isSought(row, any, "nowhere")).toBe(false);
    const fill: Row = { ...row, type: "my-fill", data: { botId: "a", asset: "BTC", orderId: "0xaa" } };
    expect(["0xAA", "first bot", "btc"].map((text) => isSought(fill, any, text, { a: "First bot" }))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("leads to decisions and orders", () => {
    expect(linkOf({ ...record(7), type: "decision" })).toBe("/decisions?open=7");
    expect(linkOf({ ...record(7), type: "my-fill", data: { orderId: "0xaa" } })).toBe("/decisions?cloid=0xaa");
    expect(linkOf({ ...record(7), type: "order-update", data: { cloid: "0xaa" } })).toBe("/decisions?cloid=0xaa");
    expect(linkOf({ ...record(7), type: "my-fill", data: { orderId: null } })).toBeNull();
    expect(linkOf(record(7))).toBeNull();
  });

  it("names every kind once, as the log does", () => {
    expect(new Set(CATEGORIES).size).toBe(CATEGORIES.length);
    expect(CATEGORIES).toEqual(expect.arrayContaining(["my-fill", "settings-change", "bots-change", "two_writers"]));
    expect(CATEGORIES).not.toContain("my-trade");
  });
});

describe("who did what", () => {
  const entry = (change: Partial<AuditEntry> = {}): AuditEntry => ({
    kind: "command",
    timestamp: NOW,
    actor: "api:desk",
    what: "kill",
    address: null,
    status: null,
    controlId: 1,
    state: "accepted",
    reasons: [],
    journalSeq: 2,
    detail: "",
    ...change,
  });

  it("is numbered by its place", () => {
    expect(placed([entry(), entry()], 0).map(({ place }) => place)).toEqual([-1, -2]);
    expect(placed([entry()], -2)[0]?.place).toBe(-3);
  });

  it("has an outcome", () => {
    expect([outcomeOf(entry()), toneOf(entry())]).toEqual(["accepted", ""]);
    const refused = entry({ state: "refused", reasons: ["not flat", "no price"] });
    expect([outcomeOf(refused), toneOf(refused)]).toEqual(["refused; not flat; no price", "bad"]);
    const request = entry({ kind: "request", state: null, status: 403 });
    expect([outcomeOf(request), toneOf(request)]).toEqual(["403", "bad"]);
    const local = entry({ kind: "request", state: null, status: 0, address: "local" });
    expect([outcomeOf(local), toneOf(local)]).toEqual(["done", ""]);
    expect(toneOf(entry({ state: "queued" }))).toBe("warn");
  });
});

describe("an alert", () => {
  const alert: Alert = {
    id: 12,
    seq: 4_720,
    timestamp: NOW,
    level: "warning",
    category: "limit_near",
    subject: "grok-4",
    text: "80 % of its cap is used",
    state: "sent",
    times: 1,
    into: null,
    attempts: 1,
    nextAttempt: null,
    changed: null,
    reached: ["1:ntfy"],
    error: "",
  };

  it("says whom it reached", () => {
    expect(deliveryOf(alert)).toBe("sent, to 1:ntfy");
    expect(deliveryOf({ ...alert, state: "merged", into: 9, reached: [] })).toBe("merged, told by 9");
    expect(deliveryOf({ ...alert, state: "failed", reached: [], attempts: 40, times: 3, error: "timed out" })).toBe(
      "failed, for 3 alerts, 40 attempts, timed out",
    );
  });
});

describe("accounts", () => {
  it("have their positions in one list", () => {
    const position = { asset: "BTC" } as Account["positions"][number];
    expect(
      heldOf([
        { id: "main", positions: [position] },
        { id: "two", positions: [] },
      ]),
    ).toEqual([{ asset: "BTC", account: "main" }]);
  });
});

describe("downloads", () => {
  const scope: Scope = { from: 1, to: 2, bot: "grok-4", coin: " BTC ", year: "2026" };
  const addresses = Object.fromEntries(KINDS.map((kind) => [kind.name, addressOf(kind, "csv", scope)]));

  it("take what each kind can be chosen by", () => {
    expect(addresses.trades).toBe("/api/export/trades.csv?startTime=1&endTime=2&botId=grok-4&asset=BTC");
    expect(addresses.equity).toBe("/api/export/equity.csv?startTime=1&endTime=2&botId=grok-4");
    expect(addresses["realised-summary"]).toBe("/api/export/realised-summary.csv?year=2026");
    expect(addressOf(KINDS[0]!, "parquet", { ...scope, from: null, to: null, bot: "", coin: "" })).toBe(
      "/api/export/trades.parquet",
    );
  });

  it("are all there", () => {
    expect(KINDS.length * FORMS.length).toBe(18);
  });

  it("say what cannot be", () => {
    expect(wrongWith(scope)).toBe("");
    expect(wrongWith({ ...scope, from: 3 })).toMatch(/ends before/);
    expect(wrongWith({ ...scope, year: "199" })).toMatch(/year/);
    expect(wrongWith({ ...scope, year: "9999" })).toMatch(/year/);
  });
});
