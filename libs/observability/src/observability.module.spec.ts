import 'reflect-metadata';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createLogger } from './logger.js';
import type { Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { LOGGER, ObservabilityModule } from './observability.module.js';

@Injectable()
class Feature {
  constructor(
    readonly metrics: Metrics,
    @Inject(LOGGER) readonly logger: Logger,
  ) {}
}

@Module({ providers: [Feature] })
class FeatureModule {}

@Module({})
class RootModule {}

describe('ObservabilityModule', () => {
  it('gives any module the logger and the metrics made before Nest', async () => {
    const logger = createLogger({ level: 'silent' });
    const metrics = new Metrics({ process: false });
    const app = await NestFactory.createApplicationContext(
      {
        module: RootModule,
        imports: [ObservabilityModule.forRoot({ logger, metrics }), FeatureModule],
      },
      { logger: false },
    );
    expect(app.get(Feature, { strict: false })).toMatchObject({ metrics, logger });
    await app.close();
  });
});
