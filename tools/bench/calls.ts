import { fork, type ChildProcess } from 'node:child_process';

type Answer<Reply> = { readonly reply: Reply } | { readonly error: string };

/** A process of this tool that answers one call at a time, in order. */
export class Worker<Call, Reply> {
  private readonly waiting: PromiseWithHandlers<Reply>[] = [];
  private ended: string | null = null;

  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {
    child.on('message', (answer) => {
      const call = this.waiting.shift();
      const settled = answer as Answer<Reply>;
      if ('reply' in settled) call?.resolve(settled.reply);
      else call?.reject(new Error(`${this.name}: ${settled.error}`));
    });
    child.on('exit', (code, signal) => {
      this.ended = `${this.name} ended (${signal ?? `code ${code ?? '?'}`})`;
      for (const call of this.waiting.splice(0)) call.reject(new Error(this.ended));
    });
  }

  /** `module` is a sibling of this file, without its ending. */
  static start<Call, Reply>(module: string): Worker<Call, Reply> {
    const file = new URL(`./${module}.js`, import.meta.url);
    // JSON would turn the NaN of a measurement that gave nothing into null.
    return new Worker(fork(file, { serialization: 'advanced' }), module);
  }

  call(message: Call & object): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) {
        reject(new Error(this.ended));
        return;
      }
      this.waiting.push({ resolve, reject });
      this.child.send(message);
    });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

interface PromiseWithHandlers<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** The worker's side. It ends when its parent does. */
export function answerCalls(answer: (call: never) => Promise<unknown>): void {
  const send = (message: Answer<unknown>): void => {
    process.send?.(message);
  };
  process.on('message', (call) => {
    answer(call as never).then(
      (reply) => send({ reply }),
      (error: unknown) => send({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
