import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from '../support/load.js';
import { isRunning } from '../support/processes.js';
import { freePort, Service } from '../support/service.js';

const sentences = [
  { sentence: 'The patient denies any chest pain.', entity: 'chest pain' },
  { sentence: 'Possible pneumonia in the left lower lobe.' },
  { sentence: 'No fever, but she reports cough.', entity: 'cough' },
  { sentence: `She has a history of asthma. ${'She was seen in the clinic. '.repeat(8)}` },
];
const bodyOf = (n: number) =>
  JSON.stringify({ ...sentences[n % sentences.length], return_probabilities: true });

interface GpuStats {
  lanes: { pid: number; state: string; restarts: number }[];
}
const gpuStats = async (service: Service): Promise<GpuStats> =>
  (await fetch(`${service.url}/gpu/stats`)).json() as Promise<GpuStats>;

describe('when a lane is killed under load', () => {
  it('leaves no request hanging or wrong, and is ready again within 3 s', async () => {
    const service = await Service.start({ LANES: '2' });
    const expected = await Promise.all(
      sentences.map(async (_, i) => {
        const response = await service.post('/predict', JSON.parse(bodyOf(i)));
        return (await response.json()) as { probabilities: unknown };
      }),
    );
    const rightAnswers = new Set(expected.map((answer) => JSON.stringify(answer.probabilities)));
    const load = new Load(`${service.url}/predict`, bodyOf, 32);
    for (let round = 1; round <= 3; round++) {
      await sleep(300);
      const { lanes } = await gpuStats(service);
      process.kill(lanes[round % 2]!.pid, 'SIGKILL');
      const killed = performance.now();
      let restarted = false;
      while (!restarted && performance.now() - killed < 10_000) {
        await sleep(20);
        const now = (await gpuStats(service)).lanes;
        restarted =
          now.every((lane) => lane.state === 'ready') &&
          now.reduce((sum, lane) => sum + lane.restarts, 0) === round;
      }
      expect(performance.now() - killed).toBeLessThan(3_000);
    }
    await load.stop();
    expect(load.broken).toEqual([]);
    for (const { status, body } of load.answers) {
      if (status === 200) expect(rightAnswers).toContain(JSON.stringify(body.probabilities));
      else expect(body.error_code).toBe('INFERENCE_ERROR');
    }
    const failed = load.answers.filter(({ status }) => status !== 200).length;
    // Only an item that was alone on a killed lane may fail.
    expect(failed).toBeLessThanOrEqual(3);
    expect(load.answers.length).toBeGreaterThan(100);
    await service.stop();
  }, 60_000);
});

describe('SIGTERM under load', () => {
  it('answers every request it has accepted, refuses new ones and exits 0', async () => {
    const service = await Service.start();
    const load = new Load(`${service.url}/predict`, bodyOf, 32);
    await sleep(700);
    const pids = (await gpuStats(service)).lanes.map((lane) => lane.pid);
    const stopped = service.stop('SIGTERM');
    const exitCode = await stopped;
    await load.stop();
    expect(exitCode).toBe(0);
    expect(load.answers.every(({ status }) => status === 200)).toBe(true);
    // What got no answer was never accepted: refused, or at worst one connection that the
    // system had queued and the service not yet taken when it stopped listening.
    const codes = load.broken.map((error) => (error as NodeJS.ErrnoException).code);
    expect(codes.filter((code) => code !== 'ECONNREFUSED' && code !== 'ECONNRESET')).toEqual([]);
    expect(codes.filter((code) => code === 'ECONNRESET').length).toBeLessThanOrEqual(1);
    expect(pids.filter(isRunning)).toEqual([]);
  }, 60_000);

  it('ends idle keep-alive connections and open streams quickly', async () => {
    const service = await Service.start();
    await fetch(`${service.url}/health/live`);
    const started = performance.now();
    expect(await service.stop('SIGINT')).toBe(0);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

describe('SIGTERM while the models are loaded', () => {
  it('ends the service cleanly, with exit 0', async () => {
    const port = await freePort();
    const dataDir = mkdtempSync(join(tmpdir(), 'clinserve e2e '));
    const child = spawn(process.execPath, [join(process.cwd(), 'dist/apps/api/src/main.js')], {
      env: {
        ...{ PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir },
        LOG_LEVEL: 'info',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = once(child, 'exit');
    const health = (path: string) =>
      fetch(`http://127.0.0.1:${port}/health/${path}`).catch(() => null);
    while (child.exitCode === null && !(await health('live'))?.ok) await sleep(5);
    expect((await health('ready'))?.status).toBe(503);
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
    expect(output).not.toContain('cannot start');
    expect(output).toContain('stopped');
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);
});

describe('a killed service', () => {
  it('takes its lanes with it', async () => {
    const service = await Service.start();
    const pids = (await gpuStats(service)).lanes.map((lane) => lane.pid);
    await service.stop('SIGKILL');
    await sleep(500);
    expect(pids.filter(isRunning)).toEqual([]);
  }, 30_000);
});
