import { Packet, type Question } from 'dns2';
import type { Records } from './records.ts';

export function questionOf(request: Packet): Question | undefined {
  return request.questions[0];
}

/** The answer to a question: its A records, an empty answer for other types of a known name, else NXDOMAIN. */
export function answerTo(request: Packet, records: Records, rcode?: number): Packet {
  if (rcode !== undefined) return Packet.createErrorResponseFromRequest(request, rcode);
  const question = questionOf(request);
  if (!question) return Packet.createErrorResponseFromRequest(request, Packet.RCODE.FORMERR);
  const record = records.find(question.name);
  const known = record ? Packet.RCODE.NOERROR : Packet.RCODE.NXDOMAIN;
  const response = Packet.createErrorResponseFromRequest(request, known);
  response.header.aa = 1;
  response.header.ra = 1;
  if (record && (question.type === Packet.TYPE.A || question.type === Packet.TYPE.ANY)) {
    response.answers = record.ips.map((address) =>
      Packet.createResourceFromQuestion(question, { type: Packet.TYPE.A, ttl: record.ttlS, address }),
    );
  }
  return response;
}
