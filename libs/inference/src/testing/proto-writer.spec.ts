import { fieldHeader, floatField, intField, packedIntsField, stringField } from './proto-writer.js';

const hex = (bytes: Buffer): string => bytes.toString('hex');

// The expected bytes follow from the examples of protobuf's encoding guide.
describe('protobuf fields', () => {
  it('writes integers as varints, lowest seven bits first', () => {
    expect(hex(intField(1, 150))).toBe('089601');
    expect(hex(intField(1, 0))).toBe('0800');
    expect(hex(intField(3, 2 ** 40))).toBe('18808080808020');
  });

  it('writes negative integers as ten bytes of two’s complement', () => {
    expect(hex(intField(1, -1))).toBe('08ffffffffffffffffff01');
    expect(hex(intField(1, -2))).toBe('08feffffffffffffffff01');
  });

  it('writes strings and packed lists behind their length', () => {
    expect(hex(stringField(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(packedIntsField(6, [3, 270, 86942]))).toBe('3206038e029ea705');
  });

  it('writes field numbers above 15 in two bytes', () => {
    expect(hex(intField(20, 2))).toBe('a00102');
  });

  it('writes floats as four little-endian bytes', () => {
    expect(hex(floatField(2, 1))).toBe('150000803f');
  });

  it('announces content that is written separately', () => {
    expect(hex(fieldHeader(9, 300))).toBe('4aac02');
  });
});
