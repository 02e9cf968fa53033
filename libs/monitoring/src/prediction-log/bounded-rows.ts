export interface RowLimits {
  readonly rows: number;
  /** Sum of the rows' weights, about bytes. */
  readonly weight: number;
}

/** Rows in the order they came, so many and no more: the oldest make room for new ones. */
export class BoundedRows<Row> {
  private rows: Row[] = [];
  private weight = 0;

  constructor(
    private readonly capacity: RowLimits,
    private readonly weigh: (row: Row) => number,
  ) {}

  get length(): number {
    return this.rows.length;
  }

  /** @returns how many of the oldest had to go */
  add(rows: readonly Row[]): number {
    for (const row of rows) {
      this.rows.push(row);
      this.weight += this.weigh(row);
    }
    return this.makeRoom();
  }

  /** Removes and gives the oldest rows: at least one, if there is any, and then as many as `most` allows. */
  take(most: RowLimits): Row[] {
    let count = 0;
    let weight = 0;
    for (const row of this.rows) {
      const more = this.weigh(row);
      if (count > 0 && (count >= most.rows || weight + more > most.weight)) break;
      count++;
      weight += more;
    }
    this.weight -= weight;
    return this.rows.splice(0, count);
  }

  /** Gives back what `take` gave. @returns how many of the oldest had to go */
  putBack(rows: readonly Row[]): number {
    this.rows = [...rows, ...this.rows];
    for (const row of rows) this.weight += this.weigh(row);
    return this.makeRoom();
  }

  private makeRoom(): number {
    let excess = 0;
    for (const row of this.rows) {
      const fits =
        this.rows.length - excess <= this.capacity.rows && this.weight <= this.capacity.weight;
      if (fits) break;
      this.weight -= this.weigh(row);
      excess++;
    }
    if (excess > 0) this.rows.splice(0, excess);
    return excess;
  }
}
