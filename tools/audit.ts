// Verifies and exports the audit log.
//   npm run audit -- --help
import { runAudit } from './audit/commands.js';

process.exitCode = await runAudit(process.argv.slice(2), {
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
});
