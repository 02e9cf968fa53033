import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bertTokenizer } from './bert-tokenizer.js';
import { ImportError } from './import-error.js';
import { asObject, readJsonFile, stringsOf, type JsonObject } from './json-file.js';

export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

/** The tokenizer of a Hugging Face folder, whatever of its files the folder has. */
export interface TokenizerSource {
  /** Files that the folder lacks and that can be made from others: name and content. */
  readonly made: Readonly<Record<string, string>>;
  readonly addedTokens: readonly string[];
  /** One more than the highest id. */
  readonly size: number;
  /** What the tokenizer says is the longest sequence; null when it does not say. */
  readonly maxTokens: number | null;
}

/** Exporters write 10^30 for "no limit". */
const LONGEST = 65_536;

/** @throws ImportError when there is neither tokenizer.json nor vocab.txt, or one is damaged */
export async function readTokenizerSource(folder: string): Promise<TokenizerSource> {
  const config = await readJsonFile(join(folder, TOKENIZER_CONFIG_FILE));
  const existing = await readJsonFile(join(folder, TOKENIZER_FILE));
  const tokenizer = existing ?? (await fromVocabulary(folder, config ?? {}));
  const added = addedTokensOf(tokenizer);
  const vocabulary = asObject(asObject(tokenizer['model'])?.['vocab']);
  if (vocabulary === null) {
    throw new ImportError(
      `${TOKENIZER_FILE} has no model.vocab: only BERT WordPiece tokenizers are served`,
    );
  }
  const ids = [...Object.values(vocabulary), ...added.map(({ id }) => id)];
  let highest = -1;
  for (const id of ids) if (typeof id === 'number' && id > highest) highest = id;
  const limit = config?.['model_max_length'];
  return {
    made: {
      ...(existing === null && { [TOKENIZER_FILE]: json(tokenizer) }),
      ...(config === null && { [TOKENIZER_CONFIG_FILE]: json(configFor(tokenizer)) }),
    },
    addedTokens: added.map(({ content }) => content),
    size: highest + 1,
    maxTokens: typeof limit === 'number' && limit <= LONGEST ? limit : null,
  };
}

async function fromVocabulary(folder: string, config: JsonObject): Promise<JsonObject> {
  const text = await readFile(join(folder, 'vocab.txt'), 'utf8').catch(() => null);
  if (text === null) {
    throw new ImportError(
      `${TOKENIZER_FILE} is missing, and so is vocab.txt, from which it could be made`,
    );
  }
  const specialTokens = await readJsonFile(join(folder, 'special_tokens_map.json'));
  const addedTokens = await readJsonFile(join(folder, 'added_tokens.json'));
  return bertTokenizer({
    // The last line ends the file; an empty line within it is a token's place all the same.
    vocabulary: text.replace(/\r?\n$/, '').split(/\r?\n/),
    config,
    specialTokens: specialTokens ?? {},
    addedTokens: addedTokens ?? {},
  });
}

function addedTokensOf(tokenizer: JsonObject): { content: string; id: unknown }[] {
  const list: readonly unknown[] = Array.isArray(tokenizer['added_tokens'])
    ? (tokenizer['added_tokens'] as unknown[])
    : [];
  return list.flatMap((entry) => {
    const token = asObject(entry);
    const [content] = stringsOf([token?.['content']]);
    return content === undefined ? [] : [{ content, id: token?.['id'] }];
  });
}

/** The least that tokenisation needs besides tokenizer.json. */
function configFor(tokenizer: JsonObject): JsonObject {
  const lowercase = asObject(tokenizer['normalizer'])?.['lowercase'];
  return {
    tokenizer_class: 'BertTokenizer',
    ...(typeof lowercase === 'boolean' && { do_lower_case: lowercase }),
  };
}

function json(value: JsonObject): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
