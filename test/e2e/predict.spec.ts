import { Service } from '../support/service.js';
import { shippedVersion } from '../support/shipped-models.js';

interface Prediction {
  request_id: string;
  label: string;
  score: number;
  probabilities?: Record<string, number>;
  [field: string]: unknown;
}

interface Problem {
  error_code: string;
  errors: { field: string }[];
}

const json = async <T>(response: Response): Promise<T> => (await response.json()) as T;

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(async () => {
  await service.stop();
});

const predict = async (body: unknown): Promise<Prediction> => {
  const response = await service.post('/predict', body);
  if (!response.ok) throw new Error(await response.text());
  return json<Prediction>(response);
};

describe('POST /predict', () => {
  it.each([
    ['The patient denies any chest pain.', 'chest pain', 'ABSENT'],
    ['Possible pneumonia in the left lower lobe.', undefined, 'POSSIBLE'],
    ['Possible pneumonia in the left lower lobe.', 'pneumonia', 'POSSIBLE'],
    ['She has a history of asthma.', undefined, 'PRESENT'],
    ['No fever, but she reports cough.', 'fever', 'ABSENT'],
    ['No fever, but she reports cough.', 'cough', 'PRESENT'],
  ])('%s (%s) is %s', async (sentence, entity, label) => {
    expect((await predict({ sentence, entity })).label).toBe(label);
  });

  it('answers every field that System A clients read', async () => {
    const response = await service.post('/predict', {
      sentence: 'The patient denies any chest pain.',
      entity: { start: 23, end: 33 },
      return_probabilities: true,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      label: 'ABSENT',
      score: expect.any(Number),
      model_label: 'ABSENT',
      prediction_time_ms: expect.any(Number),
      request_id: expect.stringMatching(/^req-\w+-\w+$/),
      model_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      prediction_id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
      probabilities: {
        PRESENT: expect.any(Number),
        ABSENT: expect.any(Number),
        POSSIBLE: expect.any(Number),
      },
    });
    expect(response.headers.get('x-request-id')).toMatch(/^req-\w+-\w+$/);
    expect(Number(response.headers.get('x-process-time'))).toBeGreaterThan(0);
    expect(response.headers.get('server-timing')).toMatch(/queue;dur=.*run;dur=.*total;dur=/);
    expect(response.headers.get('x-model-version')).toMatch(/^\d/);
  });

  it('takes the entity by string, offsets in either unit, or markers, to the same answer', async () => {
    const sentence = 'Café 😀: denies chest pain.';
    const start = Array.from(sentence.slice(0, sentence.indexOf('chest'))).length;
    const ways = [
      { sentence, entity: 'chest pain' },
      { text: sentence, entity: { start, end: start + 10 } },
      { sentence, entity: { start: start + 1, end: start + 11 }, offset_unit: 'utf16' },
      { sentence: 'Café 😀: denies [entity] chest pain [entity].' },
    ];
    const answers = await Promise.all(
      ways.map((body) => predict({ ...body, return_probabilities: true })),
    );
    for (const answer of answers) expect(answer.probabilities).toEqual(answers[0]!.probabilities);
  });

  it('answers bare, under /v1 and under /api/v1', async () => {
    for (const prefix of ['', '/v1', '/api/v1']) {
      const response = await service.post(`${prefix}/predict`, { sentence: 'No fever.' });
      expect(response.status).toBe(200);
    }
    expect((await service.post('/v2/predict', { sentence: 'No fever.' })).status).toBe(404);
  });

  it('keeps a client’s own request id in the headers and a conforming one in the body', async () => {
    const response = await service.post(
      '/predict',
      { sentence: 'No fever.' },
      { 'x-request-id': 'abc.1' },
    );
    expect(response.headers.get('x-request-id')).toBe('abc.1');
    expect((await json<Prediction>(response)).request_id).toBe('req-client-abc_1');
  });

  const longText = 'word '.repeat(600);

  it.each([
    [{}, 422, 'VALIDATION_ERROR', 'sentence'],
    [{ sentence: '   ' }, 422, 'VALIDATION_ERROR', 'sentence'],
    [{ sentence: 'a', text: 'a' }, 422, 'VALIDATION_ERROR', 'sentence'],
    [{ sentence: 'No fever.', entity: 'cough' }, 422, 'ENTITY_NOT_FOUND', 'entity'],
    [
      { sentence: 'No fever.', entity: { start: 3, end: 99 } },
      422,
      'VALIDATION_ERROR',
      'entity.end',
    ],
    [{ sentence: longText }, 422, 'TEXT_TOO_LONG', 'sentence'],
    [{ text: longText }, 422, 'TEXT_TOO_LONG', 'text'],
    [{ sentence: 'No fever.', sentense: 1 }, 422, 'VALIDATION_ERROR', undefined],
  ])('refuses a bad request clearly (case %#)', async (body, status, code, field) => {
    const response = await service.post('/predict', body);
    const problem = await json<Problem>(response);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ status, error_code: code });
    if (field) expect(problem.errors[0]!.field).toBe(field);
  });

  it('cuts an over-long sentence when asked to, and says so', async () => {
    const answer = await predict({ sentence: `No fever. ${'word '.repeat(600)}`, truncate: true });
    expect(answer.warnings).toHaveLength(1);
  });

  it('names the versions there are when an unknown one is asked for', async () => {
    const inBody = await service.post('/predict', {
      sentence: 'No fever.',
      model_version: '9.9.9',
    });
    const inHeader = await service.post(
      '/predict',
      { sentence: 'No fever.' },
      { 'x-model-version': '9.9.9' },
    );
    for (const response of [inBody, inHeader]) {
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error_code: 'UNKNOWN_MODEL_VERSION',
        detail: expect.stringContaining(shippedVersion('clinical-assertion')),
      });
    }
    const inPath = await service.post('/models/clinical-assertion/versions/9.9.9/predict', {
      inputs: [{ text: 'No fever.' }],
    });
    expect(inPath.status).toBe(404);
  });

  it('never repeats a patient’s text in an error', async () => {
    const secret = 'Jane Roe 555-12-3456';
    for (const body of [
      { sentence: secret, entity: 'cough' },
      { sentence: { [secret]: 1 } },
      { sentence: `${secret} `.repeat(400) },
      { sentence: 'x', entity: secret },
    ]) {
      const text = await (await service.post('/predict', body)).text();
      expect(text).toContain('error_code');
      expect(text).not.toContain('Roe');
    }
    expect(service.output).not.toContain('Roe');
  });
});

describe('POST /predict/batch', () => {
  it('answers in order, each exactly as if it were alone', async () => {
    const sentences = Array.from({ length: 100 }, (_, i) =>
      i % 3 === 0
        ? { sentence: `No fever on day ${i}, but she reports cough.`, entity: 'cough' }
        : `Day ${i}: ${'the patient was seen, '.repeat(i % 7)}possible pneumonia.`,
    );
    const response = await service.post('/predict/batch', {
      sentences,
      return_probabilities: true,
    });
    const batch = await json<{ predictions: Prediction[] }>(response);
    expect(batch).toMatchObject({
      batch_size: 100,
      total_prediction_time_ms: expect.any(Number),
      request_id: expect.stringMatching(/^req-\w+-\w+$/),
    });
    const alone = await Promise.all(
      sentences.map((item) =>
        predict({
          ...(typeof item === 'string' ? { sentence: item } : item),
          return_probabilities: true,
        }),
      ),
    );
    const probabilities = (list: Prediction[]) => list.map((p) => p.probabilities);
    expect(probabilities(batch.predictions)).toEqual(probabilities(alone));
  });

  it('fails as a whole and names the item when one is wrong', async () => {
    const sentences = ['No fever.', 'No cough.', { sentence: 'No rash.', entity: 'edema' }];
    const response = await service.post('/predict/batch', { sentences });
    expect(response.status).toBe(422);
    const { errors } = await json<Problem>(response);
    expect(errors[0]!.field).toBe('sentences[2].entity');
    const blank = await service.post('/predict/batch', { sentences: ['No fever.', ''] });
    expect((await json<Problem>(blank)).errors[0]!.field).toBe('sentences[1]');
  });

  it('refuses more sentences than the limit', async () => {
    const sentences = Array.from({ length: 101 }, () => 'No fever.');
    const response = await service.post('/predict/batch', { sentences });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error_code: 'BATCH_TOO_LARGE' });
  });
});

describe('the same sentence under any load', () => {
  it('gets bit-identical probabilities', async () => {
    const body = { sentence: 'CT cannot rule out pulmonary embolism.', return_probabilities: true };
    const { probabilities } = await predict(body);
    const noise = Array.from({ length: 300 }, (_, i) =>
      predict({ sentence: `${'She was seen and examined. '.repeat(1 + (i % 12))}No fever.` }),
    );
    const asked = await Promise.all(Array.from({ length: 200 }, () => predict(body)));
    await Promise.all(noise);
    for (const answer of asked) expect(answer.probabilities).toEqual(probabilities);
  });
});
