import { eventually } from '../../apps/api/src/http/testing/edge-app.js';
import { JobsEdge } from '../support/jobs-edge.js';

it('a service that ends is not held up by those who follow jobs', async () => {
  const on = await JobsEdge.start();
  const answer = await on.post('north', '/jobs', { model: 'assertion', inputs: ['a'] });
  const { job_id: id } = (await answer.json()) as { job_id: string };
  const { body } = await on.request('north', `/jobs/${id}/events`);
  let text = '';
  const reading = (async () => {
    for await (const piece of body!.pipeThrough(new TextDecoderStream())) text += piece;
  })();
  await eventually(() => text.includes('event: queued'));
  const before = performance.now();
  on.streams.end();
  await on.edge.edge.stopAccepting();
  await reading;
  expect(performance.now() - before).toBeLessThan(5_000);
  const late = await on.request('north', `/jobs/${id}/events`).catch(() => null);
  expect(late).toBeNull();
  await on.close();
});
