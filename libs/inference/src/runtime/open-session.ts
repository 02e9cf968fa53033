import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderName } from '@app/model-registry';
import { InferenceSession } from 'onnxruntime-node';
import type { SessionSettings } from './lane-messages.js';
import { operatorShare } from './operator-share.js';
import type { LoadedModel } from './runtime.js';

export interface OpenSession extends LoadedModel {
  readonly session: InferenceSession;
}

const CONFIGS: Readonly<
  Record<ProviderName, (settings: SessionSettings) => InferenceSession.ExecutionProviderConfig>
> = {
  cuda: ({ cudaDevice }) => ({ name: 'cuda', deviceId: cudaDevice }),
  webgpu: () => ({ name: 'webgpu' }),
  cpu: () => ({ name: 'cpu' }),
};

/** A provider that runs fewer of a model's operators leaves the work to the CPU. */
const LEAST_SHARE = 0.5;

const MAX_REASON_CHARS = 600;
/** Where in onnxruntime's own source a check failed, which tells an operator nothing. */
const NATIVE_SOURCE = /^\/\S+:\d+ .* was false\. /;

/**
 * Opens a model on the first provider that really runs it. Each is tried on
 * its own, because onnxruntime drops what it lacks from a longer list, and is
 * then watched at work, because it hands operators to the CPU without a word.
 * @param model path of an ONNX file, or its bytes
 * @param tryOut runs the session once, in whatever way suits the model
 * @throws Error naming every provider and why it was not used
 */
export async function openSession(
  model: string | Uint8Array,
  providers: readonly string[],
  settings: SessionSettings,
  tryOut: (session: InferenceSession) => Promise<void>,
): Promise<OpenSession> {
  const known = providers.map(knownProvider);
  if (known.length === 0) throw new Error('no execution provider is named: give at least cpu');
  const skipped: { provider: ProviderName; reason: string }[] = [];
  for (const provider of known) {
    try {
      const session =
        provider === 'cpu'
          ? await openOnCpu(model, settings, tryOut)
          : await openWatched(model, provider, settings, tryOut);
      return { session, provider, skipped };
    } catch (error) {
      skipped.push({ provider, reason: reasonOf(error) });
    }
  }
  throw new Error(skipped.map(({ provider, reason }) => `${provider}: ${reason}`).join('; '));
}

/** One line of a library's message, short enough for a log and an answer. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').replace(NATIVE_SOURCE, '').trim().slice(0, MAX_REASON_CHARS);
}

function knownProvider(name: string): ProviderName {
  if (Object.hasOwn(CONFIGS, name)) return name as ProviderName;
  throw new Error(
    `unknown execution provider "${name.slice(0, 40)}": use ${Object.keys(CONFIGS).join(', ')}`,
  );
}

async function openOnCpu(
  model: string | Uint8Array,
  settings: SessionSettings,
  tryOut: (session: InferenceSession) => Promise<void>,
): Promise<InferenceSession> {
  const session = await create(model, sessionOptions('cpu', settings));
  return releasedOnFailure(session, () => tryOut(session));
}

async function openWatched(
  model: string | Uint8Array,
  provider: ProviderName,
  settings: SessionSettings,
  tryOut: (session: InferenceSession) => Promise<void>,
): Promise<InferenceSession> {
  const folder = await mkdtemp(join(tmpdir(), 'clinserve-profile-'));
  try {
    const session = await create(model, {
      ...sessionOptions(provider, settings),
      enableProfiling: true,
      profileFilePrefix: join(folder, 'run'),
    });
    return await releasedOnFailure(session, async () => {
      await tryOut(session);
      session.endProfiling();
      const [profile] = await readdir(folder);
      if (profile === undefined) throw new Error('onnxruntime left no profile to check it by');
      const share = operatorShare(await readFile(join(folder, profile), 'utf8'), provider);
      if (share.own === 0 || share.own < share.all * LEAST_SHARE) {
        throw new Error(
          `it ran only ${share.own} of ${share.all} operators, the rest ran elsewhere`,
        );
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function create(
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  return typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}

async function releasedOnFailure(
  session: InferenceSession,
  check: () => Promise<void>,
): Promise<InferenceSession> {
  try {
    await check();
    return session;
  } catch (error) {
    await session.release();
    throw error;
  }
}

function sessionOptions(
  provider: ProviderName,
  settings: SessionSettings,
): InferenceSession.SessionOptions {
  return {
    executionProviders: [CONFIGS[provider](settings)],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // The arena keeps its peak, which bounded batches bound, and gives it back on release.
    enableCpuMemArena: true,
    // Patterns are kept for every shape seen, and batches have any shape; they save no time.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Threads that spin while they wait take the cores from the rest of the service.
    ...(settings.threads > 1 && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  };
}
