export { openRedis, type RedisLog, type RedisOptions } from './open-redis.js';
export { RedisConnection } from './redis-connection.js';
export { RedisProbe } from './redis.probe.js';
export { RedisScript } from './redis-script.js';
