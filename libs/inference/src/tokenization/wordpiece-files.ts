import * as tokenizers from '@huggingface/tokenizers';

export type Normalizer = (text: string) => string;

/** What is used of the library, whose own type declarations do not resolve under `nodenext`. */
interface LibraryTokenizer {
  readonly normalizer: Normalizer | null;
  token_to_id(token: string): number | undefined;
  get_vocab(withAddedTokens?: boolean): Map<string, number>;
}
const { Tokenizer: LibraryTokenizer } = tokenizers as unknown as {
  readonly Tokenizer: new (file: object, config: object) => LibraryTokenizer;
};

/** What BERT's normalizer does to a text before it is split. */
export interface BertNormalization {
  readonly cleanText: boolean;
  readonly handleChineseChars: boolean;
  readonly lowercase: boolean;
  /** The file's null means: as `lowercase` says. */
  readonly stripAccents: boolean;
}

/** The facts of a WordPiece tokenizer, read from its Hugging Face files. */
export interface WordPieceFiles {
  readonly normalization: BertNormalization;
  readonly normalizer: Normalizer;
  /** Ordinary pieces: no special token is in it, so no text can spell one. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** One more than the highest id. */
  readonly vocabSize: number;
  readonly continuingPrefix: string;
  readonly maxWordCharacters: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly unknownId: number;
  /** Id of the entity marker, when one was asked for. */
  readonly markerId: number | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads `tokenizer.json` and `tokenizer_config.json`. Their truncation and padding
 * sections have no say: the caller of `encode` sets the limit, the runtime pads.
 * @throws Error when the tokenizer is not BERT's WordPiece: anything else would be
 * tokenised wrongly, and a model would answer nonsense without a sign of it.
 */
export function readWordPieceFiles(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  entityMarker?: string,
): WordPieceFiles {
  const file = object(tokenizerJson, 'the file');
  const config = object(tokenizerConfig, 'tokenizer_config.json');
  const model = section(file, 'model', 'WordPiece');
  const normalization = readNormalization(file, config);
  section(file, 'pre_tokenizer', 'BertPreTokenizer');
  const [cls, sep] = readTemplate(file);
  const added = readAddedTokens(file, entityMarker);
  for (const flag of ['remove_space', 'do_lowercase_and_remove_accent']) {
    if (config[flag] === true) throw refused(`tokenizer_config.json sets ${flag}`);
  }

  const library = new LibraryTokenizer(file, config);
  const normalizer = library.normalizer;
  if (normalizer === null) throw refused('it has no normalizer');
  const idOf = (token: string, role: string): number => {
    const id = library.token_to_id(token);
    if (id === undefined) throw refused(`the ${role} ${token} is not in its vocabulary`);
    return id;
  };
  if (entityMarker !== undefined && !added.has(entityMarker)) {
    throw refused(`the entity marker ${entityMarker} is not one of its special tokens`);
  }

  let vocabSize = 0;
  for (const id of library.get_vocab().values()) vocabSize = Math.max(vocabSize, id + 1);
  const vocabulary = library.get_vocab(false);
  for (const token of vocabulary.keys()) {
    // The library fills gaps between ids with undefined.
    if (typeof token !== 'string') vocabulary.delete(token);
  }
  return {
    normalization,
    normalizer,
    vocabulary,
    vocabSize,
    continuingPrefix: optionalString(model, 'continuing_subword_prefix', '##'),
    maxWordCharacters: wordLimit(model),
    clsId: idOf(cls, 'start token'),
    sepId: idOf(sep, 'end token'),
    unknownId: idOf(optionalString(model, 'unk_token', '[UNK]'), 'unknown token'),
    markerId: entityMarker === undefined ? undefined : idOf(entityMarker, 'entity marker'),
  };
}

function readNormalization(file: Json, config: Json): BertNormalization {
  const normalizer = section(file, 'normalizer', 'BertNormalizer');
  const flag = (name: string): boolean => {
    const value = normalizer[name];
    if (typeof value !== 'boolean') throw refused(`normalizer.${name} must be true or false`);
    return value;
  };
  const lowercase = flag('lowercase');
  const strip = normalizer['strip_accents'] ?? null;
  if (strip !== null && typeof strip !== 'boolean') {
    throw refused('normalizer.strip_accents must be true, false or null');
  }
  const configured = config['do_lower_case'];
  if (typeof configured === 'boolean' && configured !== lowercase) {
    throw refused(
      `normalizer.lowercase is ${lowercase} but tokenizer_config.json says do_lower_case ${configured}; ` +
        'make both say what the model was trained with',
    );
  }
  return {
    cleanText: flag('clean_text'),
    handleChineseChars: flag('handle_chinese_chars'),
    lowercase,
    stripAccents: strip ?? lowercase,
  };
}

/** The tokens at the start and the end of a single text. */
function readTemplate(file: Json): [cls: string, sep: string] {
  const processor = object(file['post_processor'], 'post_processor');
  if (processor['type'] === 'BertProcessing') {
    const [cls, sep] = [processor['cls'], processor['sep']].map((pair) =>
      Array.isArray(pair) ? (pair as unknown[])[0] : undefined,
    );
    if (typeof cls === 'string' && typeof sep === 'string') return [cls, sep];
  }
  const single = processor['type'] === 'TemplateProcessing' ? processor['single'] : undefined;
  if (Array.isArray(single) && single.length === 3) {
    const [first, middle, last] = single.map((part) => object(part, 'post_processor.single'));
    const cls = nested(first, 'SpecialToken');
    const sep = nested(last, 'SpecialToken');
    if (cls !== undefined && sep !== undefined && nested(middle, 'Sequence') === 'A') {
      return [cls, sep];
    }
  }
  throw refused('post_processor must put one token before and one after the text ([CLS] A [SEP])');
}

function readAddedTokens(file: Json, entityMarker: string | undefined): ReadonlySet<string> {
  const added = file['added_tokens'];
  if (!Array.isArray(added)) throw refused('added_tokens must be a list');
  const contents = new Set<string>();
  for (const entry of added) {
    const token = object(entry, 'added_tokens');
    const content = token['content'];
    if (typeof content !== 'string') throw refused('each of added_tokens needs its content');
    if (token['special'] !== true && content !== entityMarker) {
      throw refused(`added token ${content} is not special; put such words into model.vocab`);
    }
    contents.add(content);
  }
  return contents;
}

function wordLimit(model: Json): number {
  const limit = model['max_input_chars_per_word'] ?? 100;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw refused('model.max_input_chars_per_word must be a whole number from 1 to 1000');
  }
  return limit;
}

function section(file: Json, name: string, type: string): Json {
  const value = object(file[name], name);
  if (value['type'] !== type) throw refused(`${name}.type must be ${type}`);
  return value;
}

function nested(part: Json | undefined, kind: string): string | undefined {
  const inner = part?.[kind];
  if (typeof inner !== 'object' || inner === null) return undefined;
  const id = (inner as Json)['id'];
  return typeof id === 'string' ? id : undefined;
}

function optionalString(from: Json, name: string, otherwise: string): string {
  const value = from[name] ?? otherwise;
  if (typeof value !== 'string') throw refused(`model.${name} must be a string`);
  return value;
}

function object(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(`${name} must be an object`);
  }
  return value as Json;
}

function refused(why: string): Error {
  return new Error(
    `tokenizer.json cannot be used: ${why}. Only BERT WordPiece tokenizers are served.`,
  );
}
