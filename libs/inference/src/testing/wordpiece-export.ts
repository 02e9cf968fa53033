import { BERT_SPECIAL_TOKENS } from './wordpiece-vocabulary.js';

export interface WordPieceExport {
  /** In the order of the ids. */
  readonly vocabulary: readonly string[];
  readonly cased: boolean;
  /** Gets the id after the vocabulary. */
  readonly entityMarker?: string;
  readonly maxTokens: number;
}

export interface WordPieceExportFiles {
  readonly tokenizer: object;
  readonly config: object;
  readonly specialTokens: object;
}

const ROLES = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/** The JSON files of a BERT tokenizer as Hugging Face tools save them. */
export function wordPieceFiles(options: WordPieceExport): WordPieceExportFiles {
  const { vocabulary, entityMarker } = options;
  const ids = new Map(vocabulary.map((piece, id) => [piece, id]));
  const special: string[] = [...BERT_SPECIAL_TOKENS];
  if (entityMarker !== undefined) {
    special.push(entityMarker);
    if (!ids.has(entityMarker)) ids.set(entityMarker, vocabulary.length);
  }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const added = special.map((content) => ({
    id: ids.get(content),
    content,
    ...flags,
    special: true,
  }));
  const extra = entityMarker === undefined ? {} : { additional_special_tokens: [entityMarker] };

  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: !options.cased,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: template(ids),
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(vocabulary.map((piece, id) => [piece, id])),
      },
    },
    config: {
      added_tokens_decoder: Object.fromEntries(added.map(({ id, ...token }) => [id, token])),
      ...extra,
      clean_up_tokenization_spaces: true,
      do_lower_case: !options.cased,
      model_max_length: options.maxTokens,
      ...ROLES,
      strip_accents: null,
      tokenize_chinese_chars: true,
      tokenizer_class: 'BertTokenizer',
    },
    specialTokens: { ...ROLES, ...extra },
  };
}

function template(ids: ReadonlyMap<string, number>): object {
  const token = (id: string, type: number): object => ({ SpecialToken: { id, type_id: type } });
  const text = (id: string, type: number): object => ({ Sequence: { id, type_id: type } });
  const entry = (id: string): object => ({ id, ids: [ids.get(id)], tokens: [id] });
  return {
    type: 'TemplateProcessing',
    single: [token('[CLS]', 0), text('A', 0), token('[SEP]', 0)],
    pair: [token('[CLS]', 0), text('A', 0), token('[SEP]', 0), text('B', 1), token('[SEP]', 1)],
    special_tokens: { '[CLS]': entry('[CLS]'), '[SEP]': entry('[SEP]') },
  };
}
