import { UnservedJobs } from './unserved-jobs.js';

const JOBS = [{ id: 'a' }, { id: 'b' }];

/** Looks at these seconds. @returns what was overdue at the last look */
function look(unserved: UnservedJobs, seconds: readonly number[], jobs = JOBS): string[] {
  const found = seconds.map((at) => unserved.overdue(jobs, new Date(at * 1_000)));
  return (found.at(-1) ?? []).map(({ id }) => id);
}

describe('UnservedJobs', () => {
  it('names who was seen at every look for over a minute', () => {
    const unserved = new UnservedJobs();
    expect(look(unserved, [0, 20], [{ id: 'a' }])).toEqual([]);
    expect(look(unserved, [40, 60])).toEqual([]);
    expect(look(unserved, [61])).toEqual(['a']);
    expect(look(unserved, [80, 101])).toEqual(['a', 'b']);
  });

  it('begins anew with a job that was served in between', () => {
    const unserved = new UnservedJobs();
    look(unserved, [0, 20]);
    look(unserved, [30], [{ id: 'b' }]);
    expect(look(unserved, [40, 60, 80])).toEqual(['b']);
  });

  it('begins anew after a time in which nobody looked', () => {
    const unserved = new UnservedJobs();
    look(unserved, [0, 20, 40]);
    expect(look(unserved, [600])).toEqual([]);
    expect(look(unserved, [620, 640, 661])).toEqual(['a', 'b']);
  });
});
