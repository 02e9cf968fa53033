import fc from 'fast-check';
import {
  allocateResult,
  BrokenFrameError,
  decodeControl,
  decodeResult,
  decodeRun,
  encodeControl,
  encodeRun,
  FRAME_KIND,
  FrameReader,
} from './frames.js';

describe('frames', () => {
  it('arrive whole and in order however the stream is cut', () => {
    const someBytes = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        fc.array(someBytes, { minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (cuts, n) => {
          const sent = Array.from({ length: n }, (_, i) =>
            Int32Array.from({ length: i }, (_v, k) => i + k),
          );
          const stream = Buffer.concat(
            sent.map((ids, i) => encodeRun(i, 7, [ids, Int32Array.of(i)])),
          );
          const received: number[][] = [];
          const reader = new FrameReader((kind, body) => {
            expect(kind).toBe(FRAME_KIND.run);
            const { batch, ids } = decodeRun(body);
            received[batch] = [...ids];
          });
          for (let at = 0, cut = 0; at < stream.length; cut++) {
            const end = at + cuts[cut % cuts.length]!;
            reader.push(stream.subarray(at, end));
            at = end;
          }
          expect(received).toEqual(sent.map((ids, i) => [...ids, i]));
        },
      ),
    );
  });

  it('carry a batch with its lengths', () => {
    const frame = encodeRun(5, 2, [Int32Array.of(1, 2, 3), Int32Array.of(9)]);
    const { batch, model, lengths, ids } = decodeRun(bodyOf(frame));
    expect({ batch, model }).toEqual({ batch: 5, model: 2 });
    expect([...lengths]).toEqual([3, 1]);
    expect([...ids]).toEqual([1, 2, 3, 9]);
  });

  it('carry a result bit for bit, also from a place in memory that is not aligned', () => {
    const { frame, values } = allocateResult(2 ** 32 - 1, 1234, 2, 4);
    values.set([0.1, -0, NaN, 3e38]);
    const shifted = Buffer.concat([Buffer.alloc(1), bodyOf(frame)]).subarray(1);
    for (const body of [bodyOf(frame), shifted]) {
      const result = decodeResult(body);
      expect(result).toMatchObject({ batch: 2 ** 32 - 1, runMicros: 1234, width: 2 });
      expect(result.values).toEqual(Float32Array.of(0.1, -0, NaN, 3e38));
    }
  });

  it('carry control messages in any script', () => {
    const message = { type: 'refused', message: 'Größe – 値' };
    expect(decodeControl(bodyOf(encodeControl(message)))).toEqual(message);
  });

  it.each([
    ['an impossible length', Buffer.from('ffffffff01000000', 'hex')],
    ['a length that is not whole words', Buffer.from('0300000001000000', 'hex')],
  ])('refuse %s instead of waiting for it', (_, bytes) => {
    const reader = new FrameReader(() => undefined);
    expect(() => reader.push(bytes)).toThrow(BrokenFrameError);
  });

  it('refuse a batch whose lengths are not those of its ids', () => {
    const frame = encodeRun(0, 0, [Int32Array.of(1, 2, 3)]);
    frame.writeInt32LE(2, 8 + 12);
    expect(() => decodeRun(bodyOf(frame))).toThrow(BrokenFrameError);
  });
});

function bodyOf(frame: Buffer): Buffer {
  let body: Buffer = Buffer.alloc(0);
  new FrameReader((_, received) => (body = received)).push(frame);
  return body;
}
