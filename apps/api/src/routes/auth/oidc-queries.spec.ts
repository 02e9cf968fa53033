import { queryOf, returnPath } from './oidc-queries.js';

const asked = (path: string) => returnPath(`return_to=${encodeURIComponent(path)}`);

describe('returnPath', () => {
  it.each([
    '/console',
    '/console/',
    '/console/models',
    '/console/jobs/0196f3a2-5b1c',
    '/console/a.b/',
  ])('leads on to %s', (path) => {
    expect(asked(path)).toBe(path);
  });

  it('is none when nobody asks for one', () => {
    expect(returnPath('')).toBeNull();
    expect(returnPath('x=/console')).toBeNull();
  });

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/console//evil.example',
    '/console/../admin',
    '/console/..',
    '/console/.',
    '/consoleevil',
    '/console@evil.example',
    '/console/\u2028x',
    '/console/?next=//evil.example',
    '/console/#x',
    '/console/%2e%2e/',
    '/console/\r\nSet-Cookie: a=b',
    ' /console',
    '/docs',
    '',
    `/console/${'a'.repeat(512)}`,
  ])('leads nowhere else: %j', (path) => {
    expect(() => asked(path)).toThrow('path of the console');
  });

  it('takes no second opinion', () => {
    expect(() => returnPath('return_to=/console&return_to=//evil.example')).toThrow();
  });
});

describe('queryOf', () => {
  it('is what stands behind the first question mark', () => {
    expect(queryOf({ url: '/a?b=c?d' })).toBe('b=c?d');
    expect(queryOf({ url: '/a' })).toBe('');
  });
});
