import { Service } from '../support/service.js';

interface Entity {
  start: number;
  end: number;
  text: string;
  type: string;
  score: number;
  sentence: number;
  assertion: { label: string; score: number; prediction_id: string } | null;
}
interface Analysis {
  sections: { title: string | null; start: number; end: number }[];
  sentences: { start: number; end: number; section: number }[];
  entities: Entity[];
  models: Record<'entities' | 'assertion', { name: string; version: string }>;
  processing_time_ms: number;
  request_id: string;
  warnings: string[];
}
interface Problem {
  error_code: string;
  detail: string;
  errors?: { field: string }[];
}

const DICTATED = `SUBJECTIVE:,  This 54-year-old man comes in with productive cough and fever for two days.  He denies chest pain, hemoptysis or night sweats.,PAST MEDICAL HISTORY: , ,1.  Hypertension.,2.  Asthma.,MEDICATIONS: , Lisinopril 10 mg q.d., albuterol p.r.n.,ALLERGIES: , None.,OBJECTIVE:,Vitals:  Temperature 38.4, pulse 96.,Lungs:  Crackles at the right base without wheezing.,ASSESSMENT:,  Possible pneumonia.,PLAN:,1.  Chest x-ray to rule out pneumonia.,2.  Azithromycin 500 mg p.o. q.d. for three days.`;

const ADMISSION = `CHIEF COMPLAINT: Shortness of breath.

HISTORY OF PRESENT ILLNESS: Mrs. Doe is a 71-year-old woman who was brought in by
her daughter with shortness of breath that has worsened over 3.5 days. She reports
orthopnea but no chest pain. She was seen by Dr. Lee on 3/4 and was started on
furosemide 40 mg b.i.d. Ankle swelling has not improved.

PHYSICAL EXAMINATION:
GENERAL: Alert, in no acute distress.
CARDIAC: Regular rhythm. No murmur.

IMPRESSION:
1. Congestive heart failure.
2. Pulmonary embolism cannot be excluded.
3. No evidence of pneumonia.
`;

const TELEGRAPHIC = `Café 😀 follow-up
cc: headache x 2 wks
denies nausea, vomiting, photophobia
no fever. poss. migraine
PE: neck supple, no papilledema
Assessment/Plan:
- Probable migraine
- MRI brain if headache persists
`;

const HEADED = `CHIEF COMPLAINT: Cough.

FAMILY HISTORY:
1. Diabetes.
2. Stroke.

DIFFERENTIAL DIAGNOSIS:
1. Pneumonia.
2. Pulmonary embolism.

ASSESSMENT:
1. Bronchitis.
2. Asthma.
`;

const json = async <T>(response: Response): Promise<T> => (await response.json()) as T;
const codePoints = (text: string, start: number, end: number): string =>
  Array.from(text).slice(start, end).join('');

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(async () => {
  await service.stop();
});

const analyze = async (body: object): Promise<Analysis> => {
  const response = await service.post('/notes/analyze', body);
  if (!response.ok) throw new Error(await response.text());
  return json<Analysis>(response);
};
const refused = async (body: object, headers: Record<string, string> = {}) => {
  const response = await service.post('/notes/analyze', body, headers);
  return { response, problem: await json<Problem>(response) };
};

function expectSoundOffsets(text: string, { sections, sentences, entities }: Analysis): void {
  let at = 0;
  for (const { start, end, section } of sentences) {
    expect(codePoints(text, at, start)).toMatch(/^[\s,]*$/);
    expect(codePoints(text, start, end)).toBe(codePoints(text, start, end).trim());
    expect(sections[section]!.start).toBeLessThanOrEqual(start);
    expect(sections[section]!.end).toBeGreaterThanOrEqual(end);
    at = end;
  }
  expect(codePoints(text, at, text.length)).toMatch(/^[\s,]*$/);
  for (const { start, end, text: words, sentence } of entities) {
    expect(codePoints(text, start, end)).toBe(words);
    expect(sentences[sentence]!.start).toBeLessThanOrEqual(start);
    expect(sentences[sentence]!.end).toBeGreaterThanOrEqual(end);
  }
}

describe('POST /notes/analyze', () => {
  it.each<[string, string, readonly string[], readonly [phrase: string, label: string][]]>([
    [
      'a dictated note whose lines were joined',
      DICTATED,
      [
        'SUBJECTIVE',
        'PAST MEDICAL HISTORY',
        'MEDICATIONS',
        'ALLERGIES',
        'OBJECTIVE',
        'Vitals',
        'ASSESSMENT',
        'PLAN',
      ],
      [
        ['productive cough', 'PRESENT'],
        ['fever', 'PRESENT'],
        ['chest pain', 'ABSENT'],
        ['night sweats', 'ABSENT'],
        ['Hypertension', 'PRESENT'],
        ['pneumonia', 'POSSIBLE'],
      ],
    ],
    [
      'an admission note of wrapped lines',
      ADMISSION,
      [
        'CHIEF COMPLAINT',
        'HISTORY OF PRESENT ILLNESS',
        'PHYSICAL EXAMINATION',
        'GENERAL',
        'CARDIAC',
        'IMPRESSION',
      ],
      [
        ['Shortness of breath', 'PRESENT'],
        ['orthopnea', 'PRESENT'],
        ['chest pain', 'ABSENT'],
        ['Congestive heart failure', 'PRESENT'],
        ['Pulmonary embolism', 'POSSIBLE'],
        ['pneumonia', 'ABSENT'],
      ],
    ],
    [
      'a telegraphic note',
      TELEGRAPHIC,
      ['cc', 'PE', 'Assessment/Plan'],
      [
        ['headache', 'PRESENT'],
        ['nausea', 'ABSENT'],
        ['fever', 'ABSENT'],
        ['Probable migraine', 'POSSIBLE'],
      ],
    ],
    [
      'lists whose heading says what their items are',
      HEADED,
      ['CHIEF COMPLAINT', 'FAMILY HISTORY', 'DIFFERENTIAL DIAGNOSIS', 'ASSESSMENT'],
      [
        ['Diabetes', 'ABSENT'],
        ['Stroke', 'ABSENT'],
        ['Pneumonia', 'POSSIBLE'],
        ['Pulmonary embolism', 'POSSIBLE'],
        ['Asthma', 'PRESENT'],
      ],
    ],
  ])('reads %s', async (_, text, titles, findings) => {
    const analysis = await analyze({ text });
    expectSoundOffsets(text, analysis);
    expect(analysis.sections.flatMap(({ title }) => title ?? [])).toEqual(titles);
    for (const [phrase, label] of findings) {
      const start = Array.from(text.slice(0, text.indexOf(phrase))).length;
      const end = start + phrase.length;
      const entity = analysis.entities.find(
        (e) => e.type === 'PROBLEM' && e.start < end && start < e.end,
      );
      expect([phrase, entity?.assertion?.label]).toEqual([phrase, label]);
    }
    for (const { type, assertion } of analysis.entities) {
      expect(assertion === null).toBe(type !== 'PROBLEM');
    }
  });

  it('answers every field it promises, and where the time went', async () => {
    const response = await service.post('/v1/notes/analyze', {
      text: 'No fever. Chest pain.',
      format: 'json',
      offset_unit: 'utf16',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('server-timing')).toMatch(/queue;dur=.*run;dur=.*total;dur=/);
    const analysis = await json<Analysis>(response);
    const { version } = analysis.models.entities;
    expect(analysis).toEqual({
      sections: [{ title: null, start: 0, end: 21 }],
      sentences: [
        { start: 0, end: 9, section: 0 },
        { start: 10, end: 21, section: 0 },
      ],
      entities: expect.any(Array),
      models: {
        entities: { name: 'clinical-ner', version },
        assertion: { name: 'clinical-assertion', version: expect.stringMatching(/^\d/) },
      },
      processing_time_ms: expect.any(Number),
      request_id: expect.stringMatching(/^req-/),
      warnings: [],
    });
    expect(analysis.entities.at(-1)).toEqual({
      start: 10,
      end: 20,
      text: 'Chest pain',
      type: 'PROBLEM',
      score: expect.any(Number),
      sentence: 1,
      assertion: {
        label: 'PRESENT',
        score: expect.any(Number),
        prediction_id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
      },
    });
  });

  it('reads three pages in one call, as each sentence would be read alone', async () => {
    const pages = Array.from({ length: 3 }, (_, i) =>
      [ADMISSION, TELEGRAPHIC, DICTATED.replaceAll(/([.:])(?:\s*,)+\s*/g, '$1\n')]
        .join('\n')
        .replaceAll('54-year', `${50 + i}-year`)
        .repeat(3),
    ).join('\n\n');
    expect(pages.length).toBeGreaterThan(9_000);
    const analysis = await analyze({ text: pages });
    expectSoundOffsets(pages, analysis);
    expect(analysis.sentences.length).toBeGreaterThan(200);
    expect(analysis.warnings).toEqual([]);
    const some = analysis.sentences.slice(0, 100);
    const alone = await service.post('/models/clinical-ner/predict', {
      inputs: some.map(({ start, end }) => ({ text: codePoints(pages, start, end) })),
    });
    const { predictions } = await json<{ predictions: { entities: Entity[] }[] }>(alone);
    const expected = predictions.flatMap(({ entities }, i) =>
      entities.map(({ text, score }) => ({ text, score, sentence: i })),
    );
    const found = analysis.entities
      .filter(({ sentence }) => sentence < some.length)
      .map(({ text, score, sentence }) => ({ text, score, sentence }));
    expect(found).toEqual(expected);
  });

  it('reads what is in no Latin letters, and says that it was not made for it', async () => {
    const analysis = await analyze({ text: '患者は胸痛を訴えている。熱はない。' });
    expect(analysis.warnings).toEqual([expect.stringContaining('not in Latin letters')]);
  });

  it('reads a sentence without an end in parts', async () => {
    const text = `She reports ${'chest pain, fever, cough, '.repeat(400)}and no nausea`;
    const analysis = await analyze({ text });
    expectSoundOffsets(text, analysis);
    expect(analysis.sentences.length).toBeGreaterThan(3);
    expect(analysis.warnings).toEqual([expect.stringContaining('read in parts')]);
  });

  it.each<[object, number, string, string | undefined]>([
    [{ text: '' }, 422, 'VALIDATION_ERROR', 'text'],
    [{ text: ' \n--' }, 422, 'VALIDATION_ERROR', 'text'],
    [{}, 422, 'VALIDATION_ERROR', 'text'],
    [{ text: 'No fever.', format: 'fhir' }, 422, 'VALIDATION_ERROR', 'format'],
    [{ text: 'No fever.', assertion_types: ['X'] }, 422, 'VALIDATION_ERROR', 'assertion_types[0]'],
    [{ text: 'Roe '.repeat(50_001) }, 422, 'TEXT_TOO_LONG', 'text'],
    [{ text: 'Roe '.repeat(300_000) }, 413, 'PAYLOAD_TOO_LARGE', undefined],
  ])('refuses a bad request clearly (case %#)', async (body, status, code, field) => {
    const { response, problem } = await refused(body);
    expect([response.status, problem.error_code]).toEqual([status, code]);
    expect(problem.errors?.[0]?.field).toBe(field);
    expect(JSON.stringify(problem)).not.toContain('Roe');
  });

  it('keeps to the deadline, lets go of a note whose reader has left, and answers the next', async () => {
    const text = 'No fever, but Mr. Roe reports a cough and chest pain. '.repeat(3_500);
    const { response, problem } = await refused({ text }, { 'x-request-timeout-ms': '200' });
    expect([response.status, problem.error_code]).toEqual([504, 'INFERENCE_TIMEOUT']);

    const left = fetch(`${service.url}/notes/analyze`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
      signal: AbortSignal.timeout(400),
    });
    await expect(left).rejects.toThrow();
    const started = performance.now();
    expect((await analyze({ text: 'No fever.' })).sentences).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(service.output).not.toContain('Roe');
  });
});

describe('a service without the model that finds entities', () => {
  it('says that notes cannot be read here, and why', async () => {
    const other = await Service.start({ MODELS: 'clinical-assertion', LANES: '1' });
    try {
      const response = await other.post('/notes/analyze', { text: 'No fever.' });
      const problem = await json<Problem>(response);
      expect([response.status, problem.error_code]).toEqual([503, 'MODEL_NOT_READY']);
      expect(problem.detail).toContain('clinical-ner');
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await other.post('/predict', { sentence: 'No fever.' })).status).toBe(200);
    } finally {
      await other.stop();
    }
  });
});
