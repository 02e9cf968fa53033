import { answerCalls } from './calls.js';
import { closedLoop } from './closed-loop.js';
import type { LoadCall, LoadReply } from './load-calls.js';
import { openLoop } from './open-loop.js';
import { probe } from './probe.js';
import { sequence } from './sequence.js';

answerCalls((call: LoadCall): Promise<LoadReply> => {
  switch (call.kind) {
    case 'closed':
      return closedLoop(call);
    case 'open':
      return openLoop(call);
    case 'sequence':
      return sequence(call);
    case 'probe':
      return probe(call);
  }
});
