import { nearestCue } from './cues.js';

const near = (text: string, entity: string) => {
  const start = text.indexOf(entity);
  return nearestCue(text, { start, end: start + entity.length });
};

describe('nearestCue', () => {
  it.each([
    ['Denies fever.', 'fever', 'negation', 0],
    ['No fever, chills or night sweats.', 'night sweats', 'negation', 3],
    ['Pneumonia was ruled out.', 'Pneumonia', 'negation', 0],
    ['No increase in the effusion.', 'effusion', 'pseudo-negation', 2],
    ['CT cannot rule out embolism.', 'embolism', 'uncertainty', 0],
    ['Pneumonia versus atelectasis.', 'atelectasis', 'uncertainty', 0],
    ['Impression: ? appendicitis', 'appendicitis', 'uncertainty', 0],
    ['No fever; her mother had breast cancer.', 'breast cancer', 'family', 1],
    ['S/P appendectomy, h/o asthma.', 'asthma', 'history', 0],
    ['Return if worse, or for chest pain.', 'chest pain', 'hypothetical', 3],
  ] as const)('in "%s" of %s is %s, %i words away', (text, entity, kind, words) => {
    expect(near(text, entity)).toEqual({ kind, words });
  });

  it('is one that speaks to the side the entity is on', () => {
    expect(near('Cough is present and no fever.', 'Cough')).toBeNull();
  });

  it('is found as a word of its own only', () => {
    expect(near('Notable nocturnal cough.', 'cough')).toBeNull();
    expect(near('Normal nodes.', 'nodes')).toBeNull();
  });

  it('is the first of a sentence without an entity', () => {
    expect(nearestCue('Possible pneumonia, no effusion.')).toEqual({
      kind: 'uncertainty',
      words: null,
    });
    expect(nearestCue('Lungs clear.')).toBeNull();
  });
});
