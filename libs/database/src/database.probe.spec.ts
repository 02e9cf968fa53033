import type { Pool } from 'pg';
import { DatabaseProbe } from './database.probe.js';

function poolThat(answer: () => Promise<unknown>, free: number): Pool {
  return { query: answer, totalCount: 4, idleCount: free, options: { max: 4 } } as unknown as Pool;
}

const noneFree = () => Promise.reject(new Error('timeout exceeded when trying to connect'));
const never = () => new Promise(() => {});

describe('the database’s probe', () => {
  it.each([
    ['healthy', 'it answers', () => Promise.resolve(), 3, '1 of 4 connections in use'],
    ['unhealthy', 'it refuses', () => Promise.reject(new Error('no')), 4, 'cannot be reached'],
    ['degraded', 'all connections are in use', noneFree, 0, '4 of 4 connections in use'],
    ['unhealthy', 'a free connection gets no answer', never, 1, 'no answer within 1500 ms'],
    ['degraded', 'callers wait for a connection', never, 0, '4 of 4 connections in use'],
  ])('is %s when %s', async (status, _, answer, free, message) => {
    const result = await new DatabaseProbe(poolThat(answer, free)).check();
    expect(result).toEqual({ status, message: expect.stringContaining(message) });
  });
});
