import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, Service } from '../support/service.js';
import { shippedVersion } from '../support/shipped-models.js';

const VERSION = shippedVersion('clinical-assertion');

const json = async <T>(response: Response): Promise<T> => (await response.json()) as T;

describe('operations', () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start();
    await service.post('/predict', { sentence: 'No fever.' });
  });
  afterAll(async () => {
    await service.stop();
  });
  const get = (path: string) => fetch(service.url + path);

  it('reports its health as System A did', async () => {
    const response = await get('/health');
    expect(response.status).toBe(200);
    const check = {
      status: expect.stringMatching(/^(healthy|degraded|unhealthy)$/),
      message: expect.any(String),
      response_time_ms: expect.any(Number),
      last_checked: expect.stringMatching(/^\d{4}-.*Z$/),
    };
    expect(await response.json()).toEqual({
      status: expect.any(String),
      model_loaded: true,
      timestamp: expect.stringMatching(/Z$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      uptime_seconds: expect.any(Number),
      checks: {
        model: check,
        queue: check,
        jobs: check,
        database: check,
        memory: check,
        disk: check,
      },
    });
  });

  it('answers orchestrators', async () => {
    for (const probe of ['live', 'ready', 'startup']) {
      const response = await get(`/health/${probe}`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ status: 'ok' });
    }
  });

  it('lists models for its own clients and for OpenAI’s', async () => {
    const list = await json<{ data: unknown[] }>(await get('/v1/models'));
    expect(list).toMatchObject({ object: 'list' });
    expect(list.data).toContainEqual(
      expect.objectContaining({ id: 'clinical-assertion', object: 'model', task: 'assertion' }),
    );
    expect(await json(await get('/models/clinical-assertion'))).toMatchObject({
      name: 'clinical-assertion',
      versions: [{ status: 'stable', loaded: true, device: 'cpu', max_tokens: 512 }],
    });
    const missing = await get('/models/no-such-model');
    expect(missing.status).toBe(404);
    expect(await json(missing)).toMatchObject({
      error_code: 'MODEL_NOT_FOUND',
      detail: expect.stringContaining('clinical-assertion'),
    });
  });

  it('predicts by model and version', async () => {
    for (const path of ['', `/versions/${VERSION}`]) {
      const response = await service.post(`/models/clinical-assertion${path}/predict`, {
        inputs: [
          { text: 'She denies cough.', entity: 'cough' },
          { sentence: 'Possible pneumonia.' },
        ],
        options: { return_probabilities: true },
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        predictions: [
          {
            label: 'ABSENT',
            score: expect.any(Number),
            probabilities: { ABSENT: expect.any(Number) },
          },
          { label: 'POSSIBLE', prediction_id: expect.any(String) },
        ],
        model: 'clinical-assertion',
        model_version: VERSION,
        warnings: [],
      });
    }
    const wrong = await service.post('/models/clinical-assertion/predict', {
      inputs: [{ text: 'x', entity: 'x' }, { text: '' }],
    });
    expect((await json<{ errors: { field: string }[] }>(wrong)).errors[0]!.field).toBe(
      'inputs[1].text',
    );
  });

  it('shows the device, its lanes and its queue', async () => {
    expect(await json(await get('/gpu/stats'))).toMatchObject({
      device: 'cpu',
      models: expect.arrayContaining([
        {
          model: expect.stringMatching(/^clinical-assertion@/),
          provider: 'cpu',
          skipped: [],
        },
        { model: expect.stringMatching(/^clinical-ner@/), provider: 'cpu', skipped: [] },
      ]),
      lanes: expect.arrayContaining([expect.objectContaining({ state: 'ready', restarts: 0 })]),
      queue: { interactive_requests: 0, bulk_waiting: 0 },
      padding_waste: expect.any(Number),
    });
    expect(await json(await get('/gpu/health'))).toMatchObject({
      status: 'healthy',
      queue_size: 0,
    });
  });

  it('exposes metrics without unbounded labels', async () => {
    for (let i = 0; i < 20; i++) await get(`/no/such/path/${i}`);
    const text = await (await get('/metrics')).text();
    for (const line of [
      /^http_requests_total\{method="POST",route="\/predict",status="200"\} \d+$/m,
      /^http_request_duration_seconds_bucket\{.*route="\/predict".*\} \d+$/m,
      /^model_predictions_total\{model="clinical-assertion",version="[\d.]+",label="\w+",confidence_band="[\d.-]+"\} \d+$/m,
      /^inference_queue_requests\{priority="interactive"\} 0$/m,
      /^inference_queue_tokens\{priority="bulk"\} 0$/m,
      /^inference_batch_tokens_count\{.*\} \d+$/m,
      /^inference_padding_waste_ratio_sum\{.*\}/m,
      /^execution_provider_info\{model="clinical-assertion",version="[\d.]+",provider="cpu"\} 1$/m,
      /^nodejs_eventloop_lag_p99_seconds /m,
      /^http_requests_total\{method="GET",route="unmatched",status="404"\} 20$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toContain('/no/such/path');
  });

  it('documents itself', async () => {
    const document = await json<{ paths: Record<string, unknown> }>(await get('/openapi.json'));
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/predict', '/predict/batch', '/models/{name}/predict', '/health']),
    );
    for (const page of ['/docs', '/redoc']) {
      const response = await get(page);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/html/);
      expect(await response.text()).not.toMatch(/(src|href)="https?:/);
    }
  });

  it('says which method a path takes', async () => {
    const response = await get('/predict');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toContain('POST');
  });
});

describe('with keys required', () => {
  it('lets in the key, and nobody else, by either header', async () => {
    const key = 'test-key-0123456789abcdef';
    const service = await Service.start({ API_KEY: key, REQUIRE_API_KEY: 'true' });
    const ask = (headers: Record<string, string>) =>
      service.post('/predict', { sentence: 'No fever.' }, headers);
    expect((await ask({ authorization: `Bearer ${key}` })).status).toBe(200);
    expect((await ask({ 'x-api-key': key })).status).toBe(200);
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'x-api-key': `${key}x` }]) {
      const response = await ask(headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    }
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    expect(service.output).not.toContain(key);
    await service.stop();
  });
});

describe('a start that must not succeed', () => {
  const start = async (env: Record<string, string>) => {
    const child = spawn(process.execPath, [join(process.cwd(), 'dist/apps/api/src/main.js')], {
      env: { PATH: process.env.PATH, PORT: String(await freePort()), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'exit')) as [number];
    return { code, output };
  };

  it.each([
    [
      'open to the network without keys',
      { HOST: '0.0.0.0', REQUIRE_API_KEY: 'false' },
      /REQUIRE_API_KEY.*ENVIRONMENT=development/,
    ],
    [
      'production without a database and key of its own',
      { ENVIRONMENT: 'production' },
      /DATABASE_URL[^]*ENCRYPTION_KEY/,
    ],
    ['an unknown model', { MODELS: 'nope' }, /nope.*clinical-assertion@/],
    ['a port that makes no sense', { PORT: 'eighty' }, /PORT/],
  ])('%s: says what to change', async (_, env, message) => {
    const { code, output } = await start(env);
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/^\s+at /m);
  });

  it('a port in use: says so', async () => {
    const service = await Service.start();
    const { code, output } = await start({ PORT: new URL(service.url).port });
    expect(code).toBe(1);
    expect(output).toMatch(/in use/);
    await service.stop();
  });
});
