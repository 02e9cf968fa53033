import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DomainError } from '@app/common';
import { Lifecycle } from '@app/health';
import { ModelPool, RUNTIME, Scheduler, type Runtime } from '@app/inference';
import { PublicOnLoopback } from '../../http/guards/access.decorators.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { roundMs } from '../predictions/prediction-reply.js';
import { GpuHealthResponse, GpuStatsResponse } from './gpu.dto.js';

/** A queue of more batches than this is more than a device can catch up with. */
const MAX_BATCHES_WAITING = 10;

@ApiTags('health')
@Controller('gpu')
@PublicOnLoopback('ops:read')
export class GpuController {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly scheduler: Scheduler,
    private readonly pool: ModelPool,
    private readonly lifecycle: Lifecycle,
  ) {}

  @Get('stats')
  @ApiOperation({
    summary: 'Device in use, lanes, queue and batches (also when the device is a CPU)',
  })
  @ApiOkResponse({ type: GpuStatsResponse })
  stats(): GpuStatsResponse {
    const runtime = this.runtime.stats();
    const queue = this.scheduler.stats();
    const upMs = Date.now() - this.lifecycle.startedAt;
    return {
      device: runtime.device,
      models: Object.entries(runtime.models).map(([model, { provider, skipped }]) => ({
        model,
        provider,
        skipped: [...skipped],
      })),
      lanes: runtime.lanes.map((lane) => ({
        id: lane.id,
        pid: lane.pid,
        state: lane.state,
        restarts: lane.restarts,
        last_exit: lane.lastExit,
        memory_bytes: lane.memoryBytes,
        in_flight: lane.inFlight,
        batches: lane.batches,
        utilization: Math.round((1000 * lane.busyMs) / upMs) / 1000,
      })),
      queue: {
        interactive_requests: queue.interactive.items,
        interactive_tokens: queue.interactive.tokens,
        bulk_requests: queue.bulk.items,
        bulk_tokens: queue.bulk.tokens,
        bulk_waiting: queue.bulk.atGate,
        oldest_ms: roundMs(queue.oldestMs),
        mean_age_ms: roundMs(queue.meanAgeMs),
      },
      batches: queue.batches,
      items: queue.items,
      mean_batch_size: roundMs(queue.meanBatchSize),
      padding_waste: roundMs(queue.paddingWaste),
    };
  }

  @Get('health')
  @ApiOperation({
    summary: 'Does the device keep up? 503 when more than ten batches of interactive requests wait',
  })
  @ApiOkResponse({ type: GpuHealthResponse })
  @ApiProblems('OVERLOADED')
  health(): GpuHealthResponse {
    const { interactive, bulk } = this.scheduler.stats();
    const budgets = this.pool.list().map((model) => model.scheduled.budget.maxBatchTokens);
    // The bulk queue is kept full as long as a job runs.
    const batchesWaiting = interactive.tokens / Math.min(Infinity, ...budgets);
    if (batchesWaiting > MAX_BATCHES_WAITING) {
      const detail = `About ${Math.ceil(batchesWaiting)} batches wait; more than ${MAX_BATCHES_WAITING} is unhealthy.`;
      throw new DomainError('OVERLOADED', detail, { retryAfterSeconds: 1 });
    }
    return {
      status: 'healthy',
      queue_size: interactive.items + bulk.items,
      batches_waiting: roundMs(batchesWaiting),
    };
  }
}
