import { setTimeout as sleep } from 'node:timers/promises';
import { freshDatabase, type FreshDatabase } from '@app/database/testing';
import { Signals } from '@app/signals';
import pg from 'pg';
import { eventually } from '../support/eventually.js';

describe('signals of a process whose listening connection is lost', () => {
  let fresh: FreshDatabase;
  let signals: Signals;
  const clients: pg.Client[] = [];
  const heard: string[] = [];
  /** Whether new connections take until they are let go on. */
  let hanging = false;
  let goOn: () => void = () => undefined;

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...fresh.database.connection });
    client.on('error', () => undefined);
    clients.push(client);
    if (hanging) await new Promise<void>((resolve) => (goOn = resolve));
    await client.connect();
    return client;
  }

  beforeEach(async () => {
    fresh = await freshDatabase();
    signals = new Signals({ db: fresh.database.db, connect, onError: () => undefined });
    signals.on('ended', (subject) => heard.push(subject));
    await signals.open();
    hanging = true;
    await clients[0]?.end();
    await eventually(() => clients.length === 2);
  });
  afterEach(async () => {
    await signals.close();
    for (const client of clients.splice(0)) await client.end();
    await fresh.drop();
    heard.length = 0;
    hanging = false;
  });

  it('are heard within about a second while another is being opened, and only one is', async () => {
    for (const subject of ['a', 'b']) {
      await signals.send('ended', subject);
      await eventually(() => heard.includes(subject), 3_000);
    }
    expect(clients).toHaveLength(2);
    goOn();
    await sleep(200);
    await signals.send('ended', 'c');
    await eventually(() => heard.includes('c'), 500);
  });

  it('let go of a connection that comes after the close', async () => {
    await signals.close();
    let ended = false;
    clients[1]?.on('end', () => (ended = true));
    goOn();
    await eventually(() => ended, 3_000);
  });
});
