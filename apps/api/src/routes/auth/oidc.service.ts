import { Inject, Injectable } from '@nestjs/common';
import {
  Auth,
  NOTHING_ENDED,
  type BegunSignIn,
  type Entrance,
  type OidcSignInService,
  type ReturnedSignIn,
} from '@app/auth';
import { DomainError } from '@app/common';
import type { Transaction } from '@app/database';
import { API_OPTIONS, type ApiOptions } from '../../api-options.js';
import type { Acting } from '../admin/acting.js';
import { AuditedActs } from '../admin/audited-acts.js';
import { SIGN_IN, startedBy, toTokenResponse } from './auth.service.js';
import type { TokenResponse } from './auth.dto.js';

export interface CompletedSignIn {
  readonly tokens: TokenResponse;
  /** Where the browser goes on to; null to answer the tokens. */
  readonly location: string | null;
}

/** Between the wire and sign-in through an identity provider. */
@Injectable()
export class OidcService {
  constructor(
    private readonly auth: Auth,
    private readonly acts: AuditedActs,
    @Inject(API_OPTIONS) private readonly options: ApiOptions,
  ) {}

  async begin(returnTo: string | null): Promise<BegunSignIn> {
    return this.service().begin(returnTo);
  }

  /**
   * @param query of the callback's URL
   * @param attempt the browser's cookie
   */
  async complete(
    query: string,
    attempt: string | undefined,
    acting: Acting,
  ): Promise<CompletedSignIn> {
    const oidc = this.service();
    const returned = await this.comeBack(oidc, query, attempt, acting);
    let ended = NOTHING_ENDED;
    try {
      const enter = async (tx: Transaction) => {
        const entrance = await oidc.enter(tx, returned);
        ended = entrance.ended;
        await this.recordChange(tx, entrance, acting);
        return entrance.session;
      };
      const session = await this.acts.attempt(acting, SIGN_IN, enter, startedBy);
      const tokens = toTokenResponse(await this.auth.signIn.issue(session));
      return { tokens, location: this.locationOf(returned.returnTo, tokens) };
    } finally {
      // Also when it ended in a refusal: whoever has no role left loses what they had.
      await this.auth.announce(ended);
    }
  }

  private async comeBack(
    oidc: OidcSignInService,
    query: string,
    attempt: string | undefined,
    acting: Acting,
  ): Promise<ReturnedSignIn> {
    try {
      return await oidc.comeBack(query, attempt);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'UNAUTHENTICATED') {
        await this.acts.refused(acting, SIGN_IN, error);
      }
      throw error;
    }
  }

  /** Making a user, or changing their roles, is an act of its own. */
  private async recordChange(tx: Transaction, { changed }: Entrance, acting: Acting) {
    if (changed === null) return;
    const { user, as } = changed;
    const action = as === 'created' ? 'user.create' : 'user.change_roles';
    await this.acts.done(
      tx,
      { ...acting, tenantId: user.tenantId, actor: { kind: 'user', id: user.id } },
      { action, object: { kind: 'user', id: user.id } },
    );
  }

  /** In the fragment, which browsers send to nobody; the token dies with its first use or a minute. */
  private locationOf(returnTo: string | null, tokens: TokenResponse): string | null {
    if (returnTo === null) return null;
    return `${this.options.publicUrl ?? ''}${returnTo}#refresh_token=${tokens.refresh_token}`;
  }

  private service(): OidcSignInService {
    if (this.auth.oidc !== null) return this.auth.oidc;
    throw new DomainError(
      'NOT_FOUND',
      'Nobody signs in through an identity provider here. The operator would have to set OIDC_ISSUER.',
    );
  }
}
