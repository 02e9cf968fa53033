import { compareVersions, VERSION_PATTERN } from './model-version.js';

describe('model versions', () => {
  it('are ordered as Semantic Versioning orders them', () => {
    const ordered = [
      '0.9.12',
      '1.0.0-2',
      '1.0.0-10',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0',
      '1.2.0',
      '1.10.0',
      '2.0.0-rc.1',
      '2.0.0',
    ];
    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
  });

  it.each(['1.0.0', '10.20.30', '1.0.0-beta.1'])('may be %s', (version) => {
    expect(version).toMatch(new RegExp(VERSION_PATTERN));
  });

  it.each(['1.0', 'v1.0.0', '1.0.0-', '1.0.0-Beta', '1.0.0/..', '..', '1.0.0+build'])(
    'may not be %s',
    (version) => expect(version).not.toMatch(new RegExp(VERSION_PATTERN)),
  );
});
