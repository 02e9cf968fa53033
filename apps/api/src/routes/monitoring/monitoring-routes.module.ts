import { Module, type DynamicModule } from '@nestjs/common';
import { Monitoring } from '@app/monitoring';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringService } from './monitoring.service.js';
import { OperationsController } from './operations.controller.js';
import { OperationsService } from './operations.service.js';
import { TEXT_READS, type TextReads } from './text-reads.js';

/** The routes that tell of predictions and requests. Needs the ModelRegistryModule beside it. */
@Module({})
export class MonitoringRoutes {
  static register(monitoring: Monitoring, textReads: TextReads): DynamicModule {
    return {
      module: MonitoringRoutes,
      controllers: [MonitoringController, OperationsController],
      providers: [
        MonitoringService,
        OperationsService,
        { provide: Monitoring, useValue: monitoring },
        { provide: TEXT_READS, useValue: textReads },
      ],
    };
  }
}
