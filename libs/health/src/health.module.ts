import type { Probe } from '@app/common';
import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { HealthService } from './health.service.js';
import { Lifecycle } from './lifecycle.js';

export interface HealthModuleOptions {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  /** Everything whose health is to be reported, in that order. */
  readonly probes: (...dependencies: never[]) => Probe[];
}

const PROBES = Symbol('probes');

@Module({})
export class HealthModule {
  static forRootAsync(options: HealthModuleOptions): DynamicModule {
    return {
      module: HealthModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false })],
      providers: [
        Lifecycle,
        { provide: PROBES, inject: options.inject, useFactory: options.probes },
        {
          provide: HealthService,
          inject: [HealthCheckService, HealthIndicatorService, Lifecycle, PROBES],
          useFactory: (
            terminus: HealthCheckService,
            indicators: HealthIndicatorService,
            lifecycle: Lifecycle,
            probes: Probe[],
          ) => new HealthService(terminus, indicators, lifecycle, probes),
        },
      ],
      exports: [HealthService, Lifecycle],
    };
  }
}
