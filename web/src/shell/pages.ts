import type { Component } from "svelte";

export interface Section {
  href: string;
  label: string;
  /** Pressed after g. */
  key: string;
  /** Path of its icon, in a square of 24. */
  icon: string;
}

export const SECTIONS: readonly Section[] = [
  { href: "/", label: "Arena", key: "a", icon: "M3 18l5-7 5 4 8-10" },
  { href: "/bots", label: "Bots", key: "b", icon: "M5 9h14v10H5zM12 9V5M9 13v2M15 13v2" },
  { href: "/decisions", label: "Decisions", key: "d", icon: "M4 6h16M4 12h10M4 18h13" },
  { href: "/risk", label: "Risk", key: "r", icon: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z" },
  { href: "/system", label: "System", key: "s", icon: "M4 7h16M4 17h16M9 4v6M15 14v6" },
];

type Loaded = Promise<{ default: Component<any> }>;

export interface Page {
  title: string;
  load: () => Loaded;
  props: Record<string, string>;
}

const PAGES: Record<string, [title: string, load: () => Loaded]> = {
  "/": ["Arena", () => import("../pages/arena/Arena.svelte")],
  "/bots": ["Bots", () => import("../pages/bots/Bots.svelte")],
  "/bots/compare": ["Compare", () => import("../pages/bots/Compare.svelte")],
  "/decisions": ["Decisions", () => import("../pages/decisions/Decisions.svelte")],
  "/risk": ["Risk", () => import("../pages/risk/Risk.svelte")],
  "/system": ["System", () => import("../pages/system/System.svelte")],
  "/login": ["Log in", () => import("../pages/login/Login.svelte")],
};

/** Return the page at a path; null where there is none. */
export function pageOf(path: string): Page | null {
  const found = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (found) return { title: found[0], load: found[1], props: {} };
  const id = idOf(path);
  return id ? { title: id, load: () => import("../pages/bots/Bot.svelte"), props: { id } } : null;
}

/** Tell whether a path is in a section. */
export function isIn(section: Section, path: string): boolean {
  return path === section.href || (section.href !== "/" && path.startsWith(`${section.href}/`));
}

function idOf(path: string): string | null {
  const written = /^\/bots\/([^/]+)$/.exec(path)?.[1];
  try {
    return written ? decodeURIComponent(written) : null;
  } catch {
    return null;
  }
}
