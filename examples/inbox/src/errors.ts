import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isHaError, outcomeOf } from '@steadfast/shared';

/** Something the caller did wrong. */
export class InboxError extends Error {
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

/**
 * What a caller needs to know about a failure is whether to send the request again:
 * `notSent` and `rejected` changed nothing, `unknown` may have.
 */
export function answerError(
  error: FastifyError | InboxError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (isHaError(error)) {
    request.log.warn({ err: error }, 'no answer from the database');
    return reply
      .code(503)
      .send({ code: error.code, outcome: error.outcome, message: (error as Error).message });
  }
  if (error.statusCode !== undefined && error.statusCode < 500)
    return reply.code(error.statusCode).send({ code: error.code, message: error.message });
  request.log.error({ err: error }, 'request failed');
  return reply
    .code(500)
    .send({ code: error.code ?? 'INTERNAL', outcome: outcomeOf(error) ?? 'unknown', message: error.message });
}
