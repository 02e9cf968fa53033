import { OnnxGraph } from './onnx-graph.js';
import { SeededRandom } from './seeded-random.js';

export interface BertShape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly ffn: number;
  readonly maxPositions: number;
  /** Rows of the word embeddings. A lookup costs the same in a small table as in a large one. */
  readonly vocabSize: number;
}

/**
 * `sequence` answers `logits` [batch, classes] from a pooler over the first
 * token, `token` answers `logits` [batch, sequence, classes], `hidden` answers
 * `last_hidden_state` [batch, sequence, hidden].
 */
export type BertHead = 'sequence' | 'token' | 'hidden';

/** Names of the graph's inputs, all int64 [batch, sequence]; null leaves one out. */
export interface BertInputs {
  readonly ids: string;
  readonly mask: string | null;
  readonly types: string | null;
}

export interface BertGraphOptions extends BertShape {
  readonly head: BertHead;
  /** Width of the logits; unused by `hidden`. */
  readonly classes: number;
  readonly inputs: BertInputs;
  readonly seed: number;
}

export const BERT_INPUTS: BertInputs = {
  ids: 'input_ids',
  mask: 'attention_mask',
  types: 'token_type_ids',
};

/** Newest opset in which ReduceMax takes its axes as an attribute; LayerNormalization is one operator from here on. */
const OPSET = 17;
const FLOAT = 1;
const INT64 = 7;

/**
 * A BERT encoder with seeded random weights. ONNX Runtime fuses it as it fuses a
 * PyTorch export (SkipLayerNormalization, BiasGelu, FusedMatMul; it knows no
 * whole-attention fusion for today's opsets on the CPU) and it runs as fast; the
 * logits of a row have the same bits alone and in any padded batch.
 */
export function bertGraph(options: BertGraphOptions): OnnxGraph {
  const { hidden, heads, classes } = options;
  if (hidden % heads !== 0) {
    throw new RangeError(`hidden (${hidden}) must be a multiple of heads (${heads})`);
  }
  const g = new OnnxGraph('bert', OPSET);
  const b = new BertBuilder(g, options);

  const shape = ['batch', 'sequence'];
  const ids = g.input(options.inputs.ids, 'int64', shape);
  const mask = options.inputs.mask && g.input(options.inputs.mask, 'int64', shape);
  const types = options.inputs.types && g.input(options.inputs.types, 'int64', shape);

  let x = b.embeddings(ids, types);
  const masking = mask ? b.masking(mask) : null;
  for (let i = 0; i < options.layers; i++) {
    const attended = b.attention(x, `layer.${i}.attention`, masking);
    x = b.norm(g.node('Add', [attended, x]), `layer.${i}.attention.norm`);
    const fed = b.feedForward(x, `layer.${i}`);
    const last = i === options.layers - 1 && options.head === 'hidden';
    x = b.norm(g.node('Add', [fed, x]), `layer.${i}.norm`, last ? 'last_hidden_state' : undefined);
  }

  switch (options.head) {
    case 'hidden':
      g.output('last_hidden_state', 'float32', [...shape, hidden]);
      break;
    case 'token':
      b.linear(x, 'classifier', hidden, classes, 'logits');
      g.output('logits', 'float32', [...shape, classes]);
      break;
    case 'sequence':
      b.sequenceHead(x);
      g.output('logits', 'float32', ['batch', classes]);
      break;
  }
  return g;
}

interface Masking {
  /** [batch, 1, 1, sequence]: 0 at tokens, far below every score at padding. */
  readonly bias: string;
  /** [batch, 1, sequence, 1]: 1 at tokens, 0 at padding. */
  readonly keep: string;
}

class BertBuilder {
  private readonly width: number;

  constructor(
    private readonly g: OnnxGraph,
    private readonly o: BertGraphOptions,
  ) {
    this.width = o.hidden / o.heads;
  }

  embeddings(ids: string, types: string | null): string {
    const { g, o } = this;
    // Positions are counted off the ids so that shape inference keeps the names
    // of the axes: without them the runtime does not fuse Add + LayerNormalization.
    const ones = g.node('Cast', [g.node('Equal', [ids, ids])], { to: INT64 });
    const positions = g.node('Sub', [g.node('CumSum', [ones, g.ints(1)]), g.ints(1)]);
    const rows = (name: string, count: number, deviation: number): string =>
      this.random(`embeddings.${name}`, [count, o.hidden], deviation);

    let x = g.node('Gather', [rows('word', o.vocabSize, 0.5), ids]);
    if (types !== null) x = g.node('Add', [x, g.node('Gather', [rows('type', 2, 0.1), types])]);
    x = g.node('Add', [x, g.node('Gather', [rows('position', o.maxPositions, 0.1), positions])]);
    return this.norm(x, 'embeddings.norm');
  }

  masking(mask: string): Masking {
    const { g } = this;
    const floats = g.node('Cast', [mask], { to: FLOAT });
    const padding = g.node('Sub', [
      g.scalar('one', 1),
      g.node('Unsqueeze', [floats, g.ints(1, 2)]),
    ]);
    return {
      bias: g.node('Mul', [padding, g.scalar('far_below', -10000)]),
      keep: g.node('Unsqueeze', [floats, g.ints(1, 3)]),
    };
  }

  attention(x: string, name: string, masking: Masking | null): string {
    const { g, o } = this;
    const query = this.linear(x, `${name}.query`, o.hidden, o.hidden);
    const key = this.linear(x, `${name}.key`, o.hidden, o.hidden);
    const products = g.node('MatMul', [
      this.splitHeads(query, this.width, [0, 2, 1, 3]),
      this.splitHeads(key, this.width, [0, 2, 3, 1]),
    ]);
    let scores = g.node('Div', [products, g.scalar('root_width', Math.sqrt(this.width))]);
    if (masking) scores = g.node('Add', [scores, masking.bias]);

    const mixed = this.mix(x, name, scores, masking);
    const joined = g.node('Reshape', [
      g.node('Transpose', [mixed], { perm: [0, 2, 1, 3] }),
      g.ints(0, 0, o.hidden),
    ]);
    return this.linear(joined, `${name}.output`, o.hidden, o.hidden);
  }

  /**
   * Softmax over the keys times the values, such that the bits do not depend on
   * the padded length: each head has one column more, 1 at every token, so that
   * the product that mixes the values also sums the weights, over the keys in
   * order, and padded keys add exact zeros at the end. The Softmax operator may
   * add in another order for another length, according to the processor.
   */
  private mix(x: string, name: string, scores: string, masking: Masking | null): string {
    const { g, o, width } = this;
    const wide = o.heads * (width + 1);
    const weight = g.weights(`${name}.value.weight`, [o.hidden, wide], (values) => {
      new SeededRandom(o.seed, `${name}.value.weight`).fill(values, 1 / Math.sqrt(o.hidden));
      for (let i = width; i < values.length; i += width + 1) values[i] = 0;
    });
    const bias = g.weights(`${name}.value.bias`, [wide], (values) => {
      for (let i = width; i < wide; i += width + 1) values[i] = 1;
    });
    const projected = g.node('Add', [g.node('MatMul', [x, weight]), bias]);
    let value = this.splitHeads(projected, width + 1, [0, 2, 1, 3]);
    if (masking) value = g.node('Mul', [value, masking.keep]);

    const top = g.node('ReduceMax', [scores], { axes: [-1], keepdims: 1 });
    const mixed = g.node('MatMul', [g.node('Exp', [g.node('Sub', [scores, top])]), value]);
    const columns = (from: number, to: number): string =>
      g.node('Slice', [mixed, g.ints(from), g.ints(to), g.ints(3)]);
    return g.node('Div', [columns(0, width), columns(width, width + 1)]);
  }

  feedForward(x: string, name: string): string {
    const { g, o } = this;
    const up = this.linear(x, `${name}.intermediate`, o.hidden, o.ffn);
    // Gelu in the Erf form, which the runtime fuses with the bias before it.
    const erf = g.node('Erf', [g.node('Div', [up, g.scalar('root_two', Math.SQRT2)])]);
    const gate = g.node('Add', [erf, g.scalar('one', 1)]);
    const gelu = g.node('Mul', [g.node('Mul', [up, gate]), g.scalar('half', 0.5)]);
    return this.linear(gelu, `${name}.output`, o.ffn, o.hidden);
  }

  sequenceHead(x: string): void {
    const { g, o } = this;
    // Two positions go through the head although one is read: a product with a
    // single row may take another kernel, with other rounding, than a batch of rows.
    const two = g.node('Slice', [x, g.ints(0), g.ints(2), g.ints(1)]);
    const pooled = g.node('Tanh', [this.linear(two, 'pooler', o.hidden, o.hidden)]);
    const logits = this.linear(pooled, 'classifier', o.hidden, o.classes);
    const first = g.node('Slice', [logits, g.ints(0), g.ints(1), g.ints(1)]);
    g.node('Squeeze', [first, g.ints(1)], {}, 'logits');
  }

  linear(x: string, name: string, from: number, to: number, as?: string): string {
    // This deviation keeps activations near unit variance at any depth and width.
    const weight = this.random(`${name}.weight`, [from, to], 1 / Math.sqrt(from));
    const product = this.g.node('MatMul', [x, weight]);
    return this.g.node('Add', [product, this.random(`${name}.bias`, [to], 0.02)], {}, as);
  }

  norm(x: string, name: string, as?: string): string {
    const { g, o } = this;
    const scale = g.weights(`${name}.weight`, [o.hidden], (values) => values.fill(1));
    const bias = this.random(`${name}.bias`, [o.hidden], 0.02);
    return g.node(
      'LayerNormalization',
      [x, scale, bias],
      { axis: -1, epsilon: { float: 1e-12 } },
      as,
    );
  }

  /** [batch, sequence, heads × width] to four axes, of which [0, 1, 2, 3] are batch, sequence, head, column. */
  private splitHeads(x: string, width: number, order: readonly number[]): string {
    const split = this.g.node('Reshape', [x, this.g.ints(0, 0, this.o.heads, width)]);
    return this.g.node('Transpose', [split], { perm: order });
  }

  private random(name: string, dims: readonly number[], deviation: number): string {
    return this.g.weights(name, dims, (values) =>
      new SeededRandom(this.o.seed, name).fill(values, deviation),
    );
  }
}
