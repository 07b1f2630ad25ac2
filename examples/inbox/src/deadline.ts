/** No answer is worth more than this to whoever asked. A failover fits in; a link that has gone silent ends here. */
export const DEADLINE_MS = 30_000;
