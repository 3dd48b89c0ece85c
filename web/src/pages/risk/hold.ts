/** How long a stop is held before it is sent, ms. */
export const HOLD_MS = 800;

export interface Hold {
  /** Begin; a press that goes on is not begun again. */
  press(): void;
  /** End; tells whether it was held long enough, too short, or not at all. */
  release(): "held" | "short" | "none";
}

/** A timer that acts while the button is still held, once for each press. */
export function hold(onheld: () => void, ms = HOLD_MS): Hold {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let held = false;
  return {
    press() {
      if (timer !== undefined || held) return;
      timer = setTimeout(() => {
        timer = undefined;
        held = true;
        onheld();
      }, ms);
    },
    release() {
      const was = held;
      held = false;
      if (timer === undefined) return was ? "held" : "none";
      clearTimeout(timer);
      timer = undefined;
      return "short";
    },
  };
}
