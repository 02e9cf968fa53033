import { ImportError } from './import-error.js';
import { asObject, stringsOf, type JsonObject } from './json-file.js';

/** The files that described a BERT tokenizer before tokenizer.json did; each may be empty but the first. */
export interface BertTokenizerFiles {
  /** Lines of vocab.txt: the position is the id. */
  readonly vocabulary: readonly string[];
  /** tokenizer_config.json */
  readonly config: JsonObject;
  /** special_tokens_map.json */
  readonly specialTokens: JsonObject;
  /** added_tokens.json: ids of tokens that were added to the vocabulary later. */
  readonly addedTokens: JsonObject;
}

const ROLES = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/**
 * The content of tokenizer.json that means what the older files mean.
 * Defaults are those of Hugging Face's BertTokenizer.
 * @throws ImportError when a special token is not in the vocabulary
 */
export function bertTokenizer(files: BertTokenizerFiles): JsonObject {
  const { vocabulary, config } = files;
  const ids = tokenIds(files);
  const token = (role: keyof typeof ROLES): string =>
    tokenText(files.specialTokens[role]) ?? tokenText(config[role]) ?? ROLES[role];
  const idOf = (content: string): number => {
    const id = ids.get(content);
    if (id === undefined) throw new ImportError(`vocab.txt does not hold the token ${content}`);
    return id;
  };
  const [unknown, separator, start] = [token('unk_token'), token('sep_token'), token('cls_token')];
  const special = new Set([
    ...[unknown, separator, token('pad_token'), start, token('mask_token')].filter(
      (content) => ids.has(content) || content === unknown,
    ),
    ...additionalTokens(files),
    ...decoderTokens(files).flatMap(({ content, special }) => (special ? [content] : [])),
  ]);
  const later = [
    ...Object.keys(files.addedTokens),
    ...decoderTokens(files).map(({ content }) => content),
  ];
  const added = [...new Set([...special, ...later])]
    .map((content) => ({ content, id: idOf(content) }))
    .sort((a, b) => a.id - b.id);

  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(({ content, id }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: special.has(content),
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: flag(config, 'tokenize_chinese_chars') ?? true,
      strip_accents: flag(config, 'strip_accents'),
      lowercase: flag(config, 'do_lower_case') ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'BertProcessing',
      sep: [separator, idOf(separator)],
      cls: [start, idOf(start)],
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unknown,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((piece, id) => [piece, id])),
    },
  };
}

/** Tokens that have no id yet get the next ones, in the order in which they are listed. */
function tokenIds(files: BertTokenizerFiles): Map<string, number> {
  const ids = new Map(files.vocabulary.map((piece, id) => [piece, id]));
  for (const [content, id] of Object.entries(files.addedTokens)) {
    if (typeof id !== 'number') {
      throw new ImportError(`added_tokens.json: the id of ${content} must be a number`);
    }
    ids.set(content, id);
  }
  for (const { content, id } of decoderTokens(files)) ids.set(content, id);
  let next = 0;
  for (const id of ids.values()) next = Math.max(next, id + 1);
  for (const content of additionalTokens(files)) {
    if (!ids.has(content)) ids.set(content, next++);
  }
  return ids;
}

/** How newer versions of tokenizer_config.json list tokens that were added. */
function decoderTokens({ config }: BertTokenizerFiles) {
  const entries = Object.entries(asObject(config['added_tokens_decoder']) ?? {});
  return entries.flatMap(([id, token]) => {
    const content = tokenText(token);
    if (content === null) return [];
    return [{ content, id: Number(id), special: asObject(token)?.['special'] === true }];
  });
}

function additionalTokens({ specialTokens, config }: BertTokenizerFiles): string[] {
  const lists = [specialTokens, config].map((file) => file['additional_special_tokens']);
  return lists.flatMap((list) =>
    Array.isArray(list) ? stringsOf((list as unknown[]).map(tokenText)) : [],
  );
}

/** A token is written as its text, or as an object with its text in `content`. */
function tokenText(token: unknown): string | null {
  const text = typeof token === 'string' ? token : asObject(token)?.['content'];
  return typeof text === 'string' ? text : null;
}

function flag(config: JsonObject, name: string): boolean | null {
  const value = config[name];
  return typeof value === 'boolean' ? value : null;
}
