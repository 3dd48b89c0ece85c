export type Theme = "dark" | "light" | "system";

interface Kept {
  theme: Theme;
  utc: boolean;
  absolute: boolean;
}

const KEY = "fadearena";
const FIRST: Kept = { theme: "system", utc: false, absolute: false };

/** What somebody prefers to see; kept in this browser. */
class Prefs {
  #kept = $state.raw<Kept>(read());

  constructor() {
    this.#show();
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
    const ofSystem = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
    const shown = this.theme === "system" ? ofSystem : this.theme;
    const next = shown === "dark" ? "light" : "dark";
    this.theme = next === ofSystem ? "system" : next;
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

  #show(): void {
    const { theme } = this.#kept;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
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
