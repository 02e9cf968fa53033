import { readdirSync, readFileSync } from 'node:fs';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { ALPHABETS, anyText, randomText, seeded } from './testing/random-text.js';
import {
  bertFiles,
  SPECIAL_TOKENS,
  type BertFiles,
  type BertFilesOptions,
} from './testing/bert-files.js';
import { splitsCharacter } from './offsets.js';
import type { Encoding, Span, Tokenizer } from './tokenizer.js';
import { createTokenizer } from './wordpiece-tokenizer.js';

interface Library {
  encode(text: string): { ids: number[] };
  id_to_token(id: number): string;
}
const libraryOf = ({ file, config }: BertFiles): Library => new LibraryTokenizer(file, config);

const whole = { maxTokens: 1_000_000, overflow: 'refuse', alignment: true } as const;
const marker = { entityMarker: '[entity]' };

function made(options: BertFilesOptions) {
  const files = bertFiles(options);
  return {
    files,
    library: libraryOf(files),
    own: createTokenizer(files.file, files.config, marker),
  };
}

/** The first text for which own ids differ from the library's, as escaped JSON. */
function firstDifference(library: Library, own: Tokenizer, texts: Iterable<string>): string | null {
  for (const text of texts) {
    const expected = library.encode(text).ids.join();
    const ids = own.encode(text, whole).ids.join();
    if (ids !== expected) return `${JSON.stringify(text)}: library ${expected}, own ${ids}`;
  }
  return null;
}

const MODEL = new URL('../../../../models/clinical-assertion/', import.meta.url);
const readModelFile = (name: string): Record<string, unknown> => {
  const file = new URL(`${readdirSync(MODEL)[0] ?? ''}/${name}`, MODEL);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
};

const SETTINGS: Record<string, BertFilesOptions> = {
  uncased: { lowercase: true },
  cased: { lowercase: false },
  'cased without accents': { lowercase: false, stripAccents: true },
  'uncased with accents': { lowercase: true, stripAccents: false },
  'uncased without cleaning': { lowercase: true, cleanText: false },
  'ideographs inside words': { lowercase: true, handleChineseChars: false },
  'words of 7 characters': { lowercase: true, maxWordCharacters: 7 },
};

describe('ids equal to the library’s', () => {
  for (const [name, options] of Object.entries(SETTINGS)) {
    it(`on texts of every alphabet, ${name}`, () => {
      const { library, own } = made(options);
      const random = seeded(20);
      // 15 texts a round: 21,000 for the two usual settings together.
      const rounds = name === 'uncased' || name === 'cased' ? 700 : 150;
      const texts = function* () {
        for (let round = 0; round < rounds; round++) {
          for (const alphabet of Object.values(ALPHABETS)) yield randomText(random, alphabet, 24);
          yield anyText(random, 24);
        }
      };
      expect(firstDifference(library, own, texts())).toBeNull();
    });
  }

  it('on each code point, alone and inside a word', () => {
    const { library, own } = made({ lowercase: true });
    const texts = function* () {
      // Everything up to the last script, and samples of the planes of ideographs and private use.
      for (let c = 0; c < 0x110000; c += c < 0x1fc00 ? 1 : 97) {
        const character = String.fromCodePoint(c);
        yield `${character} a${character}b`;
      }
    };
    expect(firstDifference(library, own, texts())).toBeNull();
  });

  it('with the bundled model’s tokenizer', () => {
    const files = {
      file: readModelFile('tokenizer.json'),
      config: readModelFile('tokenizer_config.json'),
    };
    const library = libraryOf(files);
    const own = createTokenizer(files.file, files.config, marker);
    const random = seeded(21);
    const texts = function* () {
      for (let round = 0; round < 200; round++) {
        for (const alphabet of Object.values(ALPHABETS)) yield randomText(random, alphabet, 40);
      }
    };
    expect(firstDifference(library, own, texts())).toBeNull();
  });

  it('with the entity marked, wherever its borders cut words', () => {
    const { library, own } = made({ lowercase: true });
    const random = seeded(22);
    for (let round = 0; round < 2000; round++) {
      const alphabet = Object.values(ALPHABETS)[round % Object.keys(ALPHABETS).length] ?? [];
      const [a, b, c] = [0, 1, 2].map(() => randomText(random, alphabet, 8)) as [
        string,
        string,
        string,
      ];
      const entity = { start: a.length, end: a.length + b.length };
      // Halves that meet at a border would make one character of the joined text.
      if (/[\ud800-\udbff]$/.test(a) || /[\ud800-\udbff]$/.test(b)) continue;
      const { ids } = own.encode(a + b + c, { ...whole, entity });
      expect([...ids]).toEqual(library.encode(`${a}[entity]${b}[entity]${c}`).ids);
    }
  });
});

describe('where it differs from the library on purpose', () => {
  const { own, library } = made({ lowercase: true });

  it.each(SPECIAL_TOKENS)('text that spells %s is plain text', (token) => {
    const { ids } = own.encode(`pain ${token} pain`, whole);
    const special = new Set(SPECIAL_TOKENS.map((_, id) => id));
    special.delete(1); // [UNK], which a word may well be
    expect([...ids.subarray(1, -1)].filter((id) => special.has(id))).toEqual([]);
    expect(library.encode(`pain ${token} pain`).ids).toContain(SPECIAL_TOKENS.indexOf(token));
  });
});

describe('offsets', () => {
  const { own, library } = made({ lowercase: true });
  const ranges = (text: string, encoding: Encoding): string[] =>
    [...encoding.ids.keys()]
      .slice(1, -1)
      .map((i) => text.slice(encoding.starts[i], encoding.ends[i]));

  it('give each piece its own range, also where characters vanish or change', () => {
    const text = '\ufeffTENSIONed cafe\u0301s, Fe\u0301ver\u200bs 😀한. X';
    const encoding = own.encode(text, whole);
    expect(ranges(text, encoding)).toEqual([
      ...['TENSION', 'ed', 'c', 'a', 'f', 'e\u0301', 's', ',', 'Fe\u0301ver\u200b', 's'],
      ...['😀한', '.', 'X'],
    ]);
    expect([encoding.starts[0], encoding.ends.at(-1)]).toEqual([-1, -1]);
    expect([...encoding.words]).toEqual([-1, 0, 0, 1, 1, 1, 1, 1, 2, 3, 3, 4, 5, 6, -1]);
    expect(encoding.unknown).toBe(1);
  });

  it('spell the piece itself in texts that normalisation leaves alone', () => {
    const random = seeded(23);
    for (let round = 0; round < 300; round++) {
      const text = randomText(random, ALPHABETS['clinical'] ?? [], 30).toLowerCase();
      const encoding = own.encode(text, whole);
      const spelled = [...encoding.ids.subarray(1, -1)].map((id) =>
        library.id_to_token(id).replace('##', ''),
      );
      expect(ranges(text, encoding)).toEqual(spelled);
    }
  });

  it('are ordered, inside the text and never within a character', () => {
    const random = seeded(24);
    const faults: string[] = [];
    for (let round = 0; round < 3000; round++) {
      const alphabet = Object.values(ALPHABETS)[round % Object.keys(ALPHABETS).length] ?? [];
      const text = randomText(random, alphabet, 20);
      const { ids, starts, ends } = own.encode(text, whole);
      let last = 0;
      for (let i = 1; i < ids.length - 1; i++) {
        const [start, end] = [starts[i]!, ends[i]!];
        // Pieces of one character, or of a word with no alignment, may share their range.
        const ordered = start >= last || (start === starts[i - 1] && end >= ends[i - 1]!);
        const splits = splitsCharacter(text, start) || splitsCharacter(text, end);
        if (!ordered || splits || start >= end || end > text.length) {
          faults.push(`${JSON.stringify(text)} token ${i}: ${start}-${end}`);
        }
        last = end;
      }
    }
    expect(faults).toEqual([]);
  });
});

describe('texts over the limit', () => {
  const { own, library } = made({ lowercase: true });
  const tokens = (encoding: Encoding): string =>
    [...encoding.ids].map((id) => library.id_to_token(id)).join(' ');
  const cut = (text: string, maxTokens: number, entity?: Span): Encoding =>
    own.encode(text, { maxTokens, overflow: 'window', entity, alignment: true });
  const words = (n: number): string =>
    Array.from({ length: n }, (_, i) => 'abcdefghij'.charAt(i % 10)).join(' ');
  const about = (text: string, entity: string): Span => ({
    start: text.indexOf(entity),
    end: text.indexOf(entity) + entity.length,
  });

  it('are refused with the count, the limit and the way out, and without the text', () => {
    expect(() => own.encode(words(11), { maxTokens: 12, overflow: 'refuse' })).toThrow(
      expect.objectContaining({
        code: 'TEXT_TOO_LONG',
        message: expect.stringMatching(/has 13 tokens; the model takes 12 at most.*truncate/),
        fields: [expect.objectContaining({ field: 'text', code: 'too_long' })],
      }) as Error,
    );
    expect(() => own.encode(words(10_000), { maxTokens: 12, overflow: 'refuse' })).toThrow(
      'more than 24 tokens',
    );
    expect(own.encode(words(10), { maxTokens: 12, overflow: 'refuse' }).truncated).toBe(false);
  });

  it('keep their start when there is no entity', () => {
    const encoding = cut(words(11), 12);
    expect(tokens(encoding)).toBe('[CLS] a b c d e f g h i j [SEP]');
    expect(encoding.truncated).toBe(true);
  });

  it('keep the entity in the middle of what fits', () => {
    const text = `${words(50)} pain ${words(50)}`;
    const encoding = cut(text, 11, about(text, 'pain'));
    expect(tokens(encoding)).toBe('[CLS] h i j [entity] pain [entity] a b c [SEP]');
    expect(encoding.truncated).toBe(true);
    expect([...encoding.words]).toEqual([-1, 0, 1, 2, -1, 3, -1, 4, 5, 6, -1]);
    const at = [...encoding.ids].findIndex(
      (_, i) => text.slice(encoding.starts[i], encoding.ends[i]) === 'pain',
    );
    expect(at).toBe(5);
  });

  it('give what one side does not need to the other', () => {
    const late = `${words(50)} pain a`;
    expect(tokens(cut(late, 11, about(late, 'pain')))).toBe(
      '[CLS] f g h i j [entity] pain [entity] a [SEP]',
    );
    const early = `a pain ${words(50)}`;
    expect(tokens(cut(early, 11, about(early, 'pain')))).toBe(
      '[CLS] a [entity] pain [entity] a b c d e [SEP]',
    );
  });

  it('cut an entity that is itself too long at its end, markers kept', () => {
    const text = `no ${words(50)} no`;
    const encoding = cut(text, 8, { start: 3, end: text.length - 3 });
    expect(tokens(encoding)).toBe('[CLS] [entity] a b c d [entity] [SEP]');
  });

  it('hold for any text and limit: exactly full, one contiguous stretch around the entity', () => {
    const random = seeded(25);
    const alphabets = Object.values(ALPHABETS);
    let windows = 0;
    for (let round = 0; round < 3000; round++) {
      const alphabet = alphabets[round % alphabets.length]!;
      const [a, b, c] = [0, 1, 2].map(() => randomText(random, alphabet, 30)) as [
        string,
        string,
        string,
      ];
      const text = a + b + c;
      const entity = { start: a.length, end: a.length + b.length };
      const maxTokens = 5 + Math.floor(random() * 20);
      const full = [...own.encode(text, { ...whole, entity }).ids];
      const encoding = cut(text, maxTokens, entity);
      if (full.length <= maxTokens) {
        expect([...encoding.ids]).toEqual(full);
        continue;
      }
      windows++;
      const ids = [...encoding.ids];
      expect(encoding.truncated).toBe(true);
      expect(ids.length).toBe(maxTokens);
      const inner = ids.slice(1, -1).join();
      const entityTokens = full.lastIndexOf(5) - full.indexOf(5) - 1;
      if (entityTokens <= maxTokens - 4) expect(`,${full.join()},`).toContain(`,${inner},`);
      else expect(ids.filter((id) => id === 5)).toHaveLength(2);
    }
    expect(windows).toBeGreaterThan(500);
  });
});

describe('bounded time', () => {
  const { own } = made({ lowercase: true });
  const many = 100_000;
  const hostile: Record<string, string> = {
    'one word of 1 MB': 'z'.repeat(1_000_000),
    'one word of 1 MB of emoji': '😀'.repeat(500_000),
    '100,000 distinct words': Array.from({ length: many }, (_, i) => `w${i.toString(36)}`).join(
      ' ',
    ),
    'long words that turn out unknown late': Array.from(
      { length: 5000 },
      (_, i) => `${'ab'.repeat(48)}${1000 + i}\u0416`,
    ).join(' '),
    '1 MB of white space': ' \n'.repeat(500_000),
    '1 MB of accents on one letter': 'e' + '\u0301'.repeat(1_000_000),
    '1 MB of zero-width words, each different': Array.from({ length: many }, (_, i) =>
      i.toString(4).replace(/\d/g, (d) => '\u200b\u200c\u200d\u2060'.charAt(Number(d))),
    ).join(' '),
    '1 MB of sigmas': "Σ.'".repeat(333_333),
    '1 MB of NULs': '\u0000'.repeat(1_000_000),
    '1 MB of lone surrogates': '\ud83d'.repeat(1_000_000),
  };

  it.each(Object.entries(hostile))('%s', (_, text) => {
    const middle = { start: text.length >> 1, end: (text.length >> 1) + 4 };
    const times = [undefined, middle].flatMap((entity) =>
      (['refuse', 'window'] as const).map((overflow) => {
        const start = performance.now();
        try {
          expect(
            own.encode(text, { maxTokens: 512, overflow, entity }).ids.length,
          ).toBeLessThanOrEqual(512);
        } catch (error) {
          expect(error).toMatchObject({ code: 'TEXT_TOO_LONG' });
        }
        return performance.now() - start;
      }),
    );
    // 1 to 20 ms on an idle core. Wide, as tests share theirs; anything quadratic takes seconds.
    expect(Math.min(...times)).toBeLessThan(100);
    expect(Math.max(...times)).toBeLessThan(1000);
  });
});

describe('files it does not serve', () => {
  const refusal = (change: (files: BertFiles) => void, options = {}): (() => Tokenizer) => {
    const files = bertFiles({ lowercase: true });
    change(files);
    return () => createTokenizer(files.file, files.config, options);
  };
  const part = (files: BertFiles, name: string) => files.file[name] as Record<string, unknown>;

  it.each<[string, (files: BertFiles) => void, RegExp]>([
    ['another model', (f) => (part(f, 'model')['type'] = 'BPE'), /model.type must be WordPiece/],
    [
      'another normalizer',
      (f) => (f.file['normalizer'] = { type: 'NFC' }),
      /normalizer.type must be BertNormalizer/,
    ],
    ['no normalizer', (f) => (f.file['normalizer'] = null), /normalizer must be an object/],
    [
      'another pre-tokenizer',
      (f) => (f.file['pre_tokenizer'] = { type: 'Whitespace' }),
      /BertPreTokenizer/,
    ],
    [
      'another template',
      (f) => (part(f, 'post_processor')['single'] = []),
      /before and one after the text/,
    ],
    [
      'no unknown token',
      (f) => (part(f, 'model')['unk_token'] = '<unk>'),
      /unknown token <unk> is not in/,
    ],
    [
      'a contradiction about case',
      (f) => (f.config['do_lower_case'] = false),
      /lowercase is true but/,
    ],
    [
      'ordinary added words',
      (f) => (f.file['added_tokens'] as object[]).push({ id: 9, content: 'covid', special: false }),
      /covid is not special/,
    ],
  ])('refuses %s', (_, change, message) => {
    expect(refusal(change)).toThrow(message);
  });

  it('refuses a marker the model does not know', () => {
    expect(refusal(() => undefined, { entityMarker: '[e1]' })).toThrow(
      /\[e1\] is not one of its special tokens/,
    );
    expect(() => createTokenizer(null, {})).toThrow(/must be an object/);
  });
});
