import { loadConfig } from '@app/config';
import { InferenceService, type InferenceAnswer, type InferenceRequest } from '@app/inference';
import { createApp } from '../../apps/api/src/create-app.js';
import { shutDown } from '../../apps/api/src/shutdown.js';
import { NoopRuntime } from './noop-runtime.js';

const RESULT = {
  row: new Float32Array(3),
  queueMs: 0,
  runMs: 0,
  batchSize: 1,
  batchTokens: 1,
  paddingWaste: 0,
};

/**
 * The real service without a model. An argument `route` leaves the HTTP route alone
 * (guard, validation, answer, headers, metrics); otherwise only the runtime
 * computes nothing, and tokens, scheduler and batches are as they are.
 */
const config = loadConfig();
const service = await createApp(config, { runtime: new NoopRuntime() });
process.on('SIGTERM', () => {
  void shutDown(service).then(() => process.exit(0));
});
await service.app.listen(config.http.port, config.http.host);
await service.start();
if (process.argv.includes('route')) {
  Object.assign(service.app.get(InferenceService), { predict: answerAtOnce });
}

function answerAtOnce({ inputs }: InferenceRequest): Promise<InferenceAnswer> {
  const [served] = service.pool.list();
  if (!served) throw new Error('no model is loaded');
  const probabilities = { PRESENT: 1, ABSENT: 0, POSSIBLE: 0 };
  return Promise.resolve({
    model: served.manifest,
    items: inputs.map(() => ({
      predictionId: '01a1fd7f-8894-72a1-ad57-6dc79665ea75',
      prediction: {
        label: 'PRESENT',
        score: 1,
        modelLabel: 'PRESENT',
        probabilities,
        warnings: [],
      },
      result: RESULT,
    })),
  });
}
