import { ApiProperty } from '@nestjs/swagger';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import type { ErrorCode } from '@app/common';

/** What our schemas may say beyond OpenAPI. */
export interface FieldExtensions {
  /** The error code of a broken rule, where VALIDATION_ERROR is not telling enough: `{ maxItems: 'BATCH_TOO_LARGE' }`. */
  readonly 'x-error-code'?: Readonly<Record<string, ErrorCode>>;
  /** The refused value may be shown to the caller: never for anything a patient's record could hold. */
  readonly 'x-echo'?: boolean;
}

/** `@ApiProperty` for a field that needs one of our extensions. */
export function ApiField(options: ApiPropertyOptions & FieldExtensions): PropertyDecorator {
  return ApiProperty(options);
}
