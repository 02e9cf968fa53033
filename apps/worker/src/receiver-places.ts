/** Takes a place; gives the function that leaves it, or null when none became free in time. */
export type Leave = () => void;

export interface ReceiverPlacesOptions {
  /** Attempts at once to one host. */
  readonly perReceiver: number;
  /** Attempts at once for one tenant, whatever its hosts. */
  readonly perTenant: number;
  /** How long an attempt may stand in line, ms. */
  readonly waitMs: number;
}

export const RECEIVER_PLACES: ReceiverPlacesOptions = {
  perReceiver: 4,
  perTenant: 8,
  waitMs: 1_000,
};

/**
 * Keeps a receiver that hangs from taking every sender: only so many attempts
 * go to one host and for one tenant at once. Others stand in line for a
 * moment while places come free quickly, and are turned away otherwise.
 */
export class ReceiverPlaces {
  private readonly gates = new Map<string, Gate>();

  constructor(private readonly options: ReceiverPlacesOptions = RECEIVER_PLACES) {}

  async enter(receiver: string, tenantId: string): Promise<Leave | null> {
    const { perReceiver, perTenant, waitMs } = this.options;
    const leaveReceiver = await this.pass(`receiver ${receiver}`, perReceiver, waitMs);
    if (leaveReceiver === null) return null;
    const leaveTenant = await this.pass(`tenant ${tenantId}`, perTenant, waitMs);
    if (leaveTenant === null) {
      leaveReceiver();
      return null;
    }
    return () => {
      leaveTenant();
      leaveReceiver();
    };
  }

  private async pass(name: string, places: number, waitMs: number): Promise<Leave | null> {
    const gate = this.gates.get(name) ?? new Gate(places, waitMs);
    this.gates.set(name, gate);
    const leave = await gate.enter();
    if (leave === null) return null;
    return () => {
      leave();
      if (gate.idle) this.gates.delete(name);
    };
  }
}

class Gate {
  private taken = 0;
  private readonly line: (() => void)[] = [];
  /** Somebody stood in line in vain; until a place comes free quickly again, nobody does. */
  private stuck = false;

  constructor(
    private readonly places: number,
    private readonly waitMs: number,
  ) {}

  get idle(): boolean {
    return this.taken === 0 && this.line.length === 0;
  }

  async enter(): Promise<Leave | null> {
    if (this.taken < this.places) this.taken++;
    else if (this.stuck || !(await this.wait())) return null;
    const since = performance.now();
    return () => this.leave(performance.now() - since);
  }

  private leave(heldMs: number): void {
    if (heldMs < this.waitMs) this.stuck = false;
    const next = this.line.shift();
    // The place goes to the next in line without becoming free.
    if (next === undefined) this.taken--;
    else next();
  }

  private wait(): Promise<boolean> {
    return new Promise((resolve) => {
      const turn = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.line.splice(this.line.indexOf(turn), 1);
        this.stuck = true;
        resolve(false);
      }, this.waitMs);
      this.line.push(turn);
    });
  }
}
