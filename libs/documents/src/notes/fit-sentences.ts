import { splitsCharacter, Turns, type Span, type Tokenizer } from '@app/inference';
import type { NoteSentence } from './note-analysis.js';

/** What a model takes at once. */
export interface ReadingWindow {
  readonly tokenizer: Tokenizer;
  /** Special tokens included. */
  readonly maxTokens: number;
}

/** Longest piece that is tried at once, so that a note without sentences is not tokenised again and again. */
const MAX_CHARACTERS = 2000;
/** How far back a better place to cut is looked for. */
const REACH = 400;

export interface FittedSentences {
  readonly sentences: readonly NoteSentence[];
  /** How many were too long. */
  readonly cut: number;
}

/**
 * Cuts sentences that a model could not read whole, at a comma or a space where there is one.
 * @throws what the check of the turns throws
 */
export async function fitSentences(
  text: string,
  sentences: readonly NoteSentence[],
  windows: readonly ReadingWindow[],
  turns = new Turns(),
): Promise<FittedSentences> {
  const fitted: NoteSentence[] = [];
  let cut = 0;
  for (const sentence of sentences) {
    const { section } = sentence;
    let pieces = 0;
    for (const piece of piecesOf(text, sentence, windows)) {
      const pause = turns.pause();
      if (pause) await pause;
      fitted.push({ ...piece, section });
      pieces++;
    }
    if (pieces > 1) cut++;
  }
  return { sentences: fitted, cut };
}

function* piecesOf(
  text: string,
  sentence: Span,
  windows: readonly ReadingWindow[],
): Generator<Span> {
  let { start } = sentence;
  while (start < sentence.end) {
    let end = Math.min(sentence.end, start + MAX_CHARACTERS);
    for (const window of windows) end = Math.min(end, readableEnd(text, start, end, window));
    if (end < sentence.end) end = cutBefore(text, start, end);
    yield { start, end: endOfWords(text, start, end) };
    start = end;
    while (start < sentence.end && /\s/.test(text.charAt(start))) start++;
  }
}

/** How far a model reads from `start`, at most to `end`. */
function readableEnd(
  text: string,
  start: number,
  end: number,
  { tokenizer, maxTokens }: ReadingWindow,
): number {
  // No token is empty, so a text with fewer characters than tokens fits.
  if (end - start + 2 <= maxTokens) return end;
  const piece = text.slice(start, end);
  const { truncated, ends } = tokenizer.encode(piece, {
    maxTokens,
    overflow: 'window',
    alignment: true,
  });
  if (!truncated) return end;
  return start + Math.max(1, ...ends);
}

/** A place before `end`, behind a comma, else behind a space, else `end` itself. */
function cutBefore(text: string, start: number, end: number): number {
  const from = Math.max(start, end - REACH);
  const stretch = text.slice(from, end);
  const place = Math.max(stretch.search(/[,;](?=\s)[^,;]*$/), 0) || stretch.search(/\s\S*$/);
  if (place > 0) return from + place + 1;
  return splitsCharacter(text, end) ? Math.max(start + 1, end - 1) : end;
}

function endOfWords(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(text.charAt(at - 1))) at--;
  return at;
}
