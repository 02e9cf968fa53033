// Adds, lists, checks and removes the models that the service serves.
//   npm run models -- --help
import { runModels } from './models/commands.js';

process.exitCode = await runModels(process.argv.slice(2), {
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
});
