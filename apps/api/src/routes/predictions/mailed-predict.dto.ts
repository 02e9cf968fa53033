import { ApiProperty } from '@nestjs/swagger';
import { PredictRequest, PredictResponse } from './predict.dto.js';

export class MailedPredictRequest extends PredictRequest {
  @ApiProperty({
    type: 'string',
    maxLength: 254,
    description: 'Told the answer by mail: label, score, time and request id, nothing of the text.',
    example: 'ward3@example.org',
  })
  email!: string;
}

export class MailedPredictResponse extends PredictResponse {
  @ApiProperty({ enum: ['queued'], description: 'The mail is sent, and tried again, afterwards.' })
  email_status!: 'queued';
}
