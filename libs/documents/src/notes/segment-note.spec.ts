import { turnsDuring } from '@app/inference/testing';
import { segmentNote } from './segment-note.js';

const sentences = async (text: string): Promise<string[]> =>
  (await segmentNote(text)).sentences.map(({ start, end }) => text.slice(start, end));
const sections = async (text: string) =>
  (await segmentNote(text)).sections.map(({ title, start, end }) => [
    title,
    text.slice(start, end),
  ]);

describe('sections', () => {
  it('begin at headings in capitals, on lines of their own or before their text', async () => {
    const text =
      'Seen today.\n\nHISTORY OF PRESENT ILLNESS:\nCough for 3 days.\n\nPLAN: Rest. Fluids.\n';
    expect(await sections(text)).toEqual([
      [null, 'Seen today.'],
      ['HISTORY OF PRESENT ILLNESS', 'HISTORY OF PRESENT ILLNESS:\nCough for 3 days.'],
      ['PLAN', 'PLAN: Rest. Fluids.'],
    ]);
    expect((await segmentNote(text)).sentences.map(({ section }) => section)).toEqual([0, 1, 2, 2]);
  });

  it('begin where a comma stands for a line break', async () => {
    const text =
      'SUBJECTIVE:,  This man has a cough.  He denies fever.,PAST HISTORY: , ,1.  Asthma.,' +
      '2.  Gout.,ALLERGIES: , None.  ,OBJECTIVE:,Vitals:  Pulse 80.,Neck:  Supple.,PLAN:,Rest.';
    expect(await sections(text)).toEqual([
      ['SUBJECTIVE', 'SUBJECTIVE:,  This man has a cough.  He denies fever.'],
      ['PAST HISTORY', 'PAST HISTORY: , ,1.  Asthma.,2.  Gout.'],
      ['ALLERGIES', 'ALLERGIES: , None.'],
      ['OBJECTIVE', 'OBJECTIVE:'],
      ['Vitals', 'Vitals:  Pulse 80.,Neck:  Supple.'],
      ['PLAN', 'PLAN:,Rest.'],
    ]);
    expect(await sentences(text)).toEqual([
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

  it('need no space before or behind a heading, nor capitals where the name is a usual one', async () => {
    expect(await sections('He is stable.ASSESSMENT:Pneumonia.Plan: Rest.')).toEqual(
      [
        ['ASSESSMENT', 'ASSESSMENT:Pneumonia.'],
        ['Plan', 'Plan: Rest.'],
      ].toSpliced(0, 0, [null as never, 'He is stable.']),
    );
    expect(await sections('Impression\nPossible pneumonia\n')).toEqual([
      ['Impression', 'Impression\nPossible pneumonia'],
    ]);
  });

  it('begin at PE with its colon only: alone on a line it may be an embolism', async () => {
    const list = 'DIFFERENTIAL DIAGNOSIS:\nPneumonia\nPE\nACS';
    expect(await sections(list)).toEqual([['DIFFERENTIAL DIAGNOSIS', list]]);
    expect(await sentences(list)).toEqual(['DIFFERENTIAL DIAGNOSIS:\nPneumonia', 'PE', 'ACS']);
    expect(await sections('He is well.\nPE: Lungs clear.')).toEqual([
      [null, 'He is well.'],
      ['PE', 'PE: Lungs clear.'],
    ]);
  });

  it.each([
    'Blood pressure: 120/80, HR: 72, seen at 10:30.',
    'The ratio was 2:1 and the plan was rest.',
    'Dr. Lee said: rest. The note: nothing new.',
    'CT: normal.',
  ])('do not begin at other colons: %s', async (text) => {
    expect(await sections(text)).toEqual([[null, text]]);
  });

  it('of a note in capitals begin at its headings only', async () => {
    const text = 'CHIEF COMPLAINT: CHEST PAIN. NO FEVER, NO COUGH. PLAN: ADMIT.';
    expect((await sections(text)).map(([title]) => title)).toEqual(['CHIEF COMPLAINT', 'PLAN']);
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
  ])('of %j', async (text, expected) => {
    expect(await sentences(text)).toEqual(expected);
  });

  it('end with their line in a list, and go on over lines that were full', async () => {
    const text =
      'Aspirin 81 mg\nLisinopril 10 mg daily\n- no fever\n- possible flu\n' +
      'The patient is a pleasant woman of 62 who was admitted with\n' +
      'Chest pain and shortness of breath,\nworse at night. No edema\r\n\r\nRest';
    expect(await sentences(text)).toEqual([
      'Aspirin 81 mg',
      'Lisinopril 10 mg daily',
      '- no fever',
      '- possible flu',
      'The patient is a pleasant woman of 62 who was admitted with\nChest pain and shortness of breath,\nworse at night.',
      'No edema',
      'Rest',
    ]);
  });

  it('go on over a full line that begins with its heading', async () => {
    const text =
      'IMPRESSION: CT of the chest shows no evidence of acute\npulmonary embolism.\n' +
      'HISTORY OF PRESENT ILLNESS: The patient is a man with no evidence\nof pneumonia or effusion.';
    expect(await sentences(text)).toEqual([
      'IMPRESSION: CT of the chest shows no evidence of acute\npulmonary embolism.',
      'HISTORY OF PRESENT ILLNESS: The patient is a man with no evidence\nof pneumonia or effusion.',
    ]);
  });

  it('end with a full line only where its period ends them', async () => {
    const text =
      'The film that was taken of him yesterday afternoon shows poss.\npneumonia. He was seen and was ' +
      'later evaluated by Dr.\nSmith for chest pain. His temperature this morning was 37.\n120/80 is ' +
      'his usual blood pressure, as far as he knows.\nthe lungs are clear, as they were at his last visit here;\nno wheezes.';
    expect(await sentences(text)).toEqual([
      'The film that was taken of him yesterday afternoon shows poss.\npneumonia.',
      'He was seen and was later evaluated by Dr.\nSmith for chest pain.',
      'His temperature this morning was 37.',
      '120/80 is his usual blood pressure, as far as he knows.',
      'the lungs are clear, as they were at his last visit here;\nno wheezes.',
    ]);
  });

  it('end with their line, whatever the system that wrote its end', async () => {
    const text = 'He denies chest pain\rNo fever\u2028No cough\u2029Well\r\nPLAN: rest\r';
    expect(await sentences(text)).toEqual([
      'He denies chest pain',
      'No fever',
      'No cough',
      'Well',
      'PLAN: rest',
    ]);
  });

  it('keep a heading that nothing follows', async () => {
    expect(await sentences('PHYSICAL EXAMINATION:\n\nGENERAL:  Well.\nPLAN:')).toEqual([
      'PHYSICAL EXAMINATION:',
      'GENERAL:  Well.',
      'PLAN:',
    ]);
  });

  it('are none in a text of white space', async () => {
    expect(await segmentNote(' \n\t ')).toMatchObject({ sections: [], sentences: [] });
  });
});

describe('what models read', () => {
  it('has line breaks for the commas that stood for them, and every index in its place', async () => {
    const text = 'PLAN:,1.  Rest, fluids.,2.  Seen q.d., b.i.d.,Return.';
    const { lines } = await segmentNote(text);
    expect(lines).toBe('PLAN:\n1.  Rest, fluids.\n2.  Seen q.d., b.i.d.\nReturn.');
  });

  it('is found in turns with others', async () => {
    const work = () => segmentNote('A? '.repeat(66_000));
    expect(await turnsDuring(work)).toBeGreaterThanOrEqual(4);
  });

  it('is found in time that grows with the text, whatever it holds', async () => {
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
      `${'PLAN: a.'.repeat(25_000)}\n`,
    ];
    for (const text of hostile) {
      // Of the processor, so that a busy machine changes nothing; the square would take far longer.
      const before = process.cpuUsage();
      await segmentNote(text);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1_000).toBeLessThan(2_000);
    }
  }, 60_000);
});
