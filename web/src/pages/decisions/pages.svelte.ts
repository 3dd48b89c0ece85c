export interface Page<T> {
  rows: readonly T[];
  /** Asks for what is older; null on the last page. */
  next: string | null;
}

export interface PagesOptions<T> {
  read: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>;
  /** Its number: unique, larger for what is newer. */
  key: (row: T) => number;
  /** A cursor for what is older than a row: needed once live rows push old ones out. */
  after?: (row: T) => string;
  /** Live rows beyond so many push the oldest out; what was asked for by hand stays. */
  bound?: number;
  /** How many pages are read in a row, each shown as it comes; one where nothing is said. */
  atOnce?: () => number;
  /** With so many rows no further page is read in a row. */
  enough?: number;
}

/** Returns both lists as one, the newest first, every key once; where both have it `fresh` wins. */
export function merged<T>(fresh: readonly T[], old: readonly T[], key: (row: T) => number): T[] {
  const rows = new Map<number, T>();
  for (const row of old) rows.set(key(row), row);
  for (const row of fresh) rows.set(key(row), row);
  return [...rows.values()].sort((a, b) => key(b) - key(a));
}

/** A list that is read in pages, the newest first, and grows at its head while it is looked at. */
export class Pages<T> {
  rows = $state.raw<readonly T[]>([]);
  next = $state.raw<string | null>(null);
  /** How many new rows wait because the reader looks at older ones. */
  held = $state.raw(0);
  loading = $state.raw(false);
  /** Whether a first page came, or several in a row that have nothing. */
  loaded = $state.raw(false);
  error = $state.raw<Error | undefined>();

  #options: PagesOptions<T>;
  #bound: number;
  #waiting: T[] = [];
  #holding = false;
  #run: AbortController | undefined;

  constructor(options: PagesOptions<T>) {
    this.#options = options;
    this.#bound = options.bound ?? 500;
  }

  /** Forgets everything and reads the first page. */
  restart(): void {
    this.rows = [];
    this.next = null;
    this.reset();
  }

  /** Reads anew from the first page; what is shown stays until that came. */
  reset(): void {
    this.loaded = false;
    this.error = undefined;
    this.#holding = false;
    this.#waiting = [];
    this.held = 0;
    this.#bound = this.#options.bound ?? 500;
    this.refresh();
  }

  /** Reads the first page again; older ones stay where they still join it. */
  refresh(): void {
    void this.#load(null);
  }

  /** Reads the next page. */
  older(): void {
    if (this.next !== null && !this.loading) void this.#load(this.next);
  }

  /** Takes live rows. */
  add(rows: readonly T[]): void {
    if (!rows.length) return;
    if (this.#holding) {
      this.#waiting = merged(rows, this.#waiting, this.#options.key).slice(0, this.#bound);
      this.held = this.#waiting.length;
    } else {
      this.#keep(merged(rows, this.rows, this.#options.key));
    }
  }

  /** Holds new rows back, or lets them in. */
  hold(on: boolean): void {
    this.#holding = on;
    if (on || !this.#waiting.length) return;
    const rows = this.#waiting;
    this.#waiting = [];
    this.held = 0;
    this.add(rows);
  }

  /** Ends what is under way. */
  stop(): void {
    this.#run?.abort();
    this.#run = undefined;
    this.loading = false;
  }

  #keep(rows: T[]): void {
    const { after } = this.#options;
    const last = rows[this.#bound - 1];
    if (after && last !== undefined && rows.length > this.#bound) {
      rows.length = this.#bound;
      this.next = after(last);
    }
    this.rows = rows;
  }

  /** Take a page in; tell whether what is older than it is still to be read. */
  #take(page: Page<T>, cursor: string | null): boolean {
    const { key } = this.#options;
    const last = page.rows.at(-1);
    const joins =
      cursor !== null || page.next === null || last === undefined || this.rows.some((row) => key(row) >= key(last));
    // A first page that lies wholly above what is shown would leave a gap.
    const isNew = !this.loaded || !joins;
    const live = isNew && last ? this.rows.filter((row) => key(row) > key(last)) : this.rows;
    const rows = merged(page.rows, live, key);
    const isNext = cursor !== null || isNew;
    if (isNext) this.next = page.next;
    if (cursor !== null) this.#bound = Math.max(this.#bound, rows.length);
    this.rows = rows;
    return isNext;
  }

  async #load(cursor: string | null): Promise<void> {
    this.#run?.abort();
    const run = (this.#run = new AbortController());
    const { read, atOnce = () => 1, enough = Infinity } = this.#options;
    this.loading = true;
    try {
      let found = 0;
      for (let left = atOnce() - 1; ; left--) {
        const page = await read(cursor, run.signal);
        if (run !== this.#run) return;
        found += page.rows.length;
        const readsOn = this.#take(page, cursor) && page.next !== null && left > 0 && found < enough;
        this.loaded ||= this.rows.length > 0 || !readsOn;
        this.error = undefined;
        if (!readsOn) break;
        cursor = page.next;
      }
    } catch (error) {
      if (run === this.#run) this.error = error instanceof Error ? error : new Error(String(error));
    } finally {
      if (run === this.#run) {
        this.#run = undefined;
        this.loading = false;
      }
    }
  }
}
