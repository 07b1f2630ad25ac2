const CLEAR_LINE = '\r\u001b[2K';

/** Where progress is shown: lines that stay, and on a terminal one live line at the bottom that is drawn over. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  #live = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  line(text = ''): void {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  heading(text: string): void {
    this.line();
    this.line(text);
    this.line('─'.repeat(text.length));
  }

  /** Replaces the live line; a plain line where the output is no terminal. */
  live(text: string): void {
    if (!this.#out.isTTY) {
      this.#out.write(`${text}\n`);
      return;
    }
    this.#erase();
    this.#live = text;
    this.#draw();
  }

  endLive(): void {
    this.#erase();
    this.#live = '';
  }

  #erase(): void {
    if (this.#live !== '') this.#out.write(CLEAR_LINE);
  }

  #draw(): void {
    if (this.#live === '') return;
    this.#out.write(this.#live.slice(0, (this.#out.columns || 80) - 1));
  }
}
