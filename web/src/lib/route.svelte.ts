const NOT_OURS = /^\/(api|ws|metrics|healthz|readyz|openapi\.json|assets)(\/|$)/;

/** Where the page is. */
class Route {
  #url = $state.raw(new URL(location.href));
  #guards = new Set<() => boolean>();

  readonly path = $derived(normalised(this.#url.pathname));
  readonly query = $derived(this.#url.searchParams);

  constructor() {
    addEventListener("popstate", () => {
      const next = new URL(location.href);
      if (this.#mayLeaveTo(next)) this.#url = next;
      else history.pushState(null, "", this.#url.href);
    });
  }

  /** Go to an address of ours; another site is not gone to. */
  go(target: string, replace = false): void {
    const path = pathWithin(target);
    if (path === null) return;
    const next = new URL(path, location.origin);
    if (next.href === this.#url.href || !this.#mayLeaveTo(next)) return;
    const isOther = normalised(next.pathname) !== this.path;
    if (replace) history.replaceState(null, "", next.href);
    else history.pushState(null, "", next.href);
    this.#url = next;
    if (isOther) scrollTo(0, 0);
  }

  /** Ask before another page is shown; false keeps this one. What is returned ends that. */
  guard(mayLeave: () => boolean): () => void {
    this.#guards.add(mayLeave);
    return () => this.#guards.delete(mayLeave);
  }

  #mayLeaveTo(next: URL): boolean {
    if (normalised(next.pathname) === normalised(this.#url.pathname)) return true;
    return [...this.#guards].every((mayLeave) => mayLeave());
  }
}

export const route = new Route();

/** Go to a path with its query. */
export function go(target: string, options: { replace?: boolean } = {}): void {
  route.go(target, options.replace ?? false);
}

/** Change members of the query in place; null takes one away. */
export function setQuery(changes: Record<string, string | null>): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  route.go(url.pathname + url.search + url.hash, true);
}

/** Return an address as a path of ours; null where it is of another site. */
export function pathWithin(target: string): string | null {
  if (!URL.canParse(target, location.href)) return null;
  const url = new URL(target, location.href);
  if (url.origin !== location.origin) return null;
  return url.pathname.replace(/^\/{2,}/, "/") + url.search + url.hash;
}

/** Return where a click on a link of ours leads; null where the browser has to follow it. */
export function targetOf(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link?.hasAttribute("href") || link.hasAttribute("download") || (link.target && link.target !== "_self")) {
    return null;
  }
  const url = new URL(link.getAttribute("href")!, location.href);
  if (url.origin !== location.origin || NOT_OURS.test(url.pathname)) return null;
  const isHere = url.pathname === location.pathname && url.search === location.search;
  if (isHere && url.hash) return null;
  return pathWithin(url.href);
}

function normalised(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
}
