import { postgresStore, redisStore } from '../support/queue-stores.js';
import { describeWithRedis } from '../support/redis.js';
import { jobTests } from './jobs.suite.js';

describe('jobs with queues on Postgres', () => jobTests(postgresStore));
describeWithRedis('jobs with queues on Redis', () => jobTests(redisStore));
