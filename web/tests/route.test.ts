import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { go, route, setQuery, targetOf } from "../src/lib/route.svelte";
import { pathAfter } from "../src/pages/login/after";
import { shortcuts } from "../src/shell/keys";
import { isIn, pageOf, SECTIONS } from "../src/shell/pages";
import { sorted, type Column } from "../src/ui/column";

beforeEach(() => go("/", { replace: true }));

describe("the address", () => {
  it("is gone to", () => {
    go("/bots/grok-4/?a=1");
    expect(route.path).toBe("/bots/grok-4");
    expect(route.query.get("a")).toBe("1");
    expect(location.pathname).toBe("/bots/grok-4/");
  });

  it("has its query changed in place", () => {
    go("/decisions?bot=a&open=4");
    const before = history.length;
    setQuery({ open: null, coin: "BTC", reason: "" });
    expect(location.search).toBe("?bot=a&coin=BTC");
    expect(route.query.get("coin")).toBe("BTC");
    expect(route.query.get("open")).toBeNull();
    expect(history.length).toBe(before);
  });

  it("is never that of another site", () => {
    go("/risk");
    for (const target of ["https://example.org/", "//example.org/x", "javascript:alert(1)"]) go(target);
    expect(route.path).toBe("/risk");
    go("/a/..//example.org");
    expect(location.href).toBe(`${location.origin}/example.org`);
  });

  it("stays where a guard says so", () => {
    go("/risk");
    const guard = vi.fn(() => false);
    const end = route.guard(guard);
    go("/bots");
    expect(route.path).toBe("/risk");
    go("/risk?a=1");
    expect(route.query.get("a")).toBe("1");
    expect(guard).toHaveBeenCalledTimes(1);
    end();
    go("/bots");
    expect(route.path).toBe("/bots");
  });
});

describe("links", () => {
  const clicked = (markup: string, init: MouseEventInit = {}): string | null => {
    const link = document.createElement("a");
    for (const [name, value] of new URLSearchParams(markup)) link.setAttribute(name, value);
    const inside = document.createElement("span");
    link.append(inside);
    document.body.append(link);
    let found: string | null = null;
    const hear = (event: MouseEvent) => {
      found = targetOf(event);
      event.preventDefault();
    };
    document.addEventListener("click", hear, true); // before the link, which would go there
    inside.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...init }));
    document.removeEventListener("click", hear, true);
    return found;
  };

  afterEach(() => document.body.replaceChildren());

  it("of ours are taken over", () => {
    expect(clicked("href=/bots?x=1")).toBe("/bots?x=1");
  });

  it("of others are left to the browser", () => {
    expect(clicked("href=https://example.org/")).toBeNull();
    expect(clicked("href=/api/export/trades.csv")).toBeNull();
    expect(clicked("href=/metrics")).toBeNull();
    expect(clicked("href=/openapi.json")).toBeNull();
    expect(clicked("href=/x&download=")).toBeNull();
    expect(clicked("href=/x&target=_blank")).toBeNull();
    expect(clicked("href=%23main")).toBeNull();
    expect(clicked("href=/bots", { ctrlKey: true })).toBeNull();
    expect(clicked("title=x")).toBeNull();
  });
});

describe("pages", () => {
  it("are found by their path", () => {
    for (const { href, label } of SECTIONS) expect(pageOf(href)?.title).toBe(label);
    expect(pageOf("/bots/compare")?.title).toBe("Compare");
    expect(pageOf("/bots/grok%204")?.props).toEqual({ id: "grok 4" });
  });

  it("are missing else", () => {
    for (const path of ["/nowhere", "/bots/a/b", "/bots/%E0%A4%A", "/toString"]) expect(pageOf(path)).toBeNull();
  });

  it("are in sections", () => {
    const [arena, bots] = SECTIONS;
    expect(isIn(arena!, "/bots")).toBe(false);
    expect(isIn(bots!, "/bots/grok-4")).toBe(true);
    expect(isIn(bots!, "/botsy")).toBe(false);
  });

  it("after a login are ours", () => {
    expect(pathAfter("/risk?a=1")).toBe("/risk?a=1");
    const others = [
      "//example.org/x",
      "https://example.org",
      "/\\example.org",
      "\t//example.org",
      "javascript:alert(1)",
    ];
    for (const next of [null, "", "http://", "/login", "/login/?next=%2F", ...others]) {
      expect(pathAfter(next)).toBe("/");
    }
    for (const next of ["/a/..//example.org", "/.//example.org", "/..//\\example.org"]) {
      expect(new URL(pathAfter(next), location.href).origin).toBe(location.origin);
    }
  });
});

describe("keys", () => {
  const actions = { go: vi.fn(), filter: vi.fn(), theme: vi.fn(), utc: vi.fn(), help: vi.fn() };
  let now = 0;

  const press = (hear: (event: KeyboardEvent) => void, key: string, target: Element = document.body): KeyboardEvent => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    target.addEventListener("keydown", hear as EventListener, { once: true });
    target.dispatchEvent(event);
    return event;
  };

  beforeEach(() => {
    now = 0;
    vi.clearAllMocks();
  });

  it("go to pages after g", () => {
    const hear = shortcuts(actions, () => now);
    press(hear, "g");
    press(hear, "r");
    expect(actions.go).toHaveBeenCalledWith("/risk");
    press(hear, "r");
    press(hear, "g");
    now = 2_000;
    press(hear, "b");
    expect(actions.go).toHaveBeenCalledTimes(1);
  });

  it("do one thing each", () => {
    const hear = shortcuts(actions);
    expect(press(hear, "/").defaultPrevented).toBe(true);
    press(hear, "t");
    press(hear, "u");
    press(hear, "?");
    expect(press(hear, "x").defaultPrevented).toBe(false);
    for (const act of [actions.filter, actions.theme, actions.utc, actions.help]) expect(act).toHaveBeenCalledTimes(1);
  });

  it("are left alone while somebody types", () => {
    const hear = shortcuts(actions);
    const input = document.createElement("input");
    document.body.append(input);
    press(hear, "t", input);
    expect(actions.theme).not.toHaveBeenCalled();
    input.remove();
  });
});

describe("rows", () => {
  const columns: Column<{ id: string; x: number | null }>[] = [
    { id: "id", label: "Id", value: (row) => row.id },
    { id: "x", label: "X", num: true, value: (row) => row.x },
  ];
  const rows = [
    { id: "b", x: 2 },
    { id: "a", x: null },
    { id: "c", x: 10 },
  ];
  const order = (id: string, down: boolean): string =>
    sorted(rows, columns, { id, down })
      .map((row) => row.id)
      .join("");

  it("are sorted, what is unknown last", () => {
    expect(order("x", true)).toBe("cba");
    expect(order("x", false)).toBe("bca");
    expect(order("id", false)).toBe("abc");
    expect(sorted(rows, columns, undefined)).toBe(rows);
    expect(sorted(rows, columns, { id: "other", down: true })).toBe(rows);
  });
});
