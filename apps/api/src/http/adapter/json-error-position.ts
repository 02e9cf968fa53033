const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;
const LITERAL = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Where a text stops being JSON: the index of the first character that cannot
 * stand there (the length when it ends too early), or -1 when it is JSON.
 * The engine's own messages quote the text, which may be a patient's.
 * Keeps its own stack, so no nesting is too deep.
 */
export function jsonErrorPosition(text: string): number {
  const open: ('[' | '{')[] = [];
  let at = 0;
  let expected: 'value' | 'value or ]' | 'key' | 'key or }' | 'separator' = 'value';

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };

  for (;;) {
    skip(SPACE);
    const char = text[at];

    if (expected === 'separator') {
      const container = open.at(-1);
      if (container === undefined) return at === text.length ? -1 : at;
      if (char === ',') expected = container === '[' ? 'value' : 'key';
      else if (char === (container === '[' ? ']' : '}')) open.pop();
      else return at;
      at++;
      continue;
    }

    if ((expected === 'key or }' && char === '}') || (expected === 'value or ]' && char === ']')) {
      open.pop();
      at++;
      expected = 'separator';
      continue;
    }

    if (char === '"') {
      skip(STRING);
      if (text[at] !== '"') return at;
      at++;
      if (expected === 'key' || expected === 'key or }') {
        skip(SPACE);
        if (text[at] !== ':') return at;
        at++;
        expected = 'value';
      } else expected = 'separator';
      continue;
    }
    if (expected === 'key' || expected === 'key or }') return at;

    if (char === '[' || char === '{') {
      open.push(char);
      at++;
      expected = char === '[' ? 'value or ]' : 'key or }';
    } else if (skip(LITERAL) || skip(NUMBER)) expected = 'separator';
    else return at;
  }
}
