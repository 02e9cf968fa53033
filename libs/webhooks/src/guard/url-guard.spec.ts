import { DomainError } from '@app/common';
import { UrlGuard } from './url-guard.js';

const HOSTS: Record<string, string[]> = {
  'ehr.example.org': ['93.184.216.34', '2606:2800:220:1::1'],
  'inside.example.org': ['10.0.0.5'],
  'mixed.example.org': ['93.184.216.34', '192.168.1.1'],
  'mapped.example.org': ['93.184.216.34', '::ffff:127.0.0.1'],
  'empty.example.org': [],
};

function guard(allowPrivate = false): UrlGuard {
  return new UrlGuard({
    allowPrivate,
    resolve: (host) => {
      const addresses = HOSTS[host];
      return addresses === undefined
        ? Promise.reject(new Error(`no ${host}`))
        : Promise.resolve(addresses);
    },
  });
}

async function refusalOf(url: string, allowPrivate = false): Promise<string | undefined> {
  try {
    await guard(allowPrivate).accept('callback_url', url);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    const { code, fields, message } = error as DomainError;
    expect(code).toBe('VALIDATION_ERROR');
    expect(message).toMatch(/^callback_url cannot be used: /);
    expect(message).not.toContain('example.org?');
    expect(fields?.[0]?.field).toBe('callback_url');
    return fields?.[0]?.code;
  }
  return undefined;
}

describe('a URL to send webhooks to', () => {
  it.each([
    'https://ehr.example.org/hooks?a=1',
    'https://ehr.example.org:8443/',
    'https://EHR.example.org:443',
    'https://93.184.216.34/',
    'https://[2606:2800:220:1::1]/',
  ])('may be %s', async (url) => expect(await refusalOf(url)).toBeUndefined());

  it.each([
    ['http://ehr.example.org/', 'scheme'],
    ['ftp://ehr.example.org/', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['ehr.example.org/hooks', 'malformed'],
    ['https://user@ehr.example.org/', 'credentials'],
    ['https://user:secret@ehr.example.org/', 'credentials'],
    ['https://ehr.example.org/#there', 'fragment'],
    ['https://ehr.example.org:22/', 'port'],
    ['https://ehr.example.org:0/', 'port'],
    [`https://ehr.example.org/${'a'.repeat(2048)}`, 'too_long'],
    ['https://unknown.example.org/', 'unresolved'],
    ['https://empty.example.org/', 'unresolved'],
    ['https://inside.example.org/', 'private_address'],
    ['https://mixed.example.org/', 'private_address'],
    ['https://mapped.example.org/', 'private_address'],
    ['https://127.0.0.1/', 'private_address'],
    ['https://2130706433/', 'private_address'],
    ['https://0x7f000001/', 'private_address'],
    ['https://0177.0.0.1/', 'private_address'],
    ['https://127.1/', 'private_address'],
    ['https://127.0.0.1./', 'private_address'],
    ['https://0/', 'private_address'],
    ['https://0xa9fea9fe/latest/meta-data', 'private_address'],
    ['https://[::1]/', 'private_address'],
    ['https://[::ffff:169.254.169.254]/', 'private_address'],
    ['https://[64:ff9b::a9fe:a9fe]/', 'private_address'],
  ])('may not be %s (%s)', async (url, code) => expect(await refusalOf(url)).toBe(code));

  it('may lie in the own network when the operator allows it, and still not at reserved addresses', async () => {
    const urls = ['http://inside.example.org:80/', 'http://127.0.0.1:22/', 'https://[::1]/'];
    for (const url of urls) expect(await refusalOf(url, true)).toBeUndefined();
    expect(await refusalOf('http://169.254.169.254/latest', true)).toBe('private_address');
    expect(await refusalOf('http://u@127.0.0.1/', true)).toBe('credentials');
  });

  it('costs no more than the time given when its look-up hangs', async () => {
    const hanging = new UrlGuard({ allowPrivate: false, resolve: () => new Promise(() => {}) });
    const checked = hanging.check('https://ehr.example.org/', AbortSignal.timeout(20));
    await expect(checked).rejects.toMatchObject({ code: 'unresolved' });
  });
});
