import { open } from 'node:fs/promises';
import {
  fieldHeader,
  floatField,
  intField,
  messageField,
  packedIntsField,
  stringField,
} from './proto-writer.js';

/** Values of TensorProto.DataType. */
const DATA_TYPES = { float32: 1, int64: 7 } as const;
const BYTES = { float32: 4, int64: 8 } as const;
export type ElementType = keyof typeof DATA_TYPES;

/** Values of AttributeProto.AttributeType. */
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

const IR_VERSION = 8;

/** A named dimension (`batch`) or a fixed size. */
export type Dimension = string | number;
/** An integer, a list of integers, or a number marked as a float. */
export type Attribute = number | readonly number[] | { readonly float: number };

interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Makes the content, little endian, when it is written: no more than one is in memory at a time. */
  readonly content: () => Uint8Array;
}

/** Builds an ONNX graph node by node and streams it to a file. Names of values are made up here. */
export class OnnxGraph {
  private readonly nodes: Buffer[] = [];
  private readonly inputs: Buffer[] = [];
  private readonly outputs: Buffer[] = [];
  private readonly initializers = new Map<string, Initializer>();

  constructor(
    private readonly name: string,
    private readonly opset: number,
  ) {}

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares a value made by a node as the graph's output. */
  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a node with one output and returns the output's name, `as` if given. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    as?: string,
  ): string {
    const output = as ?? `${op.toLowerCase()}_${this.nodes.length}`;
    this.nodes.push(
      Buffer.concat([
        ...inputs.map((value) => stringField(1, value)),
        stringField(2, output),
        stringField(3, output),
        stringField(4, op),
        ...Object.entries(attributes).map(([key, value]) => messageField(5, attribute(key, value))),
      ]),
    );
    return output;
  }

  /** A float32 constant, filled when the file is written. */
  weights(name: string, dims: readonly number[], fill: (values: Float32Array) => void): string {
    return this.initializer(name, 'float32', dims, () => {
      const values = new Float32Array(elements(dims));
      fill(values);
      return littleEndian(values);
    });
  }

  scalar(name: string, value: number): string {
    return this.weights(name, [], (values) => values.fill(value));
  }

  /** A small int64 vector; equal ones are stored once. */
  ints(...values: readonly number[]): string {
    const content = BigInt64Array.from(values, (value) => BigInt(value));
    return this.initializer(`ints_${values.join('_')}`, 'int64', [values.length], () =>
      littleEndian(content),
    );
  }

  private initializer(
    name: string,
    type: ElementType,
    dims: readonly number[],
    content: () => Uint8Array,
  ): string {
    if (!this.initializers.has(name)) this.initializers.set(name, { name, type, dims, content });
    return name;
  }

  /** Writes the model; holds one constant in memory at a time. Protobuf caps a model at 2 GiB. */
  async write(path: string): Promise<void> {
    const structure = Buffer.concat([
      ...this.nodes.map((node) => messageField(1, node)),
      stringField(2, this.name),
      ...this.inputs.map((value) => messageField(11, value)),
      ...this.outputs.map((value) => messageField(12, value)),
    ]);
    const headers = [...this.initializers.values()].map((constant) => ({
      constant,
      header: initializerHeader(constant),
    }));
    const length = headers.reduce(
      (sum, { constant, header }) => sum + header.length + contentBytes(constant),
      structure.length,
    );
    if (length >= 2 ** 31) {
      throw new RangeError(`the graph takes ${length} bytes, a model file at most 2 GiB`);
    }

    const file = await open(path, 'w');
    try {
      await file.appendFile(
        Buffer.concat([
          intField(1, IR_VERSION),
          stringField(2, 'clinserve'),
          messageField(8, stringField(1, ''), intField(2, this.opset)),
          fieldHeader(7, length),
          structure,
        ]),
      );
      for (const { constant, header } of headers) {
        await file.appendFile(header);
        await file.appendFile(constant.content());
      }
    } finally {
      await file.close();
    }
  }
}

function elements(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

function contentBytes(constant: Initializer): number {
  return elements(constant.dims) * BYTES[constant.type];
}

/** All of an initializer up to its content, which must follow. */
function initializerHeader(constant: Initializer): Buffer {
  const fields = Buffer.concat([
    packedIntsField(1, constant.dims),
    intField(2, DATA_TYPES[constant.type]),
    stringField(8, constant.name),
    fieldHeader(9, contentBytes(constant)),
  ]);
  return Buffer.concat([fieldHeader(5, fields.length + contentBytes(constant)), fields]);
}

function attribute(name: string, value: Attribute): Buffer {
  if (typeof value === 'number') {
    return Buffer.concat([stringField(1, name), intField(3, value), intField(20, ATTRIBUTE_INT)]);
  }
  if ('float' in value) {
    return Buffer.concat([
      stringField(1, name),
      floatField(2, value.float),
      intField(20, ATTRIBUTE_FLOAT),
    ]);
  }
  return Buffer.concat([
    stringField(1, name),
    ...value.map((item) => intField(8, item)),
    intField(20, ATTRIBUTE_INTS),
  ]);
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): Buffer {
  const dimensions = shape.map((size) =>
    messageField(1, typeof size === 'string' ? stringField(2, size) : intField(1, size)),
  );
  const tensor = Buffer.concat([
    intField(1, DATA_TYPES[type]),
    messageField(2, Buffer.concat(dimensions)),
  ]);
  return Buffer.concat([stringField(1, name), messageField(2, messageField(1, tensor))]);
}

function littleEndian(values: Float32Array | BigInt64Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (BIG_ENDIAN) {
    if (values.BYTES_PER_ELEMENT === 4) bytes.swap32();
    else bytes.swap64();
  }
  return bytes;
}

const BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
