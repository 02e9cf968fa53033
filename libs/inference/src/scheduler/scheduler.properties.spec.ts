import { DomainError } from '@app/common';
import fc from 'fast-check';
import { paddedTokens, paddingWaste, shapeOf } from '../batcher/form-batch.js';
import { LaneDiedError, RunFailedError } from '../runtime/runtime.js';
import { ManualRuntime } from '../testing/manual-runtime.js';
import { Scheduler } from './scheduler.js';
import type { ItemOutcome } from './work.js';

const model = { key: 'm@1.0.0', budget: { maxBatchTokens: 128, maxPaddingWaste: 0.2 } };
const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });

/** One thing that happens to a scheduler. */
const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      lengths,
      tenant: fc.nat(3),
      bulk: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('finish' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), pick: fc.nat() }) },
);

interface Caller {
  readonly ids: number[];
  readonly controller: AbortController;
  readonly answer: Promise<ItemOutcome[] | DomainError>;
}

describe('any history of submissions, failures, deaths and aborts', () => {
  it('settles every caller once, with its own rows in order, from batches within their limits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        async (events, lanes) => {
          const runtime = new ManualRuntime(lanes);
          const scheduler = new Scheduler(runtime, { maxQueuedItems: 30, maxBulkTokens: 500 });
          const callers: Caller[] = [];
          let nextId = 0;

          for (const step of events) {
            const batch =
              'pick' in step ? runtime.running[step.pick % runtime.running.length] : undefined;
            if (step.kind === 'submit') {
              const items = step.lengths.map((length) => new Int32Array(length).fill(nextId++));
              const controller = new AbortController();
              const answer = scheduler
                .submit(model, items, {
                  tenantId: `t${step.tenant}`,
                  priority: step.bulk ? 'bulk' : 'interactive',
                  deadline: Infinity,
                  signal: controller.signal,
                })
                .catch((error: unknown) => error as DomainError);
              callers.push({ ids: items.map((item) => item[0]!), controller, answer });
            } else if (step.kind === 'finish') await batch?.finish();
            else if (step.kind === 'fail') await batch?.fail(new RunFailedError('refused'));
            else if (step.kind === 'die' && batch) {
              const { lane } = batch;
              lane.ready = false;
              for (const [i, victim] of [...lane.running].entries()) {
                await victim.fail(new LaneDiedError(lane.id, i === 0, 'killed'));
              }
              runtime.setReady(lane, true);
            } else if (step.kind === 'abort')
              callers[step.pick % callers.length]?.controller.abort();

            for (const { lengths: sizes } of runtime.running) {
              if (sizes.length === 1) continue;
              const shape = shapeOf(sizes.map((length) => ({ length, units: 1 })));
              expect(paddedTokens(shape)).toBeLessThanOrEqual(128);
              expect(paddingWaste(shape)).toBeLessThanOrEqual(0.2);
            }
            for (const lane of runtime.lanes) expect(lane.inFlight).toBeLessThanOrEqual(2);
          }

          await runtime.finishAll();
          for (const caller of callers) {
            const answer = await caller.answer;
            if (answer instanceof DomainError) continue;
            expect(answer).toHaveLength(caller.ids.length);
            for (const [i, outcome] of answer.entries()) {
              if (outcome instanceof DomainError) expect(outcome.code).toBe('INFERENCE_ERROR');
              else expect(outcome.row[0]).toBe(caller.ids[i]);
            }
          }
          expect(scheduler.stats()).toMatchObject({
            interactive: { items: 0, tokens: 0 },
            bulk: { items: 0, tokens: 0, atGate: 0 },
          });
          await scheduler.close(performance.now() + 1_000);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});

describe('fairness between tenants', () => {
  it('serves waiting tenants in proportion to their weights, whatever each has queued', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 20, max: 60 }),
        async (weight, length) => {
          const runtime = new ManualRuntime(1);
          const scheduler = new Scheduler(runtime, {
            maxQueuedItems: 1e9,
            maxQueuedTokens: 1e9,
            maxQueueWaitMs: 1e9,
          });
          // Different lengths, so that a batch never holds both tenants.
          const flood = (
            tenantId: string,
            tenantWeight: number,
            count: number,
            size: number,
            id: number,
          ) => {
            for (let i = 0; i < count; i++) {
              void scheduler.submit(model, [new Int32Array(size).fill(id)], {
                tenantId,
                weight: tenantWeight,
                priority: 'interactive',
                deadline: Infinity,
                signal: new AbortController().signal,
              });
            }
          };
          flood('greedy', 1, 400, length, 1);
          flood('light', weight, 400, length * 2, 2);
          const served = { 1: 0, 2: 0 };
          for (let i = 0; i < 60; i++) {
            const batch = runtime.running[0]!;
            served[batch.ids[0]![0] as 1 | 2] += batch.lengths.reduce((a, b) => a + b, 0);
            await batch.finish();
          }
          const share = served[2] / (served[1] + served[2]);
          expect(Math.abs(share - weight / (weight + 1))).toBeLessThan(0.08);
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);

  it('gives a tenant no credit for having been idle', async () => {
    const runtime = new ManualRuntime(1);
    const scheduler = new Scheduler(runtime);
    const submit = (tenantId: string, id: number) =>
      void scheduler.submit(model, [new Int32Array(100).fill(id)], {
        tenantId,
        priority: 'interactive',
        deadline: Infinity,
        signal: new AbortController().signal,
      });
    for (let i = 0; i < 40; i++) submit('steady', 1);
    for (let i = 0; i < 30; i++) await runtime.running[0]!.finish();
    for (let i = 0; i < 10; i++) submit('late', 2);
    const order = (await runtime.finishAll()).map((batch) => batch.ids[0]![0]);
    const firstTen = order.slice(2, 12);
    expect(firstTen.filter((id) => id === 2).length).toBeLessThanOrEqual(6);
    expect(firstTen.filter((id) => id === 2).length).toBeGreaterThanOrEqual(4);
  });
});
