import { SECTIONS } from "./pages";

export interface Actions {
  go(path: string): void;
  filter(): void;
  theme(): void;
  utc(): void;
  help(): void;
}

/** What the help shows. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ...SECTIONS.map(({ key, label }) => [`g ${key}`, `Go to ${label}`] as const),
  ["/", "Filter"],
  ["k", "Stop everything"],
  ["t", "Dark or light"],
  ["u", "UTC or local time"],
  ["?", "This list"],
  ["Esc", "Close"],
];

const PREFIX_MS = 1_500;

/** Return what hears keys: single ones, and g with a page's key after it. Nothing happens while somebody types. */
export function shortcuts(actions: Actions, now: () => number = Date.now): (event: KeyboardEvent) => void {
  const single: Record<string, () => void> = {
    "/": actions.filter,
    t: actions.theme,
    u: actions.utc,
    "?": actions.help,
  };
  let until = 0;

  return (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isSecond = now() < until;
    until = 0;
    const section = isSecond && SECTIONS.find(({ key }) => key === event.key);
    if (section) actions.go(section.href);
    else if (event.key === "g") until = now() + PREFIX_MS;
    else if (Object.hasOwn(single, event.key)) single[event.key]!();
    else return;
    event.preventDefault();
  };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && !!target.closest("input, textarea, select, [contenteditable], dialog");
}
