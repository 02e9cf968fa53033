import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { runUntilStopped } from './run-until-stopped.js';

const failure = (message: string) => Promise.reject(new Error(message));
const forever = new Promise<void>(() => undefined);
const done = async () => undefined;

describe('runUntilStopped', () => {
  let signals: EventEmitter;
  beforeEach(() => {
    signals = new EventEmitter();
  });

  it.each(['SIGINT', 'SIGTERM'])('runs until %s has stopped it', async (signal) => {
    const said: string[] = [];
    const stop = async () => {
      await turn();
      said.push('stopped');
    };
    const run = runUntilStopped(done, stop, signals).then(() => said.push('over'));
    await turn();
    expect(said).toEqual([]);
    signals.emit(signal);
    await run;
    expect(said).toEqual(['stopped', 'over']);
  });

  it('takes a start that fails because it is being stopped for a clean end', async () => {
    const said: string[] = [];
    let interrupt = (_: Error): void => undefined;
    const start = () => new Promise<void>((_, reject) => (interrupt = reject));
    const stop = async () => {
      interrupt(new Error('the lanes were closed'));
      await turn();
      said.push('stopped');
    };
    const run = runUntilStopped(start, stop, signals);
    signals.emit('SIGTERM');
    await run;
    expect(said).toEqual(['stopped']);
  });

  it('does not wait for a start that a signal has made pointless', async () => {
    const run = runUntilStopped(() => forever, done, signals);
    signals.emit('SIGTERM');
    await run;
  });

  it('fails with what made the start or the stop impossible', async () => {
    await expect(runUntilStopped(() => failure('no model'), done, signals)).rejects.toThrow(
      'no model',
    );
    const run = runUntilStopped(done, () => failure('stuck'), signals);
    signals.emit('SIGTERM');
    await expect(run).rejects.toThrow('stuck');
  });

  it('stops once when the signal comes twice in a moment', async () => {
    let stops = 0;
    const stop = async () => {
      stops++;
      await turn();
    };
    const run = runUntilStopped(done, stop, signals);
    signals.emit('SIGINT');
    signals.emit('SIGINT');
    await run;
    expect(stops).toBe(1);
  });
});
