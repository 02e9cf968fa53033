import { segmentNote } from './segment-note.js';

const sentences = (text: string): string[] =>
  segmentNote(text).sentences.map(({ start, end }) => text.slice(start, end));
const sections = (text: string) =>
  segmentNote(text).sections.map(({ title, start, end }) => [title, text.slice(start, end)]);

describe('sections', () => {
  it('begin at headings in capitals, on lines of their own or before their text', () => {
    const text =
      'Seen today.\n\nHISTORY OF PRESENT ILLNESS:\nCough for 3 days.\n\nPLAN: Rest. Fluids.\n';
    expect(sections(text)).toEqual([
      [null, 'Seen today.'],
      ['HISTORY OF PRESENT ILLNESS', 'HISTORY OF PRESENT ILLNESS:\nCough for 3 days.'],
      ['PLAN', 'PLAN: Rest. Fluids.'],
    ]);
    expect(segmentNote(text).sentences.map(({ section }) => section)).toEqual([0, 1, 2, 2]);
  });

  it('begin where a comma stands for a line break', () => {
    const text =
      'SUBJECTIVE:,  This man has a cough.  He denies fever.,PAST HISTORY: , ,1.  Asthma.,' +
      '2.  Gout.,ALLERGIES: , None.  ,OBJECTIVE:,Vitals:  Pulse 80.,Neck:  Supple.,PLAN:,Rest.';
    expect(sections(text)).toEqual([
      ['SUBJECTIVE', 'SUBJECTIVE:,  This man has a cough.  He denies fever.'],
      ['PAST HISTORY', 'PAST HISTORY: , ,1.  Asthma.,2.  Gout.'],
      ['ALLERGIES', 'ALLERGIES: , None.'],
      ['OBJECTIVE', 'OBJECTIVE:'],
      ['Vitals', 'Vitals:  Pulse 80.,Neck:  Supple.'],
      ['PLAN', 'PLAN:,Rest.'],
    ]);
    expect(sentences(text)).toEqual([
      'SUBJECTIVE:,  This man has a cough.',
      'He denies fever.',
      'PAST HISTORY: , ,1.  Asthma.',
      '2.  Gout.',
      'ALLERGIES: , None.',
      'OBJECTIVE:',
      'Vitals:  Pulse 80.',
      'Neck:  Supple.',
      'PLAN:,Rest.',
    ]);
  });

  it('need no space before or behind a heading, nor capitals where the name is a usual one', () => {
    expect(sections('He is stable.ASSESSMENT:Pneumonia.Plan: Rest.')).toEqual(
      [
        ['ASSESSMENT', 'ASSESSMENT:Pneumonia.'],
        ['Plan', 'Plan: Rest.'],
      ].toSpliced(0, 0, [null as never, 'He is stable.']),
    );
    expect(sections('Impression\nPossible pneumonia\n')).toEqual([
      ['Impression', 'Impression\nPossible pneumonia'],
    ]);
  });

  it.each([
    'Blood pressure: 120/80, HR: 72, seen at 10:30.',
    'The ratio was 2:1 and the plan was rest.',
    'Dr. Lee said: rest. The note: nothing new.',
    'CT: normal.',
  ])('do not begin at other colons: %s', (text) => {
    expect(sections(text)).toEqual([[null, text]]);
  });

  it('of a note in capitals begin at its headings only', () => {
    const text = 'CHIEF COMPLAINT: CHEST PAIN. NO FEVER, NO COUGH. PLAN: ADMIT.';
    expect(sections(text).map(([title]) => title)).toEqual(['CHIEF COMPLAINT', 'PLAN']);
  });
});

describe('sentences', () => {
  it.each<[string, string[]]>([
    ['He was seen by Dr. Lee. He is well.', ['He was seen by Dr. Lee.', 'He is well.']],
    [
      'Metoprolol 25 mg. b.i.d. with food. Lasix 2.5 mg q.d. Aspirin.',
      ['Metoprolol 25 mg. b.i.d. with food.', 'Lasix 2.5 mg q.d.', 'Aspirin.'],
    ],
    ['Seen by J. Smith, M.D., at 3 p.m. today.', ['Seen by J. Smith, M.D., at 3 p.m. today.']],
    ['He has hepatitis C. He drinks.', ['He has hepatitis C.', 'He drinks.']],
    ['Nodule of 1.5 cm vs. cyst, approx. 2 cm.', ['Nodule of 1.5 cm vs. cyst, approx. 2 cm.']],
    ['Mass of 3. 5 cm. Benign.', ['Mass of 3. 5 cm.', 'Benign.']],
    ['Any pain? No. Any fever? Yes!', ['Any pain?', 'No.', 'Any fever?', 'Yes!']],
    ['Impression ? pneumonia. CXR today.', ['Impression ? pneumonia.', 'CXR today.']],
    ['no fever. no cough. poss. flu.', ['no fever.', 'no cough.', 'poss. flu.']],
    ['Cough is improving.She denies fever.', ['Cough is improving.', 'She denies fever.']],
    ['See www.Example.org for No. 2 pencils.', ['See www.Example.org for No. 2 pencils.']],
    [
      'He said "I hurt." He left (early.) Then rest.',
      ['He said "I hurt."', 'He left (early.)', 'Then rest.'],
    ],
    ['Wait... maybe later.', ['Wait... maybe later.']],
    ['1. Asthma 2. Gout, stage 3. 3. Pain', ['1. Asthma', '2. Gout, stage 3.', '3. Pain']],
    ['O2 sat. 98%. Afebrile.', ['O2 sat. 98%.', 'Afebrile.']],
  ])('of %j', (text, expected) => {
    expect(sentences(text)).toEqual(expected);
  });

  it('end with their line in a list, and go on over lines that were full', () => {
    const text =
      'Aspirin 81 mg\nLisinopril 10 mg daily\n- no fever\n- possible flu\n' +
      'The patient is a pleasant woman of 62 who was admitted with\n' +
      'Chest pain and shortness of breath,\nworse at night. No edema\r\n\r\nRest';
    expect(sentences(text)).toEqual([
      'Aspirin 81 mg',
      'Lisinopril 10 mg daily',
      '- no fever',
      '- possible flu',
      'The patient is a pleasant woman of 62 who was admitted with\nChest pain and shortness of breath,\nworse at night.',
      'No edema',
      'Rest',
    ]);
  });

  it('keep a heading that nothing follows', () => {
    expect(sentences('PHYSICAL EXAMINATION:\n\nGENERAL:  Well.\nPLAN:')).toEqual([
      'PHYSICAL EXAMINATION:',
      'GENERAL:  Well.',
      'PLAN:',
    ]);
  });

  it('are none in a text of white space', () => {
    expect(segmentNote(' \n\t ')).toMatchObject({ sections: [], sentences: [] });
  });
});

describe('what models read', () => {
  it('has line breaks for the commas that stood for them, and every index in its place', () => {
    const text = 'PLAN:,1.  Rest, fluids.,2.  Seen q.d., b.i.d.,Return.';
    const { lines } = segmentNote(text);
    expect(lines).toBe('PLAN:\n1.  Rest, fluids.\n2.  Seen q.d., b.i.d.\nReturn.');
  });

  it('is found in time that grows with the text, whatever it holds', () => {
    const hostile = [
      ' '.repeat(200_000),
      'A '.repeat(100_000),
      ', '.repeat(100_000),
      '. '.repeat(100_000),
      '.'.repeat(200_000),
      'plan '.repeat(40_000),
      `PLAN${' '.repeat(200_000)}`,
      '\n'.repeat(200_000),
      '1.\n'.repeat(60_000),
      'A: '.repeat(60_000),
      "'.".repeat(100_000),
      `a${' '.repeat(100_000)}${'. '.repeat(50_000)}`,
    ];
    for (const text of hostile) {
      // Of the processor, so that a busy machine changes nothing; the square would take far longer.
      const before = process.cpuUsage();
      segmentNote(text);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1_000).toBeLessThan(2_000);
    }
  }, 60_000);
});
