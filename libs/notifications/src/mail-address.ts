import { invalidField } from '@app/common';

const LONGEST = 254;
const LONGEST_LOCAL = 64;
/** One bare address of visible ASCII: no names, no lists, nothing that could end a header's line. */
const ADDRESS =
  /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d][a-z\d-]{0,61}[a-z\d]$/i;

/** @throws DomainError VALIDATION_ERROR that names the field */
export function checkMailAddress(field: string, text: string): void {
  if (text.length <= LONGEST && text.indexOf('@') <= LONGEST_LOCAL && ADDRESS.test(text)) return;
  throw invalidField(
    field,
    'malformed',
    `${field} must be one e-mail address such as ward@hospital.example, without a name.`,
  );
}
