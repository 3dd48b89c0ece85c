import { send } from "../../api/client";
import type { KillSwitchAnswer } from "../../api/types";
import { failure, outcome, SLOW, type Outcome } from "./kill";

const SLOW_MS = 5_000;
const HINT_MS = 5_000;
const IDLE: Outcome = { kind: "idle", text: "", flatten: false };

class KillControlState {
  /** Whether the dialog is open. */
  open = $state(false);
  /** What is known of the last order to stop. */
  outcome = $state.raw<Outcome>(IDLE);

  /** Stop everything; with `flatten` close all positions, too. */
  async order(flatten: boolean): Promise<void> {
    const mine: Outcome = { kind: "sending", text: flatten ? "Killing and flattening…" : "Killing…", flatten };
    this.outcome = mine;
    const slow: Outcome = { kind: "slow", text: SLOW, flatten };
    const timer = setTimeout(() => this.outcome === mine && (this.outcome = slow), SLOW_MS);
    let result: Outcome;
    try {
      result = outcome(await send<KillSwitchAnswer>("POST", "/api/kill-switch", { active: true, flatten }), flatten);
    } catch (error) {
      result = failure(error, flatten);
    }
    clearTimeout(timer);
    if (this.outcome === mine || this.outcome === slow) this.outcome = result; // else a later order tells
  }

  /** Say that a press was too short. */
  hint(): void {
    if (this.outcome.kind === "sending" || this.outcome.kind === "slow") return;
    const mine: Outcome = { kind: "hint", text: "Hold to stop everything.", flatten: false };
    this.outcome = mine;
    setTimeout(() => this.outcome === mine && this.dismiss(), HINT_MS);
  }

  dismiss(): void {
    this.outcome = IDLE;
  }
}

export const killControl = new KillControlState();
