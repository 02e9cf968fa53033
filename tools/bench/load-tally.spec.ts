import { LoadTally } from './load-tally.js';

describe('LoadTally', () => {
  it('counts work from the first to the last answer inside the window', () => {
    const tally = new LoadTally(1000, 5000);
    tally.answer(200, 30, 10, 500); // warm-up
    tally.answer(200, 30, 10, 1500); // opens the window
    tally.answer(200, 30, 20, 2500);
    tally.answer(200, 30, 40, 4500);
    tally.answer(200, 30, 80, 5500); // too late
    const reply = tally.reply();
    expect(reply).toMatchObject({ tokens: 60, seconds: 3, answers: 5, statuses: { 200: 5 } });
  });

  it('keeps the latency of refusals apart and adds no work for them', () => {
    const tally = new LoadTally(0, 1000);
    tally.answer(200, 50, 10, 100);
    tally.answer(503, 2, 10, 200);
    tally.failure(new Error('closed'));
    const reply = tally.reply();
    expect(reply).toMatchObject({ tokens: 0, unanswered: 1, failures: { closed: 1 } });
    expect(reply.refusals).toMatchObject({ count: 1, max: 2 });
    expect(reply.successes).toMatchObject({ count: 1, max: 50 });
  });
});
