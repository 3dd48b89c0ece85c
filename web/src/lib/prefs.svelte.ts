export type Theme = "dark" | "light" | "system";

interface Kept {
  theme: Theme;
  utc: boolean;
  absolute: boolean;
}

const KEY = "fadearena";
const LIGHT = matchMedia("(prefers-color-scheme: light)");
const FIRST: Kept = { theme: "system", utc: false, absolute: false };

/** What somebody prefers to see; kept in this browser. */
class Prefs {
  #kept = $state.raw<Kept>(read());

  constructor() {
    this.#show();
    LIGHT.addEventListener("change", () => this.#show());
  }

  get theme(): Theme {
    return this.#kept.theme;
  }
  set theme(theme: Theme) {
    this.#keep({ theme });
  }

  get utc(): boolean {
    return this.#kept.utc;
  }
  set utc(utc: boolean) {
    this.#keep({ utc });
  }

  /** Equity in USD; else in percent. */
  get absolute(): boolean {
    return this.#kept.absolute;
  }
  set absolute(absolute: boolean) {
    this.#keep({ absolute });
  }

  /** Show the other one of dark and light; the system's own choice is kept as such. */
  turnTheme(): void {
    const next = this.#shown === "dark" ? "light" : "dark";
    this.theme = next === ofSystem() ? "system" : next;
  }

  get #shown(): "dark" | "light" {
    return this.theme === "system" ? ofSystem() : this.theme;
  }

  #keep(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    this.#show();
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // Without storage it holds until the page is closed.
    }
  }

  /** Until this was called no colour of ours is set: the browser's own are those of the system's choice. */
  #show(): void {
    document.documentElement.dataset.theme = this.#shown;
  }
}

function ofSystem(): "dark" | "light" {
  return LIGHT.matches ? "light" : "dark";
}

function read(): Kept {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Kept>;
    const theme = kept.theme === "dark" || kept.theme === "light" ? kept.theme : FIRST.theme;
    return { theme, utc: kept.utc === true, absolute: kept.absolute === true };
  } catch {
    return FIRST;
  }
}

export const prefs = new Prefs();
