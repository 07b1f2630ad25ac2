import type { HaPool } from '@steadfast/pg-ha';
import { DEADLINE_MS } from './deadline.ts';
import { InboxError } from './errors.ts';

const PAGE = 20;
const MAX_PER_MINUTE = 200;

export interface NewMessage {
  content: string;
  /** 0 incoming, 1 outgoing */
  messageType: number;
  sourceId?: string;
}

export interface StoredMessage {
  id: number;
  conversationId: number;
  messageType: number;
  content: string;
  sourceId: string | null;
  createdAt: Date;
}

const COLUMNS = `id::float8 AS id, conversation_id::float8 AS "conversationId", message_type AS "messageType",
                 content, source_id AS "sourceId", created_at AS "createdAt"`;

/**
 * Stores a message and moves its conversation and contact forward, all or nothing. The pool may run this function again
 * when a failover interrupts it, so nothing outside the database happens in here: jobs are queued after the commit.
 */
export function sendMessage(
  pool: HaPool,
  accountId: number,
  conversationId: number,
  message: NewMessage,
): Promise<StoredMessage> {
  return pool.transaction(
    async (client) => {
      const recent = await client.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM messages
         WHERE conversation_id = $1 AND account_id = $2 AND message_type = $3
           AND created_at > now() - interval '1 minute'`,
        [conversationId, accountId, message.messageType],
      );
      if ((recent.rows[0]?.count ?? 0) >= MAX_PER_MINUTE)
        throw new InboxError(429, 'TOO_MANY_MESSAGES', `more than ${MAX_PER_MINUTE} messages in a minute`);

      const stored = await client.query<StoredMessage>(
        `INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, content, source_id)
         SELECT account_id, inbox_id, id, $3, $4, $5 FROM conversations WHERE id = $1 AND account_id = $2
         RETURNING ${COLUMNS}`,
        [conversationId, accountId, message.messageType, message.content, message.sourceId ?? null],
      );
      const row = stored.rows[0];
      if (!row) throw new InboxError(404, 'NOT_FOUND', `no conversation ${conversationId}`);

      const moved = await client.query<{ contact_id: string }>(
        `UPDATE conversations
         SET last_activity_at = $2, waiting_since = CASE WHEN $3 = 0 THEN coalesce(waiting_since, $2) END
         WHERE id = $1 RETURNING contact_id`,
        [conversationId, row.createdAt, message.messageType],
      );
      await client.query(`UPDATE contacts SET last_activity_at = $2 WHERE id = $1`, [
        moved.rows[0]?.contact_id,
        row.createdAt,
      ]);
      return row;
    },
    { commitProof: true, deadlineMs: DEADLINE_MS },
  );
}

/** The latest messages of a conversation, newest first; `before` pages back. Ordered by what pages are cut by: clocks may differ. */
export async function listMessages(
  pool: HaPool,
  accountId: number,
  conversationId: number,
  before?: number,
): Promise<StoredMessage[]> {
  const { rows } = await pool.query<StoredMessage>({
    text: `SELECT ${COLUMNS} FROM messages
           WHERE conversation_id = $1 AND account_id = $2 AND ($3::bigint IS NULL OR id < $3)
           ORDER BY id DESC LIMIT ${PAGE}`,
    values: [conversationId, accountId, before ?? null],
    idempotent: true,
    deadlineMs: DEADLINE_MS,
  });
  return rows;
}
