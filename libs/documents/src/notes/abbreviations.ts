/** Abbreviations that go before what they belong to: their period ends no sentence. */
const BEFORE_SOMETHING = new Set(
  (
    'dr drs mr mrs ms prof st mt ft rev gen sgt capt lt vs cf eg ie e.g i.e al fig figs approx appx ' +
    'nos dx hx rx tx sx fx pt pts poss prob susp bilat resp sat sats abd neuro temp wt ht incl esp w c s p'
  ).split(' '),
);

/**
 * Abbreviations that stand at the end of a sentence as often as within one: units, times of
 * taking, routes, degrees.
 */
const ANYWHERE = new Set(
  (
    'mg mcg gm g kg ml cc cm mm mmhg dl l lb lbs oz in hr hrs min mins sec secs wk wks mo mos yr yrs ' +
    'q.d q.h.s q.i.d q.o.d q.a.m q.p.m b.i.d t.i.d h.s a.c p.c p.r.n prn p.o i.v i.m s.c s.l n.p.o stat ' +
    'a.m p.m bid tid qid qd qhs m.d d.o r.n n.p p.a ph.d jr sr inc co etc u.s no tab tabs cap caps sol'
  ).split(' '),
);

export type AbbreviationKind = 'before something' | 'anywhere';

/** @param word what stands before a period, without it */
export function abbreviationKind(word: string): AbbreviationKind | null {
  // `c.` is "with", but the C of hepatitis C is none.
  const lower = word.length === 1 ? word : word.toLowerCase();
  if (BEFORE_SOMETHING.has(lower)) return 'before something';
  // Letters with periods between them: `q.6.h`, `U.S.A`.
  if (ANYWHERE.has(lower) || /^(?:\p{L}|\d{1,2})(?:\.(?:\p{L}|\d{1,2}))+$/u.test(lower)) {
    return /^\d+(?:\.\d+)+$/.test(lower) ? null : 'anywhere';
  }
  return null;
}
