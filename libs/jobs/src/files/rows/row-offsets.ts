/** More would make the file's row in the database large; fewer, slices coarse. */
const MOST_OFFSETS = 16_384;

/** Where rows begin: of every row at first, of every second, fourth… once there are many. */
export class RowOffsets {
  private offsets: number[] = [];
  private count = 0;
  private every = 1;

  /** How many rows lie from one offset to the next. */
  get step(): number {
    return this.every;
  }

  get rows(): number {
    return this.count;
  }

  /** To be told of every row, in order. */
  add(start: number): void {
    if (this.count % this.every === 0) {
      if (this.offsets.length === MOST_OFFSETS) {
        this.offsets = this.offsets.filter((_, i) => i % 2 === 0);
        this.every *= 2;
      }
      if (this.count % this.every === 0) this.offsets.push(start);
    }
    this.count++;
  }

  list(): readonly number[] {
    return this.offsets;
  }
}
