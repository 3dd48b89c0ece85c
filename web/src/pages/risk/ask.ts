/** An order of a person: what is sent, and what is asked before. */
export interface Ask {
  title: string;
  text: string;
  label: string;
  /** What has to be typed. */
  word?: string;
  danger?: boolean;
  path: string;
  body?: unknown;
  /** What is said once it was done, where the answer says nothing. */
  done?: string;
}

/** How a section hands orders over: `ask` asks first, `act` acts at once. */
export interface Orders {
  ask: (order: Ask) => void;
  act: (order: Ask) => void;
}
