import { Metrics } from './metrics.js';
import type { WorkLoad } from './work-metrics.js';

const LOAD: WorkLoad = {
  jobs: { pending: 2, processing: 1, completed: 0, failed: 3, cancelled: 0 },
  slices: { waiting: 40, admitted: 2, running: 2 },
  oldestWaitingSeconds: 12.5,
  workers: 2,
  slots: 4,
  deliveries: [{ kind: 'webhook', state: 'failed', count: 5 }],
  due: 1,
  oldestDueSeconds: 3,
};

describe('WorkMetrics', () => {
  it('tells what the readings say, and how old they are', async () => {
    const metrics = new Metrics({ process: false });
    let load = { value: LOAD, ageMs: 1_500 };
    metrics.work.readFrom({
      load: async () => load,
      entries: async () => ({ value: { deliveries: { waiting: 7, failed: 1 } }, ageMs: 0 }),
    });
    const text = await metrics.render();
    for (const line of [
      'jobs{status="pending"} 2',
      'jobs{status="completed"} 0',
      'job_slices{state="running"} 2',
      'job_slices_oldest_waiting_seconds 12.5',
      'job_workers 2',
      'job_worker_slots 4',
      'deliveries{kind="webhook",state="failed"} 5',
      'deliveries_due 1',
      'deliveries_oldest_due_seconds 3',
      'queue_entries{queue="deliveries",state="waiting"} 7',
      'work_reading_age_seconds{source="database"} 1.5',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    load = { value: { ...LOAD, deliveries: [] }, ageMs: 0 };
    expect(await metrics.render()).not.toContain('deliveries{kind=');
  });

  it('counts items, ends and attempts', async () => {
    const metrics = new Metrics({ process: false });
    metrics.work.countItems(50, 2);
    metrics.work.countFinished('completed');
    metrics.work.countAttempt('webhook', 'retry');
    const text = await metrics.render();
    expect(text).toContain('job_items_total{result="succeeded"} 48\n');
    expect(text).toContain('job_items_total{result="failed"} 2\n');
    expect(text).toContain('jobs_finished_total{status="completed"} 1\n');
    expect(text).toContain('delivery_attempts_total{kind="webhook",outcome="retry"} 1\n');
  });

  it('says nothing of what has never been read', async () => {
    const metrics = new Metrics({ process: false });
    metrics.work.readFrom({ load: async () => null, entries: async () => null });
    expect(await metrics.render()).not.toMatch(/^(jobs|queue_entries)\{/m);
  });
});
