import { basicCredentials } from './basic-credentials.js';

const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('basicCredentials', () => {
  it('reads name and password, with colons and in any script', () => {
    expect(basicCredentials(encoded('ada:a:b'))).toEqual({ username: 'ada', password: 'a:b' });
    expect(basicCredentials(encoded(':'))).toEqual({ username: '', password: '' });
    expect(basicCredentials(encoded('zoë:пароль'))).toEqual({
      username: 'zoë',
      password: 'пароль',
    });
  });

  it.each([undefined, '', 'Bearer abc', 'Basic', 'Basic %%%', encoded('no colon')])(
    'takes %s for none',
    (header) => {
      expect(basicCredentials(header)).toBeNull();
    },
  );
});
