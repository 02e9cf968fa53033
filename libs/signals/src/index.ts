export { Signals, type Listener, type SignalsOptions } from './signals.js';
export { signals as signalsTable } from './signals.schema.js';
