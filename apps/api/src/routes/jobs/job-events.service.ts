import { Inject, Injectable, type StreamableFile } from '@nestjs/common';
import { DomainError } from '@app/common';
import { Jobs, type JobEvent, type JobProgress } from '@app/jobs';
import type { EdgeResponse } from '../../http/adapter/exchange.js';
import { eventStream, type ServerEvent } from '../../http/streams/event-stream.js';
import { OpenStreams } from '../../http/streams/open-streams.js';
import { orSilence } from '../../http/streams/or-silence.js';
import { JOB_ROUTES_OPTIONS, type JobRoutesOptions } from './job-routes-options.js';
import { toProgress, type JobCall } from './jobs.service.js';

const HEARTBEAT_MS = 15_000;
const POSITION_MS = 5_000;

/** Tells what happens to a job as it happens, whichever process it happens in. */
@Injectable()
export class JobEventsService {
  constructor(
    private readonly jobs: Jobs,
    private readonly streams: OpenStreams,
    @Inject(JOB_ROUTES_OPTIONS) private readonly options: JobRoutesOptions,
  ) {}

  /**
   * While the job waits, `queued` is told again without an id when its place has changed.
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
    // Who resumes may be following a job that still waits.
    let waits = true;
    let position: number | null = null;
    for await (const told of orSilence(events, this.options.positionMs ?? POSITION_MS)) {
      if (told === null) {
        if (!waits) continue;
        const job = await this.jobs.get(context.tenantId, id);
        waits = job.status === 'pending';
        if (job.queuePosition === null || job.queuePosition === position) continue;
        position = job.queuePosition;
        yield { event: 'queued', data: dataOf(id, new Date(), job.progress, position) };
        continue;
      }
      const { seq, type, at, progress, error } = told;
      waits = type === 'queued';
      position = waits ? (await this.jobs.get(context.tenantId, id)).queuePosition : null;
      yield {
        id: String(seq),
        event: type,
        data: {
          ...dataOf(id, at, progress, position),
          ...(error !== null && { error }),
          ...(type === 'completed' && { result_url: links.results(id) }),
        },
      };
    }
  }
}

/** @param position null once the job has been started */
function dataOf(id: string, at: Date, progress: JobProgress, position: number | null): object {
  return {
    job_id: id,
    at: at.toISOString(),
    progress: toProgress(progress),
    ...(position !== null && { queue_position: position }),
  };
}

function toSeq(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === '') return 0;
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId);
  throw new DomainError(
    'MALFORMED_REQUEST',
    'Last-Event-ID must be the id of an event of this stream; correct it or leave it out.',
  );
}
