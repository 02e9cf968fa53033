import { checkMailAddress } from './mail-address.js';

describe('an address to send mail to', () => {
  it.each([
    'ward@hospital.example',
    'a.b+jobs@sub.hospital.example',
    "o'neil_1@h-1.example",
    `${'a'.repeat(64)}@hospital.example`,
  ])('may be %s', (address) => expect(() => checkMailAddress('email', address)).not.toThrow());

  it.each([
    '',
    'ward',
    'ward@hospital',
    '@hospital.example',
    'ward@@hospital.example',
    'ward@hospital.example, other@hospital.example',
    'Ward <ward@hospital.example>',
    'ward@hospital.example\r\nBcc: other@hospital.example',
    'ward@hospital.example\n',
    'ward @hospital.example',
    '"ward\r\n"@hospital.example',
    'ward@hospital.example\0',
    'wärd@hospital.example',
    'ward@-hospital.example',
    'ward@127.0.0.1',
    `${'a'.repeat(65)}@hospital.example`,
    `ward@${'a.'.repeat(130)}example`,
  ])('may not be %j', (address) => {
    expect(() => checkMailAddress('notify_email', address)).toThrow(
      /^notify_email must be one e-mail address/,
    );
  });

  it('is judged in no time however it is made', () => {
    const started = performance.now();
    const nasty = `${'a.'.repeat(100_000)}@`;
    expect(() => checkMailAddress('email', nasty)).toThrow();
    expect(() => checkMailAddress('email', `a@${'a-'.repeat(120)}`)).toThrow();
    expect(performance.now() - started).toBeLessThan(100);
  });
});
