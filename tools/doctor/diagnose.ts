import { hostResources, probeProviders } from '@app/inference';
import { bundledModels } from '../../apps/api/src/installation.js';
import { checkConfiguration, checkDataFolder, checkPort } from './check-configuration.js';
import { checkLanes } from './check-lanes.js';
import { checkMachine, checkNode } from './check-machine.js';
import { checkModels } from './check-models.js';
import { checkProviders } from './check-providers.js';
import type { Finding } from './finding.js';

/** Everything that decides whether and how the service runs here. Changes nothing. */
export async function diagnose(): Promise<Finding[]> {
  const host = hostResources();
  const { config, finding } = checkConfiguration();
  const own = config === null ? [] : [config.models.ownDir];
  const [models, probes, settings] = await Promise.all([
    checkModels([bundledModels(), ...own], config?.models.serve ?? []),
    probeProviders(config === null ? {} : { environment: config.inference.laneEnvironment }),
    config === null ? [] : Promise.all([checkPort(config), checkDataFolder(config)]),
  ]);
  return [
    checkNode(process.versions.node),
    checkMachine(`${process.platform} ${process.arch}`, host),
    finding,
    ...settings,
    ...models.findings,
    ...checkProviders(probes, models.served),
    ...(config === null
      ? []
      : [
          checkLanes(host, {
            lanes: config.inference.lanes,
            threads: config.inference.laneThreads,
            manifests: models.served,
            providers: probes.filter(({ available }) => available).map(({ provider }) => provider),
          }),
        ]),
  ];
}
