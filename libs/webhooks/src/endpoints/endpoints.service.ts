import { DomainError, invalidField, isId, newId } from '@app/common';
import type { Database, Queryable, Transaction } from '@app/database';
import type { FieldCipher, FieldPlace } from '@app/encryption';
import type { UrlGuard } from '../guard/url-guard.js';
import { DEFAULT_TOPICS, WEBHOOK_TOPICS } from '../topics.js';
import { endpointsRepository, type EndpointRow } from './endpoints.repository.js';

/** An endpoint with its URL in plain text. */
export type Endpoint = EndpointRow;

export interface EndpointRequest {
  readonly tenantId: string;
  readonly url: string;
  /** What it is told of; how jobs end if left out. */
  readonly topics?: readonly string[];
  readonly description?: string;
  readonly createdBy: string;
}

/** What is left out stays as it is. */
export interface EndpointChanges {
  readonly url?: string;
  readonly topics?: readonly string[];
  readonly description?: string;
  readonly enabled?: boolean;
}

export interface EndpointsOptions {
  readonly database: Pick<Database, 'db'>;
  readonly cipher: FieldCipher;
  readonly guard: UrlGuard;
  readonly now: () => number;
}

const MOST_ENDPOINTS = 50;
const BY_OWNER = 'Disabled by its owner.';

/** URLs that tenants want told of events. */
export class EndpointsService {
  constructor(private readonly options: EndpointsOptions) {}

  /**
   * @throws DomainError VALIDATION_ERROR for a URL that may not be called, an unknown topic
   * or a description that cannot be stored
   */
  async check({
    url,
    topics,
    description,
  }: Pick<EndpointChanges, 'url' | 'topics' | 'description'>): Promise<void> {
    if (topics !== undefined) checkTopics(topics);
    if (description !== undefined) checkDescription(description);
    if (url !== undefined) await this.options.guard.accept('url', url);
  }

  /** Stores one that was checked. @throws DomainError CONFLICT when the tenant has too many */
  async create(tx: Transaction, request: EndpointRequest): Promise<Endpoint> {
    const { tenantId, url, topics = DEFAULT_TOPICS, description = '', createdBy } = request;
    if ((await endpointsRepository.count(tx, tenantId)) >= MOST_ENDPOINTS) {
      throw new DomainError(
        'CONFLICT',
        `A tenant may have ${MOST_ENDPOINTS} endpoints. Delete one first.`,
      );
    }
    const id = newId();
    const row = await endpointsRepository.insert(tx, {
      id,
      tenantId,
      url: this.options.cipher.encrypt(placeOf(id), url),
      topics: [...new Set(topics)],
      description,
      createdBy,
      createdAt: new Date(this.options.now()),
    });
    return { ...row, url };
  }

  /** Stores changes that were checked. @throws DomainError NOT_FOUND, also for another tenant's */
  async update(
    tx: Transaction,
    tenantId: string,
    id: string,
    { url, topics, description, enabled }: EndpointChanges,
  ): Promise<Endpoint> {
    const { cipher, now } = this.options;
    const disabling = { disabledAt: new Date(now()), disabledReason: BY_OWNER };
    const row = await endpointsRepository.update(tx, tenantId, id, {
      url: url === undefined ? undefined : cipher.encrypt(placeOf(id), url),
      topics: topics === undefined ? undefined : [...new Set(topics)],
      description,
      ...(enabled === true ? { disabledAt: null, disabledReason: null } : {}),
      ...(enabled === false ? disabling : {}),
    });
    return this.found(row);
  }

  /** @throws DomainError NOT_FOUND, also for another tenant's */
  async remove(tx: Transaction, tenantId: string, id: string): Promise<void> {
    if (!(await endpointsRepository.remove(tx, tenantId, id))) throw notFound();
  }

  /** @throws DomainError NOT_FOUND, also for another tenant's */
  async get(tenantId: string, id: string): Promise<Endpoint> {
    return this.found(await endpointsRepository.ofTenant(this.options.database.db, tenantId, id));
  }

  /** A page, the newest first, and how many there are in all. */
  async list(
    tenantId: string,
    before: string | null,
    limit: number,
  ): Promise<{ readonly endpoints: readonly Endpoint[]; readonly total: number }> {
    const { db } = this.options.database;
    if (before !== null && !isId(before)) {
      throw invalidField('cursor', 'invalid', 'cursor must be a next_cursor of an earlier answer');
    }
    const rows = await endpointsRepository.list(db, tenantId, before, limit);
    return {
      endpoints: rows.map((row) => this.found(row)),
      total: await endpointsRepository.count(db, tenantId),
    };
  }

  /** Any tenant's, for whoever sends; null when it is gone. */
  async find(id: string): Promise<Endpoint | null> {
    const row = await endpointsRepository.byId(this.options.database.db, id);
    return row === null ? null : this.found(row);
  }

  /** Ids of a tenant's enabled endpoints that want to be told of a topic. */
  wanting(tx: Queryable, tenantId: string, topic: string): Promise<string[]> {
    return endpointsRepository.enabled(tx, tenantId, topic);
  }

  /** Ids of a tenant's enabled endpoints. */
  enabled(tx: Queryable, tenantId: string): Promise<string[]> {
    return endpointsRepository.enabled(tx, tenantId);
  }

  /** Stops deliveries to an endpoint whose receiver wants no more. */
  async disable(
    tx: Queryable,
    tenantId: string,
    id: string,
    disabledReason: string,
  ): Promise<void> {
    const disabledAt = new Date(this.options.now());
    await endpointsRepository.update(tx, tenantId, id, { disabledAt, disabledReason });
  }

  private found(row: EndpointRow | null): Endpoint {
    if (row === null) throw notFound();
    return { ...row, url: this.options.cipher.decrypt(placeOf(row.id), row.url) };
  }
}

function checkTopics(topics: readonly string[]): void {
  const known: readonly string[] = WEBHOOK_TOPICS;
  const index = topics.findIndex((topic) => !known.includes(topic));
  if (index === -1 && topics.length > 0) return;
  const field = index === -1 ? 'topics' : `topics[${index}]`;
  throw invalidField(field, 'unknown', `A topic must be one of ${known.join(', ')}.`);
}

function checkDescription(description: string): void {
  // Postgres has no text with a NUL in it.
  if (!description.includes('\0')) return;
  throw invalidField(
    'description',
    'malformed',
    'description holds the character U+0000. Leave it out.',
  );
}

function notFound(): DomainError {
  return new DomainError('NOT_FOUND', 'There is no such endpoint.');
}

function placeOf(id: string): FieldPlace {
  return { table: 'webhook_endpoints', column: 'url', row: id };
}
