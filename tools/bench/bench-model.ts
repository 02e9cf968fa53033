import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTokenizer } from '@app/inference';
import type { CatalogEntry, ModelManifest } from '@app/model-registry';

/** A model of the bench with the corpus in its own token ids. */
export class BenchModel {
  readonly lengths: readonly number[];
  private readonly meanTokens: number;

  private constructor(
    /** How the figures name it. */
    readonly label: string,
    readonly manifest: ModelManifest,
    /** The ONNX file. */
    readonly path: string,
    readonly sentences: readonly string[],
    readonly sequences: readonly (readonly number[])[],
  ) {
    this.lengths = sequences.map((ids) => ids.length);
    this.meanTokens = this.lengths.reduce((sum, length) => sum + length, 0) / this.lengths.length;
  }

  /** Sentences that the model cannot take whole are left out. */
  static async open(
    label: string,
    { folder, manifest }: CatalogEntry,
    sentences: readonly string[],
  ): Promise<BenchModel> {
    const json = async (file: string): Promise<unknown> =>
      JSON.parse(await readFile(join(folder, file), 'utf8')) as unknown;
    const tokenizer = createTokenizer(
      await json(manifest.tokenizer.file),
      await json(manifest.tokenizer.config),
      { entityMarker: manifest.entityMarker },
    );
    const encoded = sentences
      .map((sentence) => ({
        sentence,
        encoding: tokenizer.encode(sentence, { maxTokens: manifest.maxTokens, overflow: 'window' }),
      }))
      .filter(({ encoding }) => !encoding.truncated);
    return new BenchModel(
      label,
      manifest,
      join(folder, manifest.model),
      encoded.map(({ sentence }) => sentence),
      encoded.map(({ encoding }) => [...encoding.ids]),
    );
  }

  get inputs(): ModelManifest['inputs'] {
    return this.manifest.inputs;
  }

  /**
   * Throughput from the real tokens that were answered, at the corpus' mean
   * length: a window that happened to hold long sentences does not look slow.
   */
  sentencesPerSecond(tokens: number, seconds: number): number {
    return tokens / seconds / this.meanTokens;
  }
}
