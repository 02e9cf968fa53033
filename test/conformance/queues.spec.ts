import { describeWithRedis } from '../support/redis.js';
import { postgresStore, redisStore } from '../support/queue-stores.js';
import { queueTests } from './queues.suite.js';

describe('queues on Postgres', () => queueTests(postgresStore));
describeWithRedis('queues on Redis', () => queueTests(redisStore));
