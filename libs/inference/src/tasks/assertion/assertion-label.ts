import type { ModelManifest } from '@app/model-registry';

export const ASSERTION_LABELS = ['PRESENT', 'ABSENT', 'POSSIBLE'] as const;
export type AssertionLabel = (typeof ASSERTION_LABELS)[number];

/** The public convention for models whose classes have no names: LABEL_0 is PRESENT and so on. */
const UNNAMED = /^LABEL_([012])$/i;

/** What a class of a model means; undefined when its name says neither. */
export function assertionLabel(modelLabel: string): AssertionLabel | undefined {
  const unnamed = UNNAMED.exec(modelLabel)?.[1];
  if (unnamed !== undefined) return ASSERTION_LABELS[Number(unnamed)];
  const upper = modelLabel.toUpperCase();
  return ASSERTION_LABELS.find((label) => label === upper);
}

/**
 * The meaning of each logit, in their order.
 * @throws Error when the manifest's labels are not the three assertion classes.
 */
export function assertionLabels(manifest: ModelManifest): readonly AssertionLabel[] {
  const labels = manifest.labels.map(assertionLabel).filter((label) => label !== undefined);
  if (
    labels.length !== manifest.labels.length ||
    new Set(labels).size !== ASSERTION_LABELS.length
  ) {
    throw new Error(
      `${manifest.name}@${manifest.version}: an assertion model needs the labels ` +
        `${ASSERTION_LABELS.join(', ')}, or LABEL_0, LABEL_1, LABEL_2 in that meaning`,
    );
  }
  return labels;
}
