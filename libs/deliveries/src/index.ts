export type { AttemptOutcome } from './attempt-outcome.js';
export {
  Deliveries,
  type ClaimedDelivery,
  type DeliveriesOptions,
  type DestinationCipher,
  type WakeUps,
} from './deliveries.js';
export type {
  DeliveryAttemptRow,
  DeliveryFilter,
  DeliveryLoad,
  DeliveryRow,
} from './deliveries.repository.js';
export { deliveries as deliveriesTable } from './deliveries.schema.js';
export {
  DELIVERY_KINDS,
  DELIVERY_STATES,
  type DeliveryIntent,
  type DeliveryKind,
  type DeliveryState,
} from './delivery-intent.js';
export { MOST_ATTEMPTS } from './retry-schedule.js';
