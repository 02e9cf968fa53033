// Runs a model in a process of its own: onnxruntime-node checks its arguments by
// `instanceof`, which fails inside jest's sandbox. Reads {model, batches, omit} from
// stdin, each batch a list of rows of ids; answers, per batch, the output's dims and
// each row's values as base64 of its float32 bytes.
import * as ort from 'onnxruntime-node';

let text = '';
for await (const chunk of process.stdin) text += chunk;
const { model, output, batches } = JSON.parse(text);

const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const answers = [];
for (const { rows, length } of batches) {
  const shape = [rows.length, length ?? Math.max(...rows.map((row) => row.length))];
  const names = ['input_ids', 'attention_mask', 'token_type_ids'];
  const feeds = Object.fromEntries(
    names.map((name) => [
      name,
      new ort.Tensor('int64', new BigInt64Array(shape[0] * shape[1]), shape),
    ]),
  );
  rows.forEach((row, i) =>
    row.forEach((id, j) => {
      feeds.input_ids.data[i * shape[1] + j] = BigInt(id);
      feeds.attention_mask.data[i * shape[1] + j] = 1n;
    }),
  );
  const given = Object.fromEntries(
    Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)),
  );
  const { data, dims } = (await session.run(given))[output];
  const size = data.length / dims[0];
  answers.push({
    dims,
    rows: rows.map((_, i) =>
      Buffer.from(data.slice(i * size, (i + 1) * size).buffer).toString('base64'),
    ),
  });
}
process.stdout.write(
  JSON.stringify({ inputs: session.inputNames, outputs: session.outputNames, answers }),
);
