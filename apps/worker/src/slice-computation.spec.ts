import { getMaxListeners } from 'node:events';
import { DomainError, newId, type RequestContext } from '@app/common';
import type { EachAnswer, InferenceRequest } from '@app/inference';
import type { ClaimedSlice, SliceItem } from '@app/jobs';
import { computeSlice } from './slice-computation.js';

type Predict = (request: InferenceRequest, context: RequestContext) => Promise<EachAnswer>;

/** Items that come at a time: no divisor of a group's size. */
const ARRIVING = 50;
/** A stretch put in order while the groups of the last one are under way. */
const READ_AHEAD = 2_048 + 8 * 64 + ARRIVING;

/** A slice whose items are texts or errors, read as they are asked for. */
function sliceOf(items: readonly (string | DomainError)[], firstItem = 0) {
  const read = { items: 0, computed: 0 };
  async function* stream(): AsyncGenerator<readonly SliceItem[]> {
    for (let at = 0; at < items.length; at += ARRIVING) {
      const arrived = items.slice(at, at + ARRIVING);
      read.items += arrived.length;
      yield arrived.map((item) => (item instanceof DomainError ? item : { text: item }));
    }
  }
  const slice = {
    job: {
      model: 'assertion',
      modelVersion: '1.0.0',
      options: { truncate: true, returnProbabilities: true },
      deadlineAt: new Date(Date.now() + 60_000),
    },
    slice: { firstItem, items: items.length },
    items: stream,
    advance: (count: number) => (read.computed += count),
  };
  return { slice: slice as unknown as ClaimedSlice, read };
}

const answer = ({ inputs }: InferenceRequest) =>
  ({
    items: inputs.map(({ text }) => ({
      predictionId: newId(),
      prediction: { label: text, score: 1, probabilities: { a: 1 }, warnings: [] },
    })),
  }) as unknown as EachAnswer;

const never = new AbortController().signal;
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);

describe('computeSlice', () => {
  it('keeps the order however groups finish, and each failure in its place', async () => {
    const items: (string | DomainError)[] = numbered(300);
    items[70] = new DomainError('VALIDATION_ERROR', 'Row 70 is no input.');
    const { slice, read } = sliceOf(items, 1_000);
    const predict: Predict = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      return answer(request);
    };
    const { lines, failed } = await computeSlice(slice, { predictEach: predict }, never);
    const parsed = lines.map((line) => JSON.parse(line) as { index: number });
    expect(parsed.map(({ index }) => index)).toEqual(items.map((_, i) => 1_000 + i));
    expect(parsed[299]).toMatchObject({
      prediction: { label: 'text 299', probabilities: { a: 1 } },
    });
    expect(parsed[70]).toEqual({
      index: 1_070,
      error: { code: 'VALIDATION_ERROR', message: 'Row 70 is no input.' },
    });
    expect(failed).toBe(1);
    expect(read.computed).toBe(300);
  });

  it('keeps several groups under way, and reads no further ahead than they need', async () => {
    const { slice, read } = sliceOf(numbered(5_000));
    let underWay = 0;
    let most = 0;
    let furthest = 0;
    const predict: Predict = async (request, context) => {
      expect(context).toMatchObject({ priority: 'bulk' });
      expect(request.options).toMatchObject({ truncate: true });
      most = Math.max(most, ++underWay);
      furthest = Math.max(furthest, read.items - read.computed);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay--;
      return answer(request);
    };
    await computeSlice(slice, { predictEach: predict }, never);
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(8);
    expect(furthest).toBeLessThanOrEqual(READ_AHEAD);
  });

  it('tries again what may pass, and hands on what does not', async () => {
    const { slice } = sliceOf(numbered(10));
    let tries = 0;
    const busyOnce: Predict = (request) => {
      if (tries++ === 0) throw new DomainError('OVERLOADED', 'busy');
      return Promise.resolve(answer(request));
    };
    const { lines } = await computeSlice(slice, { predictEach: busyOnce }, never);
    expect(lines).toHaveLength(10);
    const gone: Predict = () => Promise.reject(new DomainError('MODEL_NOT_FOUND', 'gone'));
    await expect(
      computeSlice(sliceOf(numbered(500)).slice, { predictEach: gone }, never),
    ).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('never takes a group that failed for one that is done, whenever it fails', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const late: Predict = async () => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        throw new TypeError('unforeseen');
      };
      const computed = computeSlice(sliceOf(numbered(2)).slice, { predictEach: late }, never);
      await expect(computed).rejects.toThrow('unforeseen');
    }
  });

  it('lets every group listen to the signal twice before Node takes it for a leak', async () => {
    let most = 0;
    const predict: Predict = (request, { signal }) => {
      most = getMaxListeners(signal as AbortSignal);
      return Promise.resolve(answer(request));
    };
    await computeSlice(sliceOf(numbered(10)).slice, { predictEach: predict }, never);
    expect(most).toBeGreaterThanOrEqual(2 * 8);
  });

  it('ends with the signal, and lets go of what is under way', async () => {
    const { slice, read } = sliceOf(numbered(5_000));
    const abort = new AbortController();
    let ended = 0;
    const predict: Predict = (_request, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          ended++;
          reject(new DomainError('CLIENT_CLOSED_REQUEST', 'gone'));
        });
      });
    const computing = computeSlice(slice, { predictEach: predict }, abort.signal);
    setTimeout(() => abort.abort(), 20);
    await expect(computing).rejects.toThrow();
    expect(ended).toBe(8);
    expect(read.items).toBeLessThanOrEqual(READ_AHEAD);
  });

  it('says that a file holds other rows than it had', async () => {
    const { slice } = sliceOf(numbered(10));
    const shorter = { ...slice, slice: { ...slice.slice, items: 11 } };
    await expect(
      computeSlice(shorter, { predictEach: (request) => Promise.resolve(answer(request)) }, never),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
