export { Notifications, type MailNotice, type NotificationsOptions } from './notifications.js';
export type { SmtpOptions } from './smtp/smtp-mailer.js';
export type { PredictionNotice } from './templates/prediction-mail.js';
