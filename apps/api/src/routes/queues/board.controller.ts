import { All, Controller, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import { Public } from '../../http/guards/access.decorators.js';
import { Actor, type Acting } from '../admin/acting.js';
import { BoardGuard } from './board.guard.js';
import { BoardService } from './board.service.js';

/** Bull Board: not part of the API. Open to whom the BoardGuard lets in. */
@ApiExcludeController()
@Controller('admin/queues')
@Public()
@UseGuards(BoardGuard)
export class BoardController {
  constructor(private readonly board: BoardService) {}

  @All(['', '*path'])
  async answer(
    @Req() request: EdgeRequest,
    @Res() response: EdgeResponse,
    @Actor() acting: Acting,
  ): Promise<void> {
    await this.board.answer(request, response, acting);
  }
}
