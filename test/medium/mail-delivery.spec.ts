import type { SMTPServerOptions } from 'smtp-server';
import { DomainError } from '@app/common';
import { DeliveryBench } from '../support/delivery-bench.js';
import { MailServer, type ReceivedMail } from '../support/mail-server.js';
import { RECEIVER_CERTIFICATE } from '../support/receiver-certificate.js';

const MINUTE = 60_000;
const NOTICE = {
  tenantId: 'north',
  topic: 'prediction.completed',
  address: 'ward@hospital.example',
  data: {
    label: 'ABSENT',
    score: 0.98,
    predicted_at: '2026-11-21T12:00:00.000Z',
    request_id: 'req-a-b',
    model_version: '1.0.0',
  },
};

describe('the delivery of mail', () => {
  let mails: readonly ReceivedMail[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** @returns its port */
  async function serve(options: SMTPServerOptions = {}): Promise<number> {
    const server = await MailServer.start(options);
    closing.push(() => server.close());
    mails = server.mails;
    return server.port;
  }

  async function open(url: string): Promise<DeliveryBench> {
    const smtp = { url, from: 'Clinserve <noreply@hospital.example>', timeoutMs: 2_000 };
    const bench = await DeliveryBench.open({ smtp });
    closing.push(() => bench.close());
    return bench;
  }

  async function mail(bench: DeliveryBench, notice: object = {}): Promise<string> {
    const { notifications, deliveries, fresh } = bench;
    const id = await fresh.database.transaction((tx) =>
      notifications.tell(tx, { ...NOTICE, ...notice }),
    );
    await deliveries.wake([id]);
    await bench.run();
    return id;
  }

  it('hands over text and HTML, under the delivery’s id', async () => {
    const bench = await open(`smtp://127.0.0.1:${await serve()}`);
    const id = await mail(bench);
    expect(mails).toMatchObject([{ from: 'noreply@hospital.example', to: [NOTICE.address] }]);
    const { raw } = mails[0]!;
    expect(raw).toContain('From: Clinserve <noreply@hospital.example>');
    expect(raw).toContain(`To: ${NOTICE.address}\r\n`);
    expect(raw).toContain(`Message-ID: <${id}@127.0.0.1>`);
    expect(raw).toContain('Content-Type: text/plain');
    expect(raw).toContain('Content-Type: text/html');
    expect(raw).toMatch(/Label: ABSENT\r\nScore: 0\.9800/);
    expect(await bench.deliveries.get('north', id)).toMatchObject({
      state: 'delivered',
      attempts: 1,
    });
    const { rows } = await bench.fresh.database.pool.query(
      'select d::text as text from deliveries d',
    );
    expect(rows[0].text).not.toContain('hospital.example');
  });

  it('tries again while the server is away or busy, under the same id', async () => {
    let busy = true;
    const onRcptTo: SMTPServerOptions['onRcptTo'] = (_, __, done) => {
      const error = Object.assign(new Error('greylisted'), { responseCode: 451 });
      if (busy) done(error);
      else done();
    };
    const bench = await open(`smtp://127.0.0.1:${await serve({ onRcptTo })}`);
    const id = await mail(bench);
    expect(await bench.deliveries.get('north', id)).toMatchObject({
      state: 'pending',
      lastStatus: null,
      lastError: 'The mail server answered 451.',
    });
    busy = false;
    await bench.after(MINUTE);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.raw).toContain(`<${id}@`);
    expect((await bench.deliveries.get('north', id)).state).toBe('delivered');

    const away = await open('smtp://127.0.0.1:1');
    const lost = await mail(away);
    expect(await away.deliveries.get('north', lost)).toMatchObject({
      state: 'pending',
      lastError: expect.stringMatching(/^The mail server could not be reached \(\w+\)\.$/),
    });
  });

  it('gives up at once when the server knows no such recipient', async () => {
    const onRcptTo: SMTPServerOptions['onRcptTo'] = (_, __, done) =>
      done(Object.assign(new Error('who is ward@hospital.example?'), { responseCode: 550 }));
    const bench = await open(`smtp://127.0.0.1:${await serve({ onRcptTo })}`);
    const id = await mail(bench);
    expect(await bench.deliveries.get('north', id)).toMatchObject({
      state: 'failed',
      attempts: 1,
      lastError: 'The mail server refused the mail (550).',
    });
    expect(String(bench.failures)).not.toContain('ward@');
  });

  it('waits no longer than the limit for a server that hangs', async () => {
    const onData: SMTPServerOptions['onData'] = (stream) => void stream.resume();
    const bench = await open(`smtp://127.0.0.1:${await serve({ onData })}`);
    const id = await mail(bench);
    expect((await bench.deliveries.get('north', id)).lastError).toMatch(/could not be reached/);
  });

  it('signs in over TLS, and never without it', async () => {
    const users: string[] = [];
    const onAuth: SMTPServerOptions['onAuth'] = ({ username = '', password }, _, done) => {
      users.push(`${username}:${password}`);
      done(null, { user: username });
    };
    const secure = await serve({ secure: true, ...RECEIVER_CERTIFICATE, onAuth });
    const account = 'mailer:p%40ss';
    const bench = await open(`smtps://${account}@127.0.0.1:${secure}?tls.rejectUnauthorized=false`);
    await mail(bench);
    expect(users).toEqual(['mailer:p@ss']);
    expect(mails).toHaveLength(1);
    const untrusting = await open(`smtps://${account}@127.0.0.1:${secure}`);
    const id = await mail(untrusting);
    expect((await untrusting.deliveries.get('north', id)).state).toBe('pending');
    expect(users).toHaveLength(1);
  });

  it('cannot be asked to write to others by what is in an address or a payload', async () => {
    const bench = await open(`smtp://127.0.0.1:${await serve()}`);
    const data = { ...NOTICE.data, request_id: 'x\r\nBcc: thief@evil.example\r\n\r\nhello' };
    await mail(bench, { data });
    const address = 'ward@hospital.example\r\nBcc: thief@evil.example';
    expect(() => bench.notifications.accept('email', address)).toThrow(DomainError);
    await mail(bench, { address });
    for (const { to, raw } of mails) {
      expect(to.join()).not.toMatch(/^thief|,thief/);
      const head = raw.slice(0, raw.indexOf('\r\n\r\n'));
      expect(head).not.toMatch(/^Bcc:/im);
    }
  });

  it('is refused with what the operator has to do where there is no mail server', async () => {
    const bench = await DeliveryBench.open();
    closing.push(() => bench.close());
    expect(() => bench.notifications.accept('notify_email', NOTICE.address)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        message: expect.stringMatching(/^notify_email cannot be used: .*SMTP_URL and MAIL_FROM/),
      }),
    );
  });
});
