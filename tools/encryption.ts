// Shows, rotates and rewraps the keys of encrypted fields.
//   npm run encryption -- --help
import { runEncryption } from './encryption/commands.js';

process.exitCode = await runEncryption(process.argv.slice(2), {
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
});
