import { createHmac } from 'node:crypto';
import { sameMac } from '../audit-chain.js';

/** That a row with this MAC was in the table, outside of the table. */
export interface Checkpoint {
  readonly seq: number;
  readonly mac: Buffer;
  readonly at: Date;
}

const LINE = /^(c1 ([1-9]\d{0,15}) ([\da-f]{64}) (\d{4}-\d\d-\d\dT[\d:.]{12}Z)) ([\da-f]{64})$/;

/** `c1 <seq> <MAC> <time> <MAC of the line>`, without the line's end. */
export function formatCheckpoint(key: Buffer, { seq, mac, at }: Checkpoint): string {
  const content = `c1 ${seq} ${mac.toString('hex')} ${at.toISOString()}`;
  return `${content} ${lineMac(key, content).toString('hex')}`;
}

/** @returns null when the line was cut, altered, or written with another key */
export function parseCheckpoint(key: Buffer, line: string): Checkpoint | null {
  const [, content, seq, mac, at, ownMac] = LINE.exec(line) ?? [];
  if (content === undefined || mac === undefined || at === undefined || ownMac === undefined) {
    return null;
  }
  if (!sameMac(lineMac(key, content), Buffer.from(ownMac, 'hex'))) return null;
  return { seq: Number(seq), mac: Buffer.from(mac, 'hex'), at: new Date(at) };
}

function lineMac(key: Buffer, content: string): Buffer {
  return createHmac('sha256', key).update(`clinserve checkpoint\n${content}`).digest();
}
