import { Inject, Injectable, type StreamableFile } from '@nestjs/common';
import { DomainError } from '@app/common';
import { Jobs, type JobEvent } from '@app/jobs';
import type { EdgeResponse } from '../../http/adapter/exchange.js';
import { eventStream, type ServerEvent } from '../../http/streams/event-stream.js';
import { OpenStreams } from '../../http/streams/open-streams.js';
import { JOB_ROUTES_OPTIONS, type JobRoutesOptions } from './job-routes-options.js';
import { toProgress, type JobCall } from './jobs.service.js';

const HEARTBEAT_MS = 15_000;

/** Tells what happens to a job as it happens, whichever process it happens in. */
@Injectable()
export class JobEventsService {
  constructor(
    private readonly jobs: Jobs,
    private readonly streams: OpenStreams,
    @Inject(JOB_ROUTES_OPTIONS) private readonly options: JobRoutesOptions,
  ) {}

  /**
   * @param lastEventId of the last event that the caller has, to go on after it
   * @throws DomainError NOT_FOUND, MALFORMED_REQUEST
   */
  async follow(
    id: string,
    lastEventId: string | undefined,
    call: JobCall,
    response: EdgeResponse,
  ): Promise<StreamableFile> {
    const afterSeq = toSeq(lastEventId);
    const { tenantId, signal: client } = call.context;
    await this.jobs.get(tenantId, id);
    const stream = this.streams.start(client);
    const events = this.jobs.events(tenantId, id, { afterSeq, signal: stream.signal });
    const told = this.told(id, events, call);
    return eventStream(response, told, this.options.heartbeatMs ?? HEARTBEAT_MS, () =>
      stream.close(),
    );
  }

  private async *told(
    id: string,
    events: AsyncIterable<JobEvent>,
    { context, links }: JobCall,
  ): AsyncGenerator<ServerEvent> {
    for await (const { seq, type, at, progress, error } of events) {
      const data = { job_id: id, at: at.toISOString(), progress: toProgress(progress) };
      yield {
        id: String(seq),
        event: type,
        data: {
          ...data,
          ...(type === 'queued' && (await this.position(context.tenantId, id))),
          ...(error !== null && { error }),
          ...(type === 'completed' && { result_url: links.results(id) }),
        },
      };
    }
  }

  /** Where the job stands now; nothing once it has been started. */
  private async position(tenantId: string, id: string): Promise<{ queue_position?: number }> {
    const { queuePosition } = await this.jobs.get(tenantId, id);
    return queuePosition === null ? {} : { queue_position: queuePosition };
  }
}

function toSeq(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === '') return 0;
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId);
  throw new DomainError(
    'MALFORMED_REQUEST',
    'Last-Event-ID must be the id of an event of this stream; correct it or leave it out.',
  );
}
