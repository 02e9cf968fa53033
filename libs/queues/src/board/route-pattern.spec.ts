import { matchRoute } from './route-pattern.js';

describe('matchRoute', () => {
  it('gives the parameters, decoded', () => {
    expect(matchRoute('/api/queues', '/api/queues')).toEqual({});
    expect(matchRoute('/api/queues/:queueName/:jobId/logs', '/api/queues/a%20b/7.1/logs')).toEqual({
      queueName: 'a b',
      jobId: '7.1',
    });
  });

  it.each([
    '/api/queues',
    '/api/queues/a/b',
    '/api/queues/',
    '/api/queues/%E0%A4%A',
    '/x/queues/a',
  ])('takes %s for another path', (path) => {
    expect(matchRoute('/api/queues/:queueName', path)).toBeNull();
  });
});
