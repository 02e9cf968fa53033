import { BatchWriter, type DropReason } from './batch-writer.js';

const AWAY = new Error('the database is away');
const WRONG = new Error('a wrong row');

function setup(write?: (rows: readonly number[]) => Promise<number>) {
  const clock = { now: 0 };
  const database = { away: false, calls: [] as number[][], written: [] as number[] };
  const told = { written: 0, dropped: new Map<DropReason, number>(), failing: 0, recovered: 0 };
  const writer = new BatchWriter<number>({
    write:
      write ??
      ((rows) => {
        database.calls.push([...rows]);
        if (database.away) return Promise.reject(AWAY);
        if (rows.some((row) => row < 0)) return Promise.reject(WRONG);
        database.written.push(...rows);
        return Promise.resolve(rows.length);
      }),
    isRowsFault: (error) => error === WRONG,
    weigh: (row) => (row >= 1_000 ? 100 : 1),
    capacity: { rows: 20, weight: 250 },
    batch: { rows: 5, weight: 150 },
    now: () => clock.now,
    onWritten: (rows) => (told.written += rows),
    onDropped: (rows, reason) => told.dropped.set(reason, (told.dropped.get(reason) ?? 0) + rows),
    onFailing: () => told.failing++,
    onRecovered: () => told.recovered++,
  });
  return { writer, clock, database, told };
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe('BatchWriter', () => {
  it('writes all that waits, oldest first, in batches', async () => {
    const { writer, database, told } = setup();
    writer.add(numbers(12));
    await writer.flush();
    expect(database.written).toEqual(numbers(12));
    expect(database.calls.map((rows) => rows.length)).toEqual([5, 5, 2]);
    expect(told.written).toBe(12);
    expect(writer.length).toBe(0);
  });

  it('makes batches of heavy rows smaller', async () => {
    const { writer, database } = setup();
    writer.add([1_000, 1_001, 1]);
    await writer.flush();
    expect(database.calls).toEqual([[1_000], [1_001, 1]]);
  });

  it('loses nothing within its bound while the database is away, and says so once', async () => {
    const { writer, clock, database, told } = setup();
    database.away = true;
    for (let i = 0; i < 10; i++) {
      writer.add([i]);
      await writer.flush();
      clock.now += 500;
    }
    database.away = false;
    clock.now += 5_000;
    await writer.flush();
    expect(database.written).toEqual(numbers(10));
    expect(told).toMatchObject({ failing: 1, recovered: 1 });
    expect(told.dropped.size).toBe(0);
  });

  it('leaves a failing database more and more alone, up to five seconds', async () => {
    const { writer, clock, database } = setup();
    database.away = true;
    writer.add([1]);
    const tries: number[] = [];
    for (; clock.now < 20_000; clock.now += 50) {
      const before = database.calls.length;
      await writer.flush();
      if (database.calls.length > before) tries.push(clock.now);
    }
    expect(tries).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 12_750, 17_750]);
  });

  it('gives up the oldest rows beyond its bound, and counts them', async () => {
    const { writer, clock, database, told } = setup();
    database.away = true;
    writer.add(numbers(20));
    await writer.flush();
    writer.add(numbers(7, 20));
    database.away = false;
    clock.now += 5_000;
    await writer.flush();
    expect(database.written).toEqual(numbers(20, 7));
    expect([...told.dropped]).toEqual([['buffer_full', 7]]);
  });

  it('bounds what waits by weight, too', () => {
    const { writer, told } = setup();
    writer.add([1_000, 1_001, 1_002, 1]);
    expect(writer.length).toBe(3);
    expect([...told.dropped]).toEqual([['buffer_full', 1]]);
  });

  it('writes everything but the rows that the database refuses', async () => {
    const { writer, database, told } = setup();
    writer.add([1, -2, 3, 4, -5, 6, 7]);
    await writer.flush();
    expect(database.written).toEqual([1, 3, 4, 6, 7]);
    expect([...told.dropped]).toEqual([['refused', 2]]);
    expect(told.failing).toBe(0);
  });

  it('at its end tries until the database is back', async () => {
    const { writer, database } = setup();
    database.away = true;
    writer.add(numbers(8));
    await writer.flush();
    setTimeout(() => (database.away = false), 120);
    await writer.close(5_000);
    expect(database.written).toEqual(numbers(8));
  });

  it('ends in time when the database never answers, and counts what it leaves behind', async () => {
    const { writer, told } = setup(() => new Promise(() => undefined));
    writer.add(numbers(8));
    void writer.flush();
    const start = performance.now();
    await writer.close(150);
    expect(performance.now() - start).toBeLessThan(2_000);
    expect([...told.dropped]).toEqual([['closing', 8]]);
  });
});
