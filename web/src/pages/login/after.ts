import { pathWithin } from "../../lib/route.svelte";

/** Return where to go after a login: a path of ours, never another site. */
export function pathAfter(next: string | null): string {
  const path = next ? pathWithin(next) : null;
  return path === null || /^\/login\/*([?#]|$)/.test(path) ? "/" : path;
}
