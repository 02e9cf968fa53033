import { UsageError } from '../models/options.js';
import { parseCommand } from './options.js';

const ID = '0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f';

describe('parseCommand', () => {
  it.each([
    [['list'], { command: 'list', status: undefined, tenant: undefined, limit: 50 }],
    [
      ['list', '--status', 'failed', '--tenant', 'north', '--limit', '5'],
      { command: 'list', status: 'failed', tenant: 'north', limit: 5 },
    ],
    [['retry', ID.toUpperCase()], { command: 'retry', id: ID }],
    [['purge', ID], { command: 'purge', which: { id: ID } }],
    [
      ['purge', '--finished-before', '2026-01-31'],
      { command: 'purge', which: { before: new Date('2026-01-31T00:00:00Z') } },
    ],
    [['deliveries'], { command: 'deliveries', state: 'failed', tenant: undefined, limit: 50 }],
    [['resend', '--all-failed'], { command: 'resend', which: 'all failed' }],
    [['list', '--help'], { command: 'help' }],
  ])('reads %j', (args, command) => {
    expect(parseCommand(args)).toEqual(command);
  });

  it.each([
    [[]],
    [['delete']],
    [['retry']],
    [['retry', 'all']],
    [['retry', ID, ID]],
    [['retry', ID, '--limit', '5']],
    [['list', ID]],
    [['list', '--status', 'done']],
    [['list', '--limit', '0']],
    [['purge']],
    [['purge', ID, '--finished-before', '2026-01-31']],
    [['purge', '--finished-before', '2026-01-31T08:00']],
    [['resend', ID, '--all-failed']],
    [['list', '--verbose']],
  ])('refuses %j', (args) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
  });
});
