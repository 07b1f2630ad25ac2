import { monotonicMs, type LabDescription } from '@steadfast/lab';
import type { HttpSender } from '../load/http-sender.ts';
import type { OpenLoop } from '../load/open-loop.ts';
import { count } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

const EVERY_MS = 1_000;

interface ClientHealth {
  readonly primary?: { readonly host: string; readonly port: number };
}

/** Once a second: whom the app's clients take for primary, what gets through, who waits, what failed. */
export class LiveLine {
  readonly #load: OpenLoop;
  readonly #sender: HttpSender;
  readonly #screen: Screen;
  readonly #memberNames: Map<string, string>;
  #timer: NodeJS.Timeout | undefined;
  #seen = 0;
  #errors = 0;

  constructor(load: OpenLoop, sender: HttpSender, screen: Screen, description: LabDescription) {
    this.#load = load;
    this.#sender = sender;
    this.#screen = screen;
    const members = [...(description.postgres?.members ?? []), ...(description.redis?.members ?? [])];
    this.#memberNames = new Map(members.map(({ name, host, port }) => [`${host}:${port}`, name]));
    const { haproxy } = description.postgres ?? {};
    if (haproxy) this.#memberNames.set(`${haproxy.host}:${haproxy.primaryPort}`, 'HAProxy');
  }

  start(): void {
    this.#timer = setInterval(() => void this.#tick(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#screen.endLive();
  }

  async #tick(): Promise<void> {
    const stats = await this.#sender
      .exchange({ method: 'GET', path: '/stats' })
      .then(({ body }) => body)
      .catch((): Record<string, unknown> => ({}));
    if (this.#timer === undefined) return;
    const fresh = this.#load.records.slice(this.#seen);
    this.#seen += fresh.length;
    const acknowledged = fresh.filter(({ result }) => result.ok).length;
    this.#errors += fresh.length - acknowledged;
    this.#screen.live(
      [
        `${clock(monotonicMs() - this.#load.startedAt)}`,
        `PostgreSQL ${this.#nameOf(stats['postgres'])}`,
        `Redis ${this.#nameOf(stats['redis'])}`,
        `${count(acknowledged).padStart(5)} done/s`,
        `${count(this.#load.outstanding).padStart(5)} waiting`,
        `${count(this.#errors).padStart(3)} errors`,
      ].join('   '),
    );
  }

  #nameOf(health: unknown): string {
    const primary = (health as ClientHealth | undefined)?.primary;
    if (primary === undefined) return '–'.padEnd(2);
    const endpoint = `${primary.host}:${primary.port}`;
    return this.#memberNames.get(endpoint) ?? endpoint;
  }
}

/** `  1:07`. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')}`;
}
