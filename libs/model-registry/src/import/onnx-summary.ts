import type { Precision } from '../manifest.js';
import { ProtobufFile, type ProtobufField } from './protobuf-file.js';

/** An input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  readonly type: string;
  /** Null where the size is open; null as a whole when the graph does not say. */
  readonly dims: readonly (number | null)[] | null;
}

export interface OnnxSummary {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly precision: Precision;
  /** Files that hold weights beside the graph, relative to its folder. */
  readonly externalFiles: readonly string[];
  /** Whether scales are computed from each batch, which lets its rows change each other's answers. */
  readonly dynamicQuantization: boolean;
}

/** Values of TensorProto.DataType that models of text use. */
const ELEMENT_TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

const DYNAMIC_OPERATORS = new Set(['DynamicQuantizeLinear', 'DynamicQuantizeMatMul']);

interface Initializer {
  readonly name: string;
  readonly rank: number;
  readonly type: string;
  readonly externalFile: string | null;
}

/**
 * What can be said of an ONNX file without running it. Weights are not read.
 * @throws RangeError or a file system's error when the file is not an ONNX model
 */
export function readOnnxSummary(path: string): OnnxSummary {
  const file = new ProtobufFile(path);
  try {
    for (const field of file.fields()) {
      if (field.number === 7) return new OnnxReader(file).graph(field);
    }
    throw new RangeError('it holds no graph');
  } finally {
    file.close();
  }
}

/** Field numbers are those of onnx.proto3. */
class OnnxReader {
  constructor(private readonly file: ProtobufFile) {}

  graph(graph: ProtobufField): OnnxSummary {
    const inputs: OnnxValue[] = [];
    const outputs: OnnxValue[] = [];
    const initializers: Initializer[] = [];
    const widened = new Set<string>();
    let dynamicQuantization = false;
    for (const field of this.parts(graph)) {
      if (field.number === 1) {
        const { operator, inputs: read } = this.node(field);
        dynamicQuantization ||= DYNAMIC_OPERATORS.has(operator);
        if (operator === 'Cast') read.forEach((name) => widened.add(name));
      } else if (field.number === 5) initializers.push(this.initializer(field));
      else if (field.number === 11) inputs.push(this.value(field));
      else if (field.number === 12) outputs.push(this.value(field));
    }
    const constants = new Set(initializers.map(({ name }) => name));
    const external = initializers.map(({ externalFile }) => externalFile);
    return {
      // Old exporters list constants among the inputs.
      inputs: inputs.filter(({ name }) => !constants.has(name)),
      outputs,
      precision: precisionOf(initializers.filter(({ name }) => !widened.has(name))),
      externalFiles: [...new Set(external.filter((name) => name !== null))],
      dynamicQuantization,
    };
  }

  private node(node: ProtobufField): { operator: string; inputs: string[] } {
    const fields = [...this.parts(node)];
    const texts = (wanted: number) =>
      fields.filter(({ number }) => number === wanted).map((field) => this.file.text(field));
    return { operator: texts(4)[0] ?? '', inputs: texts(1) };
  }

  private initializer(tensor: ProtobufField): Initializer {
    let [name, rank, type] = ['', 0, ''];
    let externalFile: string | null = null;
    for (const field of this.parts(tensor)) {
      if (field.number === 1) rank += this.file.integers(field).length;
      else if (field.number === 2) type = elementType(field);
      else if (field.number === 8) name = this.file.text(field);
      else if (field.number === 13) externalFile ??= this.externalLocation(field);
    }
    return { name, rank, type, externalFile };
  }

  /** External data is a list of pairs; one has the key `location`. */
  private externalLocation(entry: ProtobufField): string | null {
    const [key, value] = [1, 2].map((n) => this.parts(entry).find(({ number }) => number === n));
    if (key === undefined || value === undefined) return null;
    return this.file.text(key) === 'location' ? this.file.text(value) : null;
  }

  private value(info: ProtobufField): OnnxValue {
    let name = '';
    let type = 'unknown';
    let dims: (number | null)[] | null = null;
    for (const field of this.parts(info)) {
      if (field.number === 1) name = this.file.text(field);
      if (field.number !== 2) continue;
      const tensor = this.parts(field).find(({ number }) => number === 1);
      for (const part of tensor ? this.parts(tensor) : []) {
        if (part.number === 1) type = elementType(part);
        else if (part.number === 2) dims = this.parts(part).map((dim) => this.dimension(dim));
      }
    }
    return { name, type, dims };
  }

  private dimension(dim: ProtobufField): number | null {
    return this.parts(dim).find(({ number }) => number === 1)?.value ?? null;
  }

  private parts(field: ProtobufField): ProtobufField[] {
    return [...this.file.fields(field.start, field.end)];
  }
}

function elementType({ value }: ProtobufField): string {
  return ELEMENT_TYPES[value ?? 0] ?? `type ${value ?? 0}`;
}

/**
 * What is computed in, by the matrices: scales and biases of a quantized model
 * are still float, and weights that are only stored narrow are cast before use.
 */
function precisionOf(initializers: readonly Initializer[]): Precision {
  const types = new Set(initializers.filter(({ rank }) => rank >= 2).map(({ type }) => type));
  if (types.has('int8') || types.has('uint8')) return 'int8';
  return types.has('float16') || types.has('bfloat16') ? 'fp16' : 'fp32';
}
