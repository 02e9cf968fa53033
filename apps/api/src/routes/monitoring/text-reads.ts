import type { DomainError } from '@app/common';
import type { Acting } from '../admin/acting.js';

/** Somebody is about to be given stored texts of predictions: patient data. */
export interface TextRead {
  /** Who, from where and why; `reason` is there. */
  readonly acting: Acting;
  readonly model: string;
  /** The predictions whose texts are given. */
  readonly predictionIds: readonly string[];
}

/** Told before stored texts are read and given; when this fails, they are not. */
export interface TextReads {
  onTextRead(read: TextRead): Promise<void>;
  /** Somebody asked for a model's stored texts and is about to be refused them. */
  onTextRefused(acting: Acting, model: string, refusal: DomainError): Promise<void>;
}

/** Injection token of the application's TextReads. */
export const TEXT_READS = Symbol('TEXT_READS');
