import { Agent, request, type IncomingMessage } from 'node:http';
import type { Call, CallResult, FailedOutcome } from './call.ts';

/** Longer than the app itself lets anybody wait. */
const TIMEOUT_MS = 60_000;
const MAX_BODY_BYTES = 1_000_000;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Sends requests to the app over kept connections and turns whatever comes back into a result. */
export class HttpSender {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  readonly #origin: URL;

  constructor(origin: URL) {
    this.#origin = origin;
  }

  async send(call: Call): Promise<CallResult> {
    try {
      return resultOf(await this.exchange(call));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'NO_ANSWER';
      return { ok: false, outcome: code === 'ECONNREFUSED' ? 'notSent' : 'unknown', code };
    }
  }

  /** One request and its whole answer. @throws where none came */
  exchange(call: Pick<Call, 'method' | 'path' | 'body'>): Promise<Answer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(call.path, this.#origin), {
        agent: this.#agent,
        method: call.method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers:
          body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      });
      outgoing.on('response', (response) => resolve(readAnswer(response)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`an answer of more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const body = typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  return { status: response.statusCode ?? 0, body };
}

/** The app's answer as a result: what it does not say about the outcome counts as unknown. */
export function resultOf({ status, body }: Answer): CallResult {
  if (status >= 200 && status < 300) {
    if (!('job' in body)) return { ok: true };
    return { ok: true, job: body['job'] === 'queued' ? 'queued' : outcomeIn(body['job']) };
  }
  const code = typeof body['code'] === 'string' ? body['code'] : `HTTP_${status}`;
  const outcome = status >= 400 && status < 500 ? 'rejected' : outcomeIn(body['outcome']);
  return { ok: false, outcome, code };
}

function outcomeIn(value: unknown): FailedOutcome {
  return value === 'notSent' || value === 'rejected' ? value : 'unknown';
}
