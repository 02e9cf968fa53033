import { createTransport, type Transporter } from 'nodemailer';
import type { RenderedMail } from '../templates/rendered-mail.js';

export interface SmtpOptions {
  /** `smtp://user:password@host:587`, or `smtps://…` for TLS from the start. */
  readonly url: string;
  /** `noreply@hospital.example` or `Clinserve <noreply@hospital.example>`. */
  readonly from: string;
  /** How long handing over a mail may take; 60 s by default. */
  readonly timeoutMs?: number;
}

export interface OutgoingMail extends RenderedMail {
  /** The same for every attempt, so that a repeated mail can be recognised. */
  readonly id: string;
  readonly to: string;
}

const TIMEOUT_MS = 60_000;
const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;

/** Hands mails to the operator's mail server, each on a connection of its own. */
export class SmtpMailer {
  private readonly transport: Transporter;
  private readonly host: string;

  constructor(private readonly options: SmtpOptions) {
    const { hostname, username } = new URL(options.url);
    this.host = hostname;
    this.transport = createTransport({
      url: options.url,
      // A password is not sent in the clear unless the URL itself says `?requireTLS=false`.
      requireTLS: username !== '' && !isLoopback(hostname),
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      dnsTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  /** Rejects with the transport's error; see `smtpOutcome`. */
  async send({ id, to, subject, text, html }: OutgoingMail, signal: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? TIMEOUT_MS);
    await this.transport.sendMail({
      messageId: `<${id}@${this.host}>`,
      from: this.options.from,
      // As an object the address is one recipient whatever is in it.
      to: { name: '', address: to },
      subject,
      text,
      html,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.any([signal, timeout]),
    });
  }

  close(): void {
    this.transport.close();
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}
