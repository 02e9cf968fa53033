// Lists, retries, cancels and purges jobs, and sends again what was not delivered.
//   npm run jobs -- --help
import { runJobs } from './jobs/commands.js';

process.exitCode = await runJobs(process.argv.slice(2), {
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
});
