/** A column of a table, as data. */
export interface Column<T> {
  id: string;
  label: string;
  /** What the column means; a tooltip of its header. */
  hint?: string;
  /** Numbers: right-aligned, tabular. */
  num?: boolean;
  /** What it is sorted by, and shown where there is no `text`. */
  value: (row: T) => string | number | null;
  text?: (row: T) => string;
  /** Classes of the cell. */
  tone?: (row: T) => string;
  href?: (row: T) => string;
  /** What it belongs to, with its neighbours of the same group: shown above them. */
  group?: string;
  /** false: hidden under 700 px. */
  narrow?: boolean;
  /** The table's `cell` snippet draws it. */
  custom?: boolean;
}

export interface Sort {
  id: string;
  down: boolean;
}

/** Return rows in the order of a column; those without a value are last, in both directions. */
export function sorted<T>(rows: readonly T[], columns: readonly Column<T>[], sort: Sort | undefined): readonly T[] {
  const column = sort && columns.find(({ id }) => id === sort.id);
  if (!column) return rows;
  const sign = sort.down ? -1 : 1;
  const valued = rows.map((row) => ({ row, value: column.value(row) }));
  valued.sort(({ value: a }, { value: b }) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  });
  return valued.map(({ row }) => row);
}
