import type { Settings } from "../../api/types";
import { changesOf, shown, type Edits, type Field, type Text } from "./settings";

/** Settings that are being edited: what was typed, over the version that was seen then. */
export class Draft {
  edits = $state.raw<Edits>({});
  seen = $state.raw<Settings | null>(null);
  readonly changes = $derived(this.seen ? changesOf(this.seen, this.edits) : []);
  readonly isSound = $derived(this.changes.every(({ error }) => !error));

  /** Edit these settings anew. */
  begin(settings: Settings): void {
    this.edits = {};
    this.seen = settings;
  }

  /** Return what a field shows. */
  text(field: Field): Text {
    const edited = this.edits[field.id];
    return edited !== undefined ? edited : this.seen ? shown(this.seen, field) : "";
  }

  set(id: string, text: Text): void {
    this.edits = { ...this.edits, [id]: text };
  }

  /** Take one field back, or all. */
  drop(id?: string): void {
    this.edits = Object.fromEntries(Object.entries(this.edits).filter(([other]) => id !== undefined && other !== id));
  }
}
