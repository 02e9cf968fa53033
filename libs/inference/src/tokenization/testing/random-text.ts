/** A small seeded generator (mulberry32), so that a failure comes again with its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const WHITE_SPACE =
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

/** What texts are drawn from: characters, or whole words. No special token can come of them. */
export const ALPHABETS: Readonly<Record<string, readonly string[]>> = {
  clinical: [
    ...'patient Denies chest PAIN no evidence pneumonia cardiomegaly tensions fractured'
      .split(' ')
      .flatMap((word) => [word, ' ']),
    ...Array.from('0123456789 .,;:/()%-\n'),
  ],
  letters: Array.from('abcdefghijklm ABCXYZ zz ,.\'"+=<>`~^$|'),
  accents: Array.from('éüñàôßÅøæŁİıǅﬁµªº aeiou E\u0301\u0308 \u0323.'),
  greek: Array.from("ΑΒΣΣΣσςάλ .'’:·\u00adʰ\u0345\u0301 aÍ\u0000\ufffd\ue000\ud800"),
  cjk: Array.from('患者診断a b。、！豈更切ｱカ한국각\u1100\u1161𠀀𪜀 1'),
  emoji: ['😀', '👩\u200d⚕\ufe0f', '🇫🇷', '👍🏽', 'a', 'pain', ' ', '.', '\u20e3'],
  marks: Array.from(
    'ae.≠≮≯\u1fef\u037e\u0387\u2329 \u0301\u0308\u0323\u0338\u3099\u0344क्षि\u0f73\u{1d15e}',
  ),
  controls: [...Array(0x20).keys()]
    .map((c) => String.fromCharCode(c))
    .concat(Array.from('ab .患\u007f\u0085\u009f')),
  nuls: ['\u0000', 'a', 'pain', '.', ' ', '\ufffd', '\u0301'],
  surrogates: [
    '\ud83d',
    '\ude00',
    '\udbff',
    '\udfff',
    'a',
    'pain',
    ' ',
    '.',
    '患',
    '\u0301',
    '\u0000',
  ],
  rightToLeft: Array.from('שלוםבעא العربية \u200f\u202b\u202c\u2067,a1'),
  zeroWidth: Array.from(
    '\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f ab.é患\u{e0020}\u{e0100}',
  ),
  whiteSpace: [...Array.from(WHITE_SPACE), 'a', 'no', '.', '\ufeff', '\u180e', '\u200b'],
  longWords: [
    'a'.repeat(90),
    'e\u0301'.repeat(60),
    'x',
    'é',
    '.',
    ' ',
    '😀'.repeat(40),
    '\u200b'.repeat(150),
  ],
};

/** A text of up to `longest` draws from one alphabet. */
export function randomText(
  random: () => number,
  alphabet: readonly string[],
  longest: number,
): string {
  let text = '';
  for (let left = Math.floor(random() * (longest + 1)); left > 0; left--) {
    text += alphabet[Math.floor(random() * alphabet.length)] ?? '';
  }
  return text;
}

/** A text of any code points at all, lone surrogates included. */
export function anyText(random: () => number, longest: number): string {
  let text = '';
  for (let left = Math.floor(random() * (longest + 1)); left > 0; left--) {
    const limit = random() < 0.7 ? 0x3000 : random() < 0.7 ? 0x10000 : 0x110000;
    text += String.fromCodePoint(Math.floor(random() * limit));
    if (random() < 0.3) text += 'a ';
  }
  return text;
}
