import { bertTokenizer } from './bert-tokenizer.js';

const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'pain'];
const none = { vocabulary, config: {}, specialTokens: {}, addedTokens: {} };

describe('a tokenizer made of a vocabulary', () => {
  const added = (files: Partial<Parameters<typeof bertTokenizer>[0]>) =>
    (
      bertTokenizer({ ...none, ...files })['added_tokens'] as {
        id: number;
        content: string;
        special: boolean;
      }[]
    )
      .filter(({ id }) => id > 4)
      .map(({ id, content, special }) => ({ id, content, special }));

  it('reads the case and accents as the configuration says', () => {
    const config = { do_lower_case: false, strip_accents: true, tokenize_chinese_chars: false };
    expect(bertTokenizer({ ...none, config })['normalizer']).toMatchObject({
      lowercase: false,
      strip_accents: true,
      handle_chinese_chars: false,
    });
    expect(bertTokenizer(none)['normalizer']).toMatchObject({
      lowercase: true,
      strip_accents: null,
      handle_chinese_chars: true,
    });
  });

  it.each([
    ['added_tokens.json', { addedTokens: { '[entity]': 6 }, specialTokens: marker() }],
    ['the special tokens alone, after the vocabulary', { specialTokens: marker() }],
    [
      'added_tokens_decoder',
      { config: { added_tokens_decoder: { 6: { content: '[entity]', special: true } } } },
    ],
    [
      'tokens written as objects',
      { config: { additional_special_tokens: [{ content: '[entity]' }] } },
    ],
  ])('finds the marker in %s', (_, files) => {
    expect(added(files)).toEqual([{ id: 6, content: '[entity]', special: true }]);
  });

  it('leaves a word that was added as it is: a word', () => {
    expect(added({ addedTokens: { covid: 6 } })).toEqual([
      { id: 6, content: 'covid', special: false },
    ]);
  });

  it('uses the names a model has for its special tokens', () => {
    const specialTokens = { cls_token: '<s>', sep_token: { content: '</s>' } };
    const made = bertTokenizer({
      ...none,
      vocabulary: [...vocabulary, '<s>', '</s>'],
      specialTokens,
    });
    expect(made['post_processor']).toEqual({
      type: 'BertProcessing',
      cls: ['<s>', 6],
      sep: ['</s>', 7],
    });
  });

  it('refuses a vocabulary without a token that every text needs', () => {
    expect(() => bertTokenizer({ ...none, vocabulary: ['[PAD]', '[UNK]', '[SEP]'] })).toThrow(
      'vocab.txt does not hold the token [CLS]',
    );
  });

  function marker() {
    return { additional_special_tokens: ['[entity]'] };
  }
});
