import { Module, type DynamicModule } from '@nestjs/common';
import { AuditLog } from '@app/audit';
import { Database } from '@app/database';
import { JobFiles, Jobs } from '@app/jobs';
import { OpenStreams } from '../../http/streams/open-streams.js';
import { FilesController } from '../files/files.controller.js';
import { FilesService } from '../files/files.service.js';
import { JobEventsService } from './job-events.service.js';
import { JobIntake } from './job-intake.js';
import { JobResultsService } from './job-results.service.js';
import { JOB_CALLBACKS, JOB_ROUTES_OPTIONS } from './job-routes-options.js';
import type { JobCallbacks, JobRoutesOptions } from './job-routes-options.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';

export interface JobsRoutesParts {
  readonly jobs: Jobs;
  readonly files: JobFiles;
  readonly callbacks: JobCallbacks;
  readonly database: Database;
  readonly audit: AuditLog;
  readonly options: JobRoutesOptions;
}

/** The routes of jobs and their files. Needs the ModelRegistryModule and the InferenceModule beside it. */
@Module({})
export class JobsRoutes {
  static register(parts: JobsRoutesParts): DynamicModule {
    return {
      module: JobsRoutes,
      controllers: [JobsController, FilesController],
      providers: [
        JobsService,
        JobIntake,
        JobResultsService,
        JobEventsService,
        FilesService,
        OpenStreams,
        { provide: Jobs, useValue: parts.jobs },
        { provide: JobFiles, useValue: parts.files },
        { provide: JOB_CALLBACKS, useValue: parts.callbacks },
        { provide: JOB_ROUTES_OPTIONS, useValue: parts.options },
        { provide: Database, useValue: parts.database },
        { provide: AuditLog, useValue: parts.audit },
      ],
      exports: [OpenStreams],
    };
  }
}
