import { setTimeout as sleep } from 'node:timers/promises';
import { ServerEventReader } from './server-events.js';
import type { ServiceClient } from './service-client.js';

/** What the service tells of a job. */
export interface JobState {
  readonly status: 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';
  readonly progress: JobProgress;
  readonly queue_position?: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface JobProgress {
  readonly current: number;
  readonly total: number;
  readonly failed: number;
  readonly percent: number;
  readonly items_per_second: number | null;
  readonly eta_seconds: number | null;
}

/** Nothing comes after these. */
const LAST_EVENTS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);
const POLL_MS = 2_000;
/** The service gives a sign of life every 15 s. */
const SILENCE_MS = 40_000;

/**
 * Follows a job to its end: by its stream of events, taken up again when it
 * breaks, and by asking in between and where there is no stream.
 *
 * @throws BatchError when the service knows no such job, or stays away too long
 */
export async function followJob(
  client: ServiceClient,
  jobId: string,
  onProgress: (progress: JobProgress, queuePosition: number | null) => void,
): Promise<JobState> {
  const place = { lastEventId: '' };
  for (;;) {
    const job = await client.json<JobState>(`/jobs/${jobId}`);
    onProgress(job.progress, job.queue_position ?? null);
    if (job.status !== 'pending' && job.status !== 'processing') return job;
    const ended = await readEvents(client, jobId, place, onProgress).catch(() => false);
    // What is wrong with the service is told by the next question.
    if (!ended) await sleep(POLL_MS);
  }
}

/** @param place where to go on; kept up to date @returns whether the job's last event has come */
async function readEvents(
  client: ServiceClient,
  jobId: string,
  place: { lastEventId: string },
  onProgress: (progress: JobProgress, queuePosition: number | null) => void,
): Promise<boolean> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const answer = await client.once(`/jobs/${jobId}/events`, {
      headers: { accept: 'text/event-stream', 'last-event-id': place.lastEventId },
      signal: silence.signal,
    });
    const type = answer.headers.get('content-type') ?? '';
    if (!answer.ok || !type.startsWith('text/event-stream') || answer.body === null) {
      await answer.body?.cancel();
      return false;
    }
    const reader = new ServerEventReader();
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      for (const { id, event, data } of reader.push(text)) {
        place.lastEventId = id;
        const told = JSON.parse(data) as Partial<Pick<JobState, 'progress' | 'queue_position'>>;
        if (told.progress) onProgress(told.progress, told.queue_position ?? null);
        if (LAST_EVENTS.has(event)) return true;
      }
    }
    return false;
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
