import type { Transaction } from '@app/database';
import type { JobEvents } from '../events/job-events.js';
import type { JobRow } from '../job.js';
import { SLICE_QUEUE, type JobsParts } from '../jobs-parts.js';
import { jobsRepository } from '../jobs.repository.js';
import { admissionRepository as repository, type Candidate } from './admission.repository.js';
import { chooseFairly, type WaitingTenant } from './fair-choice.js';

/** Slices on their way a slot: one is worked on and the next is there when it ends. */
const SLICES_A_SLOT = 2;
/** How long a slice waits that came back: others get its place meanwhile. */
export const REST_MS = 1_000;
/** Before the first worker has said that it is there. */
const LEAST_SLICES = 2;

/** What has to be done after the commit. */
interface Admitted {
  readonly slices: readonly string[];
  readonly deliveries: readonly string[];
  readonly started: readonly string[];
}

const NOTHING: Admitted = { slices: [], deliveries: [], started: [] };

/**
 * Lets slices to the queue, few at a time and whose turn it is: so a tenant
 * that comes late need not wait for what another has queued before.
 */
export class Admission {
  private running: Promise<void> | null = null;
  private again = false;
  private closed = false;

  constructor(
    private readonly parts: JobsParts,
    private readonly events: JobEvents,
  ) {}

  /** Admits what there is room for, soon; many calls at once are one. */
  soon(): void {
    void this.admit();
  }

  /** As `soon`; resolves when it is done. Never rejects: the sweeper tries again. */
  admit(): Promise<void> {
    this.again = true;
    this.running ??= this.admitAll().finally(() => (this.running = null));
    return this.running;
  }

  /** Admits others at once in the place of a slice that came back, and that one after its rest. */
  cameBack(): void {
    this.soon();
    setTimeout(() => this.soon(), REST_MS).unref();
  }

  /** As `cameBack`, of so many items of which nothing was done: they do not count as had by the tenant. */
  async cameBackUndone({ tenantId, tier }: JobRow, items: number): Promise<void> {
    const { database, weightOf } = this.parts;
    await database.transaction(async (tx) => {
      await repository.lock(tx);
      await repository.credit(tx, tenantId, items / weightOf(tenantId, tier));
    });
    this.cameBack();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async admitAll(): Promise<void> {
    while (this.again && !this.closed) {
      this.again = false;
      try {
        await this.admitOnce();
      } catch (err) {
        this.parts.log.warn({ err }, 'slices of jobs could not be admitted; it is tried again');
      }
    }
  }

  private async admitOnce(): Promise<void> {
    const admitted = await this.parts.database.transaction((tx) => this.choose(tx));
    if (admitted.slices.length === 0) return;
    this.parts.notifier.wake(admitted.deliveries);
    const queue = this.parts.queues.queue(SLICE_QUEUE);
    for (const id of admitted.slices) await queue.add(id);
    for (const jobId of admitted.started) await this.events.announce(jobId);
  }

  private async choose(tx: Transaction): Promise<Admitted> {
    const { settings } = this.parts;
    await repository.lock(tx);
    const { slots, admitted } = await repository.load(tx, settings.staleMs);
    const room = Math.max(LEAST_SLICES, SLICES_A_SLOT * slots) - admitted;
    if (room <= 0) return NOTHING;
    const rooms = await this.modelRooms(tx, slots);
    const candidates = await repository.candidates(tx, room, settings.runningPerTenant);
    const waiting = candidates.filter(({ model }) => (rooms.get(model) ?? 0) > 0);
    if (waiting.length === 0) return NOTHING;
    const had = await repository.shares(tx);
    const { slices, shares } = chooseFairly(this.byTenant(waiting), had, room, rooms);
    await repository.saveShares(tx, shares);
    const jobs = await repository.lockOpen(tx, [...new Set(slices.map(({ jobId }) => jobId))]);
    const open = new Set(jobs.map(({ id }) => id));
    const chosen = slices.filter(({ jobId }) => open.has(jobId)).map(({ id }) => id);
    if (chosen.length === 0) return NOTHING;
    const moved = await repository.admit(tx, chosen);
    const deliveries: string[] = [];
    const started: string[] = [];
    for (const job of jobs) {
      if (job.status !== 'pending') continue;
      const changes = { status: 'processing', startedAt: this.parts.now() };
      await jobsRepository.update(tx, job.id, changes);
      const startedJob = { ...job, ...changes };
      await this.events.record(tx, startedJob, 'progress');
      deliveries.push(...(await this.parts.notifier.announce(tx, startedJob, 'job.started')));
      started.push(job.id);
    }
    return { slices: moved, deliveries, started };
  }

  /**
   * For a version that few workers serve, no more than is for them: the others send
   * back what comes to them, and would do so without end if there were always more.
   */
  private async modelRooms(tx: Transaction, slots: number): Promise<Map<string, number>> {
    const loads = await repository.modelLoads(tx, this.parts.settings.staleMs);
    const least = slots === 0 ? LEAST_SLICES : 0;
    return new Map(
      loads.map((load) => [load.model, Math.max(least, SLICES_A_SLOT * load.slots) - load.slices]),
    );
  }

  private byTenant(waiting: readonly Candidate[]): WaitingTenant<Candidate>[] {
    const tenants = new Map<string, Candidate[]>();
    for (const slice of waiting) {
      const slices = tenants.get(slice.tenantId);
      if (slices === undefined) tenants.set(slice.tenantId, [slice]);
      else slices.push(slice);
    }
    return [...tenants].map(([tenantId, slices]) => ({
      tenantId,
      weight: this.parts.weightOf(tenantId, slices[0]?.tier ?? ''),
      slices,
    }));
  }
}
