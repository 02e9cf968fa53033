// Predicts for a whole file through a running service.
//   npm run batch -- --help
import { runBatch } from './batch/commands.js';

process.exitCode = await runBatch(process.argv.slice(2), {
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
  screen: process.stderr,
});
