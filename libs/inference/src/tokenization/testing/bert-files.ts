/** Parsed tokenizer.json and tokenizer_config.json of a small BERT WordPiece tokenizer. */
export interface BertFiles {
  readonly file: Record<string, unknown>;
  readonly config: Record<string, unknown>;
}

export interface BertFilesOptions {
  readonly lowercase: boolean;
  readonly cleanText?: boolean;
  readonly handleChineseChars?: boolean;
  readonly stripAccents?: boolean | null;
  readonly maxWordCharacters?: number;
  /** Pieces beyond the built-in ones; `##` marks a continuation. */
  readonly extraPieces?: readonly string[];
}

export const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '[entity]'] as const;

const WORDS =
  'patient denies chest pain no evidence of pneumonia possible fracture the a and with history ' +
  'diabetes mellitus shortness breath fever ruled out left right lung for her his was is not mg ' +
  'daily blood pressure oxygen saturation admitted emergency department cannot exclude effusion ' +
  'cardio megaly hyper tension itis ectomy ology';
const LETTERS =
  'abcdefghijklmnopqrstuvwxyz0123456789éüßµσςάαλôñ患者診断한국어עבשלוםмирøæ.,;:!?/%()[]-–’“”·=<>`+°\'"😀';

/** Real words, single letters of several alphabets, symbols; some letters on purpose left out. */
export function bertFiles(options: BertFilesOptions): BertFiles {
  const pieces = new Set<string>(SPECIAL_TOKENS);
  const base = [...Array.from(LETTERS), ...WORDS.split(' '), ...(options.extraPieces ?? [])];
  if (!options.lowercase) {
    base.push('Patient', 'Denies', 'É', 'Σ', ...Array.from('ABCDEFGHIJKLMNOPQRSTUVW'));
  }
  for (const piece of base) {
    pieces.add(piece);
    if (!piece.startsWith('##')) pieces.add(`##${piece}`);
  }
  for (const ending of ['##ing', '##ed', '##s', '##tion', '##e\u0301', '##각', '각']) {
    pieces.add(ending).add(ending.normalize('NFD'));
  }
  const vocab = Object.fromEntries([...pieces].map((piece, id) => [piece, id]));
  return {
    file: {
      version: '1.0',
      truncation: { max_length: 8, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
      padding: { strategy: { Fixed: 16 }, direction: 'Right', pad_id: 0, pad_token: '[PAD]' },
      added_tokens: SPECIAL_TOKENS.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: {
        type: 'BertNormalizer',
        clean_text: options.cleanText ?? true,
        handle_chinese_chars: options.handleChineseChars ?? true,
        strip_accents: options.stripAccents ?? null,
        lowercase: options.lowercase,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [
          { SpecialToken: { id: '[CLS]', type_id: 0 } },
          { Sequence: { id: 'A', type_id: 0 } },
          { SpecialToken: { id: '[SEP]', type_id: 0 } },
        ],
        pair: [],
        special_tokens: {},
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: options.maxWordCharacters ?? 100,
        vocab,
      },
    },
    config: { tokenizer_class: 'BertTokenizer', do_lower_case: options.lowercase },
  };
}
