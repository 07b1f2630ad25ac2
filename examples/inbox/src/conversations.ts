import type { HaPool } from '@steadfast/pg-ha';
import { DEADLINE_MS } from './deadline.ts';

const PAGE = 25;

export interface NewConversation {
  inboxId: number;
  contact: { email: string; name?: string };
}

/** Numbers conversations per account, as agents see them: the account's row is the sequence. */
export function createConversation(
  pool: HaPool,
  accountId: number,
  { inboxId, contact }: NewConversation,
): Promise<{ id: number; displayId: number }> {
  return pool.transaction(
    async (client) => {
      const account = await client.query<{ last_display_id: number }>(
        `INSERT INTO accounts (id, last_display_id) VALUES ($1, 1)
         ON CONFLICT (id) DO UPDATE SET last_display_id = accounts.last_display_id + 1
         RETURNING last_display_id`,
        [accountId],
      );
      const person = await client.query<{ id: string }>(
        `INSERT INTO contacts (account_id, email, name) VALUES ($1, $2, $3)
         ON CONFLICT (email, account_id) DO UPDATE SET name = coalesce(excluded.name, contacts.name)
         RETURNING id`,
        [accountId, contact.email, contact.name ?? null],
      );
      const displayId = account.rows[0]?.last_display_id ?? 0;
      const { rows } = await client.query<{ id: string }>(
        `INSERT INTO conversations (account_id, inbox_id, display_id, contact_id) VALUES ($1, $2, $3, $4)
         RETURNING id`,
        [accountId, inboxId, displayId, person.rows[0]?.id],
      );
      return { id: Number(rows[0]?.id), displayId };
    },
    { commitProof: true, deadlineMs: DEADLINE_MS },
  );
}

export interface ConversationList {
  counts: { mine: number; unassigned: number; all: number };
  conversations: { id: number; displayId: number; lastActivityAt: Date; unread: number }[];
}

/** The agent's first screen: how many are mine, unassigned and all, and the latest ones with their unread messages. */
export async function listConversations(
  pool: HaPool,
  filter: { accountId: number; inboxId: number; status: number; agentId: number },
): Promise<ConversationList> {
  const { accountId, inboxId, status, agentId } = filter;
  const [counts, page] = await Promise.all([
    pool.query<ConversationList['counts']>({
      text: `SELECT count(*) FILTER (WHERE assignee_id = $4)::int AS mine,
                    count(*) FILTER (WHERE assignee_id IS NULL)::int AS unassigned,
                    count(*)::int AS all
             FROM conversations WHERE account_id = $1 AND inbox_id = $2 AND status = $3`,
      values: [accountId, inboxId, status, agentId],
      idempotent: true,
      deadlineMs: DEADLINE_MS,
    }),
    pool.query<ConversationList['conversations'][number]>({
      text: `SELECT c.id::float8 AS id, c.display_id AS "displayId", c.last_activity_at AS "lastActivityAt",
                    (SELECT count(*)::int FROM messages m
                     WHERE m.conversation_id = c.id AND m.account_id = c.account_id AND m.message_type = 0
                       AND m.created_at > coalesce(c.agent_last_seen_at, now() - interval '1 minute')) AS unread
             FROM conversations c WHERE c.account_id = $1 AND c.inbox_id = $2 AND c.status = $3
             ORDER BY c.last_activity_at DESC LIMIT ${PAGE}`,
      values: [accountId, inboxId, status],
      idempotent: true,
      deadlineMs: DEADLINE_MS,
    }),
  ]);
  return { counts: counts.rows[0] ?? { mine: 0, unassigned: 0, all: 0 }, conversations: page.rows };
}
