/** A graph without weights: enough for all that is read from a file before it is run. */
export interface OnnxOutline {
  readonly inputs: readonly ValueOutline[];
  readonly outputs: readonly ValueOutline[];
  readonly initializers?: readonly InitializerOutline[];
  readonly operators?: readonly string[];
}

export interface ValueOutline {
  readonly name: string;
  readonly type: number;
  /** A name stands for an open size. */
  readonly dims: readonly (number | string)[];
}

export interface InitializerOutline {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  readonly location?: string;
}

/** Values of TensorProto.DataType. */
export const FLOAT32 = 1;
export const INT8 = 3;
export const INT32 = 6;
export const INT64 = 7;
export const FLOAT16 = 10;

/** The bytes of an ONNX file. */
export function onnxBytes(outline: OnnxOutline): Buffer {
  const graph = Buffer.concat([
    ...(outline.operators ?? []).map((operator) => bytes(1, text(1, 'x'), text(4, operator))),
    ...(outline.initializers ?? []).map(initializer),
    ...outline.inputs.map((value) => bytes(11, valueInfo(value))),
    ...outline.outputs.map((value) => bytes(12, valueInfo(value))),
  ]);
  return Buffer.concat([integer(1, 8), text(2, 'test'), bytes(7, graph)]);
}

function initializer({ name, type, dims, location }: InitializerOutline): Buffer {
  const external =
    location === undefined ? [] : [bytes(13, text(1, 'location'), text(2, location))];
  // Packed in one file and not in the other, as exporters differ.
  const shape =
    external.length > 0 ? [bytes(1, varints(dims))] : dims.map((dim) => integer(1, dim));
  return bytes(
    5,
    ...shape,
    integer(2, type),
    text(8, name),
    bytes(9, Buffer.alloc(40)),
    ...external,
  );
}

function valueInfo({ name, type, dims }: ValueOutline): Buffer {
  const shape = dims.map((dim) =>
    bytes(1, typeof dim === 'number' ? integer(1, dim) : text(2, dim)),
  );
  return Buffer.concat([text(1, name), bytes(2, bytes(1, integer(1, type), bytes(2, ...shape)))]);
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varints([field * 8, value])]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

function bytes(field: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varints([field * 8 + 2, content.length]), content]);
}

function varints(values: readonly number[]): Buffer {
  const out: number[] = [];
  for (let value of values) {
    for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) + 128);
    out.push(value);
  }
  return Buffer.from(out);
}
