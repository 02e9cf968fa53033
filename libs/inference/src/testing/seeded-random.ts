/**
 * Seeded random numbers (mulberry32): the same seed and name give the same
 * numbers on every machine, whatever else is drawn and in which order.
 */
export class SeededRandom {
  private state: number;

  constructor(seed: number, name: string) {
    // FNV-1a, so that similar names start far apart.
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193);
    this.state = (hash ^ Math.imul(seed, 0x9e3779b1)) >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** Zero-mean values of the given standard deviation; uniform, which is cheaper to draw than normal. */
  fill(values: Float32Array, deviation: number): void {
    const width = deviation * Math.sqrt(12);
    for (let i = 0; i < values.length; i++) values[i] = (this.next() - 0.5) * width;
  }
}
