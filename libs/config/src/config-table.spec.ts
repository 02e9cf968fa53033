import { configTable } from './config-table.js';
import { VARIABLE_NAMES } from './environment.schema.js';

describe('configTable', () => {
  const lines = configTable().split('\n');

  it('has a row for every variable, with its range and default', () => {
    expect(lines).toHaveLength(VARIABLE_NAMES.length + 2);
    for (const [i, name] of VARIABLE_NAMES.entries()) expect(lines[i + 2]).toContain(`\`${name}\``);
    expect(lines.find((line) => line.includes('`PORT`'))).toMatch(/\| 0–65535 +\| `8000` +\|/);
  });

  it('is aligned, as the formatter would leave it', () => {
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});
