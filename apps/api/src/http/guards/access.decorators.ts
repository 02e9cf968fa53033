import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { Permission } from '@app/auth';

/** What a handler demands of its caller. */
export type AccessRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'identified' }
  | {
      readonly kind: 'permission';
      readonly permission: Permission;
      readonly publicOnLoopback: boolean;
    };

export const ACCESS_RULE = 'access:rule';

/** Open to everybody, with or without a key. */
export function Public(): MethodDecorator & ClassDecorator {
  const rule: AccessRule = { kind: 'public' };
  return SetMetadata(ACCESS_RULE, rule);
}

/** For everybody who shows a valid key or token, whatever they may do. */
export function Identified(): MethodDecorator & ClassDecorator {
  const rule: AccessRule = { kind: 'identified' };
  return applyDecorators(
    SetMetadata(ACCESS_RULE, rule),
    ApiSecurity('bearer'),
    ApiSecurity('api_key'),
  );
}

/** For callers that hold `permission`. */
export function RequirePermission(permission: Permission): MethodDecorator & ClassDecorator {
  return demand(permission, false);
}

/** Open when the server listens on loopback only; else for callers that hold `permission`. */
export function PublicOnLoopback(permission: Permission): MethodDecorator & ClassDecorator {
  return demand(permission, true);
}

function demand(
  permission: Permission,
  publicOnLoopback: boolean,
): MethodDecorator & ClassDecorator {
  const rule: AccessRule = { kind: 'permission', permission, publicOnLoopback };
  // Either scheme will do: OpenAPI reads entries of the list as alternatives.
  return applyDecorators(
    SetMetadata(ACCESS_RULE, rule),
    ApiSecurity('bearer'),
    ApiSecurity('api_key'),
  );
}
