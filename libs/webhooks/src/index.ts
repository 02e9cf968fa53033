export {
  EndpointsService,
  type Endpoint,
  type EndpointChanges,
  type EndpointRequest,
} from './endpoints/endpoints.service.js';
export type { AddressResolver } from './guard/address-resolver.js';
export { UrlGuard } from './guard/url-guard.js';
export { WebhookSecrets, type IssuedSecret, type SecretInfo } from './secrets/webhook-secrets.js';
export { DEFAULT_TOPICS, TEST_TOPIC, WEBHOOK_TOPICS, type WebhookTopic } from './topics.js';
export {
  Webhooks,
  type WebhookAttempt,
  type WebhookEvent,
  type WebhooksOptions,
  type WebhookTarget,
} from './webhooks.js';
