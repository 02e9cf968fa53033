import { jest } from '@jest/globals';
import { DomainError } from '@app/common';
import { Lifecycle } from '@app/health';
import { ModelPool, Scheduler, type ServedModel } from '@app/inference';
import { ManualRuntime } from '@app/inference/testing';
import { GpuController } from './gpu.controller.js';

const model = {
  key: 'assertion@1.0.0',
  budget: { maxBatchTokens: 40, maxPaddingWaste: 0.1 },
};

function setup() {
  const runtime = new ManualRuntime(1);
  const scheduler = new Scheduler(runtime);
  const pool = new ModelPool(runtime, 512);
  jest.spyOn(pool, 'list').mockReturnValue([{ scheduled: model } as ServedModel]);
  const submit = (priority: 'interactive' | 'bulk', items: number) =>
    void scheduler.submit(
      model,
      Array.from({ length: items }, () => new Int32Array(40)),
      { tenantId: 'default', priority, deadline: Infinity, signal: new AbortController().signal },
    );
  return { controller: new GpuController(runtime, scheduler, pool, new Lifecycle()), submit };
}

describe('GET /gpu/health', () => {
  it('is not troubled by a job, which keeps the bulk queue full on purpose', () => {
    const { controller, submit } = setup();
    submit('bulk', 50);
    expect(controller.health()).toMatchObject({ status: 'healthy', batches_waiting: 0 });
  });

  it('is 503 once more than ten batches of requests wait', () => {
    const { controller, submit } = setup();
    submit('interactive', 12);
    expect(controller.health()).toMatchObject({ status: 'healthy', batches_waiting: 10 });
    submit('interactive', 1);
    expect(() => controller.health()).toThrow(DomainError);
  });
});
