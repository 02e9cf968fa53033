import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Logger } from './logger.js';
import { Metrics } from './metrics.js';

/** Injection token of the process's logger. */
export const LOGGER = Symbol('LOGGER');

export interface ObservabilityOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Gives every module the logger and the metrics, which exist before Nest does. */
@Module({})
export class ObservabilityModule {
  static forRoot({ logger, metrics }: ObservabilityOptions): DynamicModule {
    return {
      module: ObservabilityModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: Metrics, useValue: metrics },
      ],
      exports: [LOGGER, Metrics],
    };
  }
}
