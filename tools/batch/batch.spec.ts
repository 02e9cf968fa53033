import fc from 'fast-check';
import { UsageError } from '../models/options.js';
import { parseOptions } from './options.js';
import { describeProgress, ProgressBar } from './progress-bar.js';
import { retryWaitMs } from './retry-wait.js';
import { ServerEventReader } from './server-events.js';

describe('server-sent events', () => {
  it('are read whatever pieces they come in', () => {
    const text =
      ': hello\n\nretry: 2000\n\nid: 7\nevent: progress\ndata: {"a":1}\n\n: still here\n\nid: 8\r\ndata:x\r\ndata: y\r\n\r\nid: 9\ndata: unfinished\n';
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (length) => {
        const reader = new ServerEventReader();
        const events = [];
        // A line break of two characters that is torn apart counts as one.
        const whole = text.replaceAll('\r\n', '\n');
        for (let at = 0; at < whole.length; at += length) {
          events.push(...reader.push(whole.slice(at, at + length)));
        }
        expect(events).toEqual([
          { id: '7', event: 'progress', data: '{"a":1}' },
          { id: '8', event: '', data: 'x\ny' },
        ]);
      }),
    );
    expect([...new ServerEventReader().push(text)]).toHaveLength(2);
  });
});

describe('the wait before another try', () => {
  it('is what the service asks for', () => {
    expect(retryWaitMs(1, '7')).toBe(7_000);
    const now = Date.parse('2026-01-31T10:00:00Z');
    expect(retryWaitMs(9, 'Sat, 31 Jan 2026 10:00:05 GMT', now)).toBe(5_000);
    expect(retryWaitMs(1, 'Sat, 31 Jan 2026 09:00:00 GMT', now)).toBe(0);
    expect(retryWaitMs(1, '999999')).toBe(600_000);
  });

  it('else grows to half a minute', () => {
    expect([1, 2, 3, 20].map((n) => retryWaitMs(n, null, 0, 1))).toEqual([
      500, 1_000, 2_000, 30_000,
    ]);
    expect(retryWaitMs(1, 'soon', 0, 0)).toBe(250);
  });
});

describe('the options', () => {
  it('tell the format by the output’s name unless it is given', () => {
    expect(parseOptions(['in.csv', 'out.CSV'])).toMatchObject({ format: 'csv' });
    expect(parseOptions(['in.csv', 'out.csv', '--format', 'jsonl'])).toMatchObject({
      format: 'jsonl',
    });
    expect(parseOptions(['a', 'b', '--url', 'https://x.org/api/'])).toMatchObject({
      url: 'https://x.org/api',
      patienceMs: 1_800_000,
    });
    expect(parseOptions(['--help'])).toBeNull();
  });

  it.each([
    [[]],
    [['a']],
    [['a', 'b', 'c']],
    [['a', 'a']],
    [['a', 'b', '--url', 'ftp://x']],
    [['a', 'b', '--format', 'xml']],
    [['a', 'b', '--patience', 'long']],
    [['a', 'b', '--key', 'k', '--key-file', 'f']],
    [['a', 'b', '--speed', '9']],
  ])('refuse %j', (args) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
  });
});

describe('the progress bar', () => {
  const progress = { current: 52_300, total: 100_000, failed: 3, percent: 52.3 };

  it('tells rate, time left and failures', () => {
    const moving = { ...progress, items_per_second: 1_234.4, eta_seconds: 3_725 };
    expect(describeProgress(moving, null)).toBe(
      '[###############---------------] 52.3 %  52,300/100,000  1,234/s  1:02:05 left  3 failed',
    );
    expect(describeProgress({ ...moving, eta_seconds: 38 }, null)).toContain('0:38 left');
    const still = { ...progress, failed: 0, items_per_second: null, eta_seconds: null };
    expect(describeProgress(still, 4)).toMatch(/52,300\/100,000 {2}waiting as number 4$/);
  });

  it('writes few lines where nothing can be drawn over, and trouble once', () => {
    const written: string[] = [];
    const bar = new ProgressBar({ write: (text) => written.push(text) });
    const still = { ...progress, items_per_second: null, eta_seconds: null };
    for (let i = 0; i < 50; i++) bar.job(still, null);
    bar.setTrouble('the service answered 503');
    bar.setTrouble('the service answered 503');
    bar.setTrouble(null);
    expect(written).toHaveLength(3);
    expect(written.join('')).not.toContain('\u001b');
  });
});
