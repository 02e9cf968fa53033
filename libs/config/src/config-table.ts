import { environmentSchema } from './environment.schema.js';
import type { VariableSchema } from './environment.schema.js';

/** The operator's variables as a Markdown table, in the form the formatter leaves alone. */
export function configTable(): string {
  const rows = [
    ['Variable', 'Values', 'Default', 'Meaning'],
    ...Object.entries(environmentSchema.properties).map(([name, schema]) => [
      `\`${name}\``,
      valuesOf(schema),
      defaultOf(schema),
      schema.description,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)));
  lines.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  );
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function valuesOf(schema: VariableSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  switch (schema.type) {
    case 'boolean':
      return '`true`, `false`';
    case 'integer':
      return `${schema.minimum ?? ''}–${schema.maximum ?? ''}`;
    case 'string':
      return 'text';
  }
}

function defaultOf(schema: VariableSchema): string {
  if (schema.default !== undefined) return `\`${String(schema.default)}\``;
  return schema.$comment ?? 'none';
}
