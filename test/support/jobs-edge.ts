import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AuditEvent, AuditLog } from '@app/audit';
import { OPERATOR_KEY, type Permission, type Principal } from '@app/auth';
import { DomainError } from '@app/common';
import { Deliveries } from '@app/deliveries';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import { ModelPool, Scheduler, type ServedModel } from '@app/inference';
import { JobFiles, Jobs } from '@app/jobs';
import { ModelRegistry, ModelRegistryModule, type ModelManifest } from '@app/model-registry';
import { Notifications } from '@app/notifications';
import type { Queues } from '@app/queues';
import { Signals } from '@app/signals';
import { Module, type DynamicModule } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import type { LeanExpressOptions } from '../../apps/api/src/http/adapter/lean-express.adapter.js';
import { OpenStreams } from '../../apps/api/src/http/streams/open-streams.js';
import {
  keyHolders,
  startEdgeApp,
  type EdgeApp,
} from '../../apps/api/src/http/testing/edge-app.js';
import { JobsRoutes } from '../../apps/api/src/routes/jobs/jobs-routes.module.js';
import { leavesBody } from '../../apps/api/src/routes/own-bodies.js';
import { taskModel } from '../../libs/inference/src/tasks/testing/task-model.js';
import { manifestOf } from '../../libs/model-registry/src/testing/manifest.js';

const LABELS = ['PRESENT', 'ABSENT', 'POSSIBLE'];

function holder(tenantId: string, ...permissions: Permission[]): Principal {
  return { ...OPERATOR_KEY, tenantId, principalId: tenantId, permissions: new Set(permissions) };
}

const KEYS = keyHolders({
  north: holder('north', 'jobs'),
  south: holder('south', 'jobs', 'predict'),
  caller: holder('north', 'predict', 'phi:read'),
});

@Module({})
class ServedModels {
  static register(): DynamicModule {
    const pool = {
      get: (manifest: ModelManifest) => {
        const scheduled = { key: `${manifest.name}@${manifest.version}` };
        return { ...taskModel('assertion', LABELS), manifest, scheduled } as unknown as ServedModel;
      },
    };
    return {
      module: ServedModels,
      global: true,
      providers: [
        { provide: ModelPool, useValue: pool },
        { provide: Scheduler, useValue: { itemsPerSecond: () => null } },
      ],
      exports: [ModelPool, Scheduler],
    };
  }
}

const NO_QUEUES: Queues = {
  backend: 'postgres',
  queue: (name) => ({
    name,
    add: async () => undefined,
    remove: async () => undefined,
    live: async () => new Set(),
    counts: async () => ({ waiting: 0, delayed: 0, active: 0, failed: 0 }),
  }),
  work: () => ({ close: async () => undefined }),
  close: async () => undefined,
};

export interface JobsEdgeOptions {
  readonly maxFileBytes?: number;
  readonly server?: LeanExpressOptions;
  readonly heartbeatMs?: number;
  readonly positionMs?: number;
  readonly publicUrl?: string;
}

/** The routes of jobs and files over a real database; slices are worked on when a test says so. */
export class JobsEdge {
  readonly audited: AuditEvent[] = [];
  auditBroken = false;
  /** Items that callers were charged with, and how many they may be. */
  charged = 0;
  quota = Infinity;
  now: () => Date = () => new Date();

  private constructor(
    readonly fresh: FreshDatabase,
    readonly folder: string,
    readonly edge: EdgeApp,
    readonly jobs: Jobs,
    readonly files: JobFiles,
    private readonly signals: Signals,
  ) {}

  static async start(options: JobsEdgeOptions = {}): Promise<JobsEdge> {
    const fresh = await freshDatabase();
    const folder = await mkdtemp(path.join(tmpdir(), 'clinserve-jobs-'));
    const { database } = fresh;
    const cipher = {
      encrypt: (_: unknown, plain: string) => Buffer.from(plain).toString('base64'),
      decrypt: (_: unknown, envelope: string) => Buffer.from(envelope, 'base64').toString(),
      keyedHash: (purpose: string, value: string) => Buffer.from(`${purpose}/${value}`),
    };
    const audit = {
      record: async (_: unknown, ...events: AuditEvent[]) => {
        if (made.auditBroken) throw new Error('the audit log takes nothing');
        made.audited.push(...events);
      },
    } as unknown as AuditLog;
    const signals = new Signals({
      db: database.db,
      connect: async () => {
        const client = new pg.Client({ ...database.connection });
        client.on('error', () => undefined);
        await client.connect();
        return client;
      },
      onError: () => undefined,
    });
    await signals.open();
    const now = () => made.now();
    const files = new JobFiles({
      ...{ database, cipher, folder, now, keepHours: 24 },
      maxBytes: options.maxFileBytes ?? 1_000_000,
    });
    const jobs = new Jobs({
      ...{ database, cipher, signals, audit, files, now },
      queues: NO_QUEUES,
      weightOf: () => 1,
      log: SILENT_LOG,
      // Slices of fifty items, and room for every test's jobs.
      settings: { assumedItemsPerSecond: 10, queuedPerTenant: 1_000 },
    });
    const entries = ['1.0.0', '1.1.0'].map((version) => {
      return { manifest: manifestOf({ version }), folder: '/nowhere' };
    });
    const notifications = new Notifications({
      smtp: { url: 'smtp://127.0.0.1:1', from: 'noreply@hospital.example' },
      deliveries: new Deliveries({
        ...{ database, cipher },
        queue: NO_QUEUES.queue('deliveries'),
        onError: () => undefined,
      }),
    });
    const edge = await startEdgeApp([], {
      server: { leavesBody, ...options.server },
      imports: [
        ModelRegistryModule.forRoot(new ModelRegistry(entries)),
        ServedModels.register(),
        JobsRoutes.register({
          ...{ jobs, files, database, audit },
          callbacks: {
            assertUrl: async () => undefined,
            assertMail: (field, address) => notifications.accept(field, address),
            lastWebhook: async () => null,
          },
          options: {
            publicUrl: options.publicUrl ?? null,
            maxInlineItems: 300,
            heartbeatMs: options.heartbeatMs,
            positionMs: options.positionMs,
          },
        }),
      ],
      access: {
        requireApiKey: true,
        identification: KEYS,
        gate: {
          admit: (_, _request, { scope }) => {
            scope.allowance = {
              chargeItems: (count) => made.charge(count),
              chargeTokens: () => undefined,
              release: () => undefined,
            };
          },
        },
      },
    });
    const made: JobsEdge = new JobsEdge(fresh, folder, edge, jobs, files, signals);
    return made;
  }

  private charge(items: number): void {
    if (this.charged + items > this.quota) {
      throw new DomainError('QUOTA_EXCEEDED', 'Too many items.', { retryAfterSeconds: 60 });
    }
    this.charged += items;
  }

  get streams(): OpenStreams {
    return this.edge.app.get(OpenStreams, { strict: false });
  }

  request(key: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('x-api-key', key);
    return fetch(this.edge.url + path, { ...init, headers });
  }

  post(key: string, path: string, body: unknown, headers: Record<string, string> = {}) {
    return this.request(key, path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Uploads a file of inputs and gives its id. */
  async upload(key: string, content: string): Promise<string> {
    const answer = await this.request(key, '/files', { method: 'POST', body: content });
    return ((await answer.json()) as { file_id: string }).file_id;
  }

  /** Works on slices of a job, the first ones, whoever's turn it is; items that say "fail" fail. */
  async work(jobId: string, most = Infinity): Promise<void> {
    const { db } = this.fresh.database;
    await db.execute(sql`update job_slices set state = 'admitted' where job_id = ${jobId}`);
    await db.execute(sql`update jobs set status = 'processing', started_at = now()
      where id = ${jobId} and status = 'pending'`);
    for (let done = 0; done < most; done++) {
      const { rows } = await db.execute<{ id: string }>(sql`
        select id from job_slices where job_id = ${jobId} and state = 'admitted'
        order by first_item limit 1`);
      const slice = rows[0] && (await this.jobs.slices.begin(rows[0].id, 'w', () => '{}'));
      if (slice == null) return;
      const lines: string[] = [];
      let failed = 0;
      for await (const items of slice.items()) {
        for (const item of items) {
          const index = slice.slice.firstItem + lines.length;
          const fails = item instanceof DomainError || item.text === 'fail';
          if (fails) failed++;
          const error = { code: 'TEXT_TOO_LONG', message: '=too long' };
          const prediction = { prediction_id: `p${index}`, label: 'ABSENT', score: 0.5 };
          lines.push(JSON.stringify(fails ? { index, error } : { index, prediction }));
        }
      }
      await this.jobs.slices.finish(slice, lines, failed);
      slice.end();
    }
  }

  stored(): Promise<string[]> {
    return readdir(this.folder);
  }

  async close(): Promise<void> {
    await this.edge.close();
    await this.files.close();
    await this.jobs.close();
    await this.signals.close();
    await this.fresh.drop();
    await rm(this.folder, { recursive: true });
  }
}
