import type { ProviderName } from '@app/model-registry';
import type { LoadedModel, ModelSpec } from './runtime.js';

/** How a lane opens its sessions. */
export interface SessionSettings {
  /** Threads inside one operator. More than 1 only makes sense with a single lane. */
  readonly threads: number;
  /** The CUDA device, by its number. */
  readonly cudaDevice: number;
}

/** Control messages to a lane's process. Each is answered, in the order sent. */
export type LaneRequest =
  | {
      readonly type: 'load';
      readonly model: number;
      readonly spec: ModelSpec;
      readonly settings: SessionSettings;
    }
  | { readonly type: 'unload'; readonly model: number }
  | { readonly type: 'probe'; readonly provider: ProviderName; readonly settings: SessionSettings };

/** Control messages from a lane's process. */
export type LaneReply =
  /** Sent once, before anything else: onnxruntime is loaded. */
  | { readonly type: 'ready' }
  | { readonly type: 'loaded'; readonly loaded: LoadedModel }
  | { readonly type: 'unloaded' }
  | { readonly type: 'probed'; readonly available: boolean; readonly reason: string }
  /** The answer to a load that did not work. The process lives on. */
  | { readonly type: 'refused'; readonly message: string }
  /** The answer to a batch that did not work. The process lives on. */
  | { readonly type: 'failed'; readonly batch: number; readonly message: string };
