import { Webhook } from 'standardwebhooks';
import { newSecret, secretBytes } from '../secrets/secret-text.js';
import { signature } from './sign.js';

describe('the signature of a webhook', () => {
  it('is that of the published example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
    expect(signature([secret], id, 1614265330, '{"test": 2432232314}')).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('is accepted by the public library, with either of two secrets and no third', () => {
    const [former, present] = [newSecret(), newSecret()];
    const now = Math.floor(Date.now() / 1000);
    const body = '{"type":"job.completed","data":{"word":"Größe"}}';
    const headers = {
      'webhook-id': 'x',
      'webhook-timestamp': String(now),
      'webhook-signature': signature([present, former], 'x', now, body),
    };
    for (const secret of [former, present]) {
      expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    }
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow('No matching signature');
    expect(() => new Webhook(present).verify(body.replace('job', 'jab'), headers)).toThrow();
  });

  it('comes of secrets of 32 random bytes', () => {
    const [one, other] = [newSecret(), newSecret()];
    expect(one).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(secretBytes(one)).toHaveLength(32);
    expect(one).not.toBe(other);
  });
});
