import { loadConfig } from '@app/config';
import { createApp } from '../../apps/api/src/create-app.js';
import { shutDown } from '../../apps/api/src/shutdown.js';
import { NoopRuntime } from './noop-runtime.js';

/**
 * The real service with a runtime that computes nothing: what is left is HTTP,
 * validation, tokens, the scheduler and the answer.
 */
const config = loadConfig();
const service = await createApp(config, { runtime: new NoopRuntime() });
process.on('SIGTERM', () => {
  void shutDown(service).then(() => process.exit(0));
});
await service.app.listen(config.http.port, config.http.host);
await service.start();
