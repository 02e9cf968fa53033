/**
 * The few parts of the protobuf wire format that ONNX files need. A message is
 * the concatenation of its fields, so a field is simply its bytes.
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** A non-negative integer below 2^53, seven bits a byte, lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** Negative numbers are written as 64-bit two's complement, always ten bytes. */
function signedVarint(value: number): number[] {
  if (value >= 0) return varint(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    bytes.push(Number(rest % 0x80n) + 0x80);
    rest /= 0x80n;
  }
  bytes.push(Number(rest));
  return bytes;
}

function tag(field: number, wireType: number): number[] {
  return varint(field * 8 + wireType);
}

export function intField(field: number, value: number): Buffer {
  return Buffer.from([...tag(field, VARINT), ...signedVarint(value)]);
}

export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([Buffer.from(tag(field, FIXED32)), bytes]);
}

export function stringField(field: number, value: string): Buffer {
  return messageField(field, Buffer.from(value, 'utf8'));
}

/** Repeated integers, packed. */
export function packedIntsField(field: number, values: readonly number[]): Buffer {
  return messageField(field, Buffer.from(values.flatMap(signedVarint)));
}

export function messageField(field: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([fieldHeader(field, length), ...parts]);
}

/** What stands before `length` bytes of a string, bytes or message field written separately. */
export function fieldHeader(field: number, length: number): Buffer {
  return Buffer.from([...tag(field, LENGTH_DELIMITED), ...varint(length)]);
}
