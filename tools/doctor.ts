// Says what the service finds on this machine, and what would keep it from starting.
//   npm run doctor
import { diagnose } from './doctor/diagnose.js';
import { formatFindings } from './doctor/finding.js';

const findings = await diagnose();
console.log(formatFindings(findings));
const failures = findings.filter(({ state }) => state === 'fail').length;
console.log(
  failures === 0
    ? '\nThe service can start.'
    : `\n${failures} problem(s) would keep the service from starting.`,
);
if (failures > 0) process.exitCode = 1;
