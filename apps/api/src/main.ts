import { newRequestId } from '@app/common';
console.log(newRequestId());
