import { rolesOf } from './role-mapping.js';

const roleMap = [
  { value: 'ward-doctors', role: 'clinician' },
  { value: 'it', role: 'operator' },
  { value: 'it-lead', role: 'operator' },
];
const roles = (claims: Record<string, unknown>, roleClaim = 'groups', rules = roleMap) =>
  rolesOf(claims, { roleClaim, roleMap: rules });

describe('rolesOf', () => {
  it('gives the roles of the values it knows, each once', () => {
    expect(roles({ groups: ['it', 'choir', 'it-lead', 'ward-doctors'] })).toEqual([
      'clinician',
      'operator',
    ]);
  });

  it.each([
    [{}],
    [{ groups: [] }],
    [{ groups: ['IT', 'admin', '*', 7, null] }],
    [{ groups: { it: true } }],
    [{ roles: ['it'] }],
  ])('gives nothing for %j', (claims) => {
    expect(roles(claims)).toEqual([]);
  });

  it('reads one text, and several between spaces', () => {
    expect(roles({ groups: 'it' })).toEqual(['operator']);
    expect(roles({ groups: 'choir it' })).toEqual(['operator']);
  });

  it('finds claims by a path, and claims whose own name holds dots', () => {
    expect(roles({ realm_access: { roles: ['it'] } }, 'realm_access.roles')).toEqual(['operator']);
    const name = 'https://example.org/roles';
    expect(roles({ [name]: ['it'] }, name)).toEqual(['operator']);
    expect(roles({ a: 'text' }, 'a.length')).toEqual([]);
    expect(roles({}, '__proto__.constructor')).toEqual([]);
  });

  it('gives everybody what * stands for', () => {
    expect(roles({}, 'groups', [{ value: '*', role: 'user' }])).toEqual(['user']);
  });
});
