import type { ProviderProbe } from '@app/inference';
import { modelKey, type ModelManifest } from '@app/model-registry';
import type { Finding } from './finding.js';

/** What each execution provider said, and whether every model to be served finds one. */
export function checkProviders(
  probes: readonly ProviderProbe[],
  manifests: readonly ModelManifest[],
): Finding[] {
  const available = new Set(probes.filter((probe) => probe.available).map((p) => p.provider));
  const findings = probes.map((probe): Finding => {
    const broken = probe.provider === 'cpu' && !probe.available;
    const state = probe.available ? 'ok' : broken ? 'fail' : 'note';
    const text = probe.available ? probe.reason : `not usable: ${probe.reason}`;
    return { state, subject: `provider ${probe.provider}`, text };
  });
  for (const manifest of manifests) {
    if (manifest.providers.some((provider) => available.has(provider))) continue;
    findings.push({
      state: 'fail',
      subject: `model ${modelKey(manifest)}`,
      text:
        `runs on ${manifest.providers.join(' or ')} only, which this machine lacks: ` +
        'leave it out of MODELS, or add it again with other --providers',
    });
  }
  return findings;
}
