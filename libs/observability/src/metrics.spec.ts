import type { PredictionEvent } from '@app/common';
import { Metrics } from './metrics.js';

const EVENT: PredictionEvent = {
  predictionId: 'p',
  tenantId: 't',
  principalId: 'u',
  requestId: 'r',
  model: 'assertion',
  version: '1.0.0',
  task: 'assertion',
  label: 'ABSENT',
  score: 0.93,
  tokens: 12,
  queueMs: 20,
  runMs: 30,
  batchSize: 4,
  batchTokens: 64,
  paddingWaste: 0.05,
};

describe('Metrics', () => {
  let metrics: Metrics;
  beforeEach(() => (metrics = new Metrics({ process: false })));

  /** The sample lines of one metric. */
  async function samples(name: string): Promise<string[]> {
    const text = await metrics.render();
    return text.split('\n').filter((line) => line.startsWith(name));
  }

  it('counts and times requests by method, route and status', async () => {
    const request = { method: 'POST', route: '/predict', status: 200, seconds: 0.003 };
    metrics.http.observe(request);
    metrics.http.observe({ ...request, seconds: 2 });
    metrics.http.observe({ ...request, status: 422 });

    const labels = 'method="POST",route="/predict",status="200"';
    expect(await samples('http_requests_total')).toEqual([
      `http_requests_total{${labels}} 2`,
      'http_requests_total{method="POST",route="/predict",status="422"} 1',
    ]);
    const durations = await samples('http_request_duration_seconds');
    expect(durations).toContain(`http_request_duration_seconds_sum{${labels}} 2.003`);
    expect(durations).toContain(`http_request_duration_seconds_bucket{le="0.005",${labels}} 1`);
  });

  it('folds routes beyond 200 into one', async () => {
    for (let i = 0; i < 300; i++) {
      metrics.http.observe({ method: 'GET', route: `/r${i}`, status: 200, seconds: 0 });
    }
    const counted = await samples('http_requests_total');
    expect(counted).toHaveLength(201);
    expect(counted).toContain('http_requests_total{method="GET",route="other",status="200"} 100');
  });

  it('counts predictions by label and band, and times their waiting and their whole', async () => {
    metrics.onPrediction(EVENT);
    metrics.onPrediction({ ...EVENT, score: 0.3 });
    metrics.onPrediction({ ...EVENT, label: undefined, score: undefined });

    const model = 'model="assertion",version="1.0.0"';
    expect((await samples('model_predictions_total')).sort()).toEqual([
      `model_predictions_total{${model},label="ABSENT",confidence_band="0.0-0.5"} 1`,
      `model_predictions_total{${model},label="ABSENT",confidence_band="0.9-1.0"} 1`,
      `model_predictions_total{${model},label="none",confidence_band="none"} 1`,
    ]);
    expect(await samples('inference_queue_seconds_sum')).toEqual([
      `inference_queue_seconds_sum{${model}} 0.06`,
    ]);
    const [total] = await samples('inference_total_seconds_sum');
    expect(Number(total?.split(' ')[1])).toBeCloseTo(0.15);
  });

  it('puts each score into its band', async () => {
    for (const score of [0, 0.5, 0.7, 0.9, 1]) metrics.onPrediction({ ...EVENT, score });
    const counts = (await samples('model_predictions_total')).map((line) =>
      line.replace(/.*confidence_band="(.*)"} /, '$1: '),
    );
    expect(counts.sort()).toEqual(['0.0-0.5: 1', '0.5-0.7: 1', '0.7-0.9: 1', '0.9-1.0: 2']);
  });

  it('describes batches by model and version, and counts failed ones apart', async () => {
    const batch = {
      model: 'assertion@1.0.0',
      size: 6,
      paddedTokens: 120,
      paddingWaste: 0.08,
      runMs: 4,
      ok: true,
    };
    metrics.inference.observeBatch(batch);
    metrics.inference.observeBatch({ ...batch, ok: false });

    const model = 'model="assertion",version="1.0.0"';
    const text = await metrics.render();
    for (const line of [
      `inference_batch_size_sum{${model}} 6`,
      `inference_batch_tokens_sum{${model}} 120`,
      `inference_padding_waste_ratio_sum{${model}} 0.08`,
      `inference_run_seconds_sum{${model}} 0.004`,
      `inference_run_seconds_count{${model}} 1`,
      `inference_failed_batches_total{${model}} 1`,
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('reads the queue when asked, by priority', async () => {
    let items = 3;
    metrics.inference.readQueueFrom(() => ({
      interactive: { items, tokens: 90 },
      bulk: { items: 7, tokens: 700 },
    }));
    expect(await samples('inference_queue_tokens')).toEqual([
      'inference_queue_tokens{priority="interactive"} 90',
      'inference_queue_tokens{priority="bulk"} 700',
    ]);
    items = 5;
    expect(await samples('inference_queue_requests')).toEqual([
      'inference_queue_requests{priority="interactive"} 5',
      'inference_queue_requests{priority="bulk"} 7',
    ]);
  });

  it('tells the provider in use now, and nothing of an unloaded model', async () => {
    metrics.inference.setProvider('assertion@1.0.0', 'cuda');
    metrics.inference.setProvider('assertion@1.0.0', 'cpu');
    expect(await samples('execution_provider_info')).toEqual([
      'execution_provider_info{model="assertion",version="1.0.0",provider="cpu"} 1',
    ]);
    metrics.inference.setProvider('assertion@1.0.0', null);
    expect(await samples('execution_provider_info')).toEqual([]);
  });

  it('counts refusals and lane restarts', async () => {
    metrics.inference.countRefusal('queue_full');
    metrics.inference.countLaneRestart(1);
    metrics.inference.countLaneRestart(1);
    expect(await samples('inference_refused_total')).toEqual([
      'inference_refused_total{reason="queue_full"} 1',
    ]);
    expect(await samples('lane_restarts_total')).toEqual(['lane_restarts_total{lane="1"} 2']);
  });

  it('includes the process unless told otherwise', async () => {
    metrics = new Metrics();
    const text = await metrics.render();
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
    expect(metrics.contentType).toMatch(/^text\/plain/);
  });
});
