import { SetupError } from '@app/common';
import { ManifestError, verifyFiles } from '@app/model-registry';
import { DONE, FAILED, type ExitCode, type Output } from './console.js';
import { compareGoldenAnswers } from './golden-answers.js';
import { ModelTester, type TesterOptions } from './model-tester.js';
import { findVersions, type FoundVersion, type Places } from './places.js';

/**
 * Proves that models are what their manifests say and work here.
 * @param wanted `name` or `name@version`; every model if left out
 */
export async function checkModels(
  wanted: string | undefined,
  places: Places,
  options: TesterOptions,
  output: Output,
): Promise<ExitCode> {
  const found = await findVersions(places);
  const meant = found.filter(
    ({ name, version }) =>
      wanted === undefined || wanted === name || wanted === `${name}@${version}`,
  );
  if (meant.length === 0) {
    const known = found.map(({ name, version }) => `${name}@${version}`);
    throw new SetupError(
      `There is no model ${wanted ?? ''} to check; there are: ${known.join(', ') || 'none'}`,
    );
  }
  const tester = await ModelTester.start(options);
  let failed = 0;
  try {
    for (const version of meant) {
      const key = `${version.name}@${version.version}`;
      try {
        output.print(`${key}  ok  ${await check(version, tester)}`);
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        failed++;
        output.print(`${key}  FAILED  ${error.message}`);
      }
    }
  } finally {
    await tester.close();
  }
  return failed === 0 ? DONE : FAILED;
}

/** @returns what was found sound */
async function check({ entry }: FoundVersion, tester: ModelTester): Promise<string> {
  if (entry instanceof ManifestError) throw entry;
  await verifyFiles(entry.folder, entry.manifest);
  const model = await tester.test(entry);
  try {
    const golden = await compareGoldenAnswers(entry, model);
    return [
      `${entry.manifest.files.length} files`,
      `runs on ${model.served.loaded.provider}`,
      golden > 0 ? `${golden} golden answers match` : 'no golden answers',
    ].join(', ');
  } finally {
    await tester.release(model);
  }
}
