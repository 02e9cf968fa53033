import { createServer } from 'node:http';

/**
 * The least an HTTP server on Node can do for a prediction: read the body, parse
 * it, answer an object of the same shape. Started by the bench with HOST and PORT.
 */
const answer = (sentence: string): string =>
  JSON.stringify({
    label: 'PRESENT',
    score: 0.5,
    model_label: 'PRESENT',
    prediction_time_ms: sentence.length / 1000,
    request_id: 'req-floor-0',
    model_version: '1.0.0',
  });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = chunks.length > 0 ? Buffer.concat(chunks).toString('utf8') : '{"sentence":""}';
    const { sentence } = JSON.parse(text) as { sentence: string };
    const body = answer(sentence);
    response.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  });
});

const [host, port] = process.argv.slice(2);
server.listen(Number(port), host);
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
