// A process that owns lanes, for tests of what becomes of them:
//   node runtime-parent.mjs <lane-runtime.js> <stay|close>
const [, , lanes, what] = process.argv;
const { LaneRuntime } = await import(lanes);

const runtime = new LaneRuntime({ lanes: 2, onLaneExit: () => undefined });
await runtime.start();
console.log(JSON.stringify(runtime.stats().lanes.map(({ pid }) => pid)));
if (what === 'close') await runtime.close();
else setInterval(() => undefined, 1_000);
