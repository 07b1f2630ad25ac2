import { createProofTable, type HaPool } from '@steadfast/pg-ha';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS accounts (
    id              integer PRIMARY KEY,
    last_display_id integer NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS contacts (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id       integer NOT NULL,
    email            text NOT NULL,
    name             text,
    last_activity_at timestamptz,
    UNIQUE (email, account_id)
  );
  CREATE TABLE IF NOT EXISTS conversations (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid               uuid NOT NULL DEFAULT gen_random_uuid(),
    account_id         integer NOT NULL,
    inbox_id           integer NOT NULL,
    display_id         integer NOT NULL,
    contact_id         bigint NOT NULL REFERENCES contacts,
    assignee_id        integer,
    status             smallint NOT NULL DEFAULT 0,  -- 0 open, 1 resolved, 2 pending, 3 snoozed
    last_activity_at   timestamptz NOT NULL DEFAULT now(),
    agent_last_seen_at timestamptz,
    waiting_since      timestamptz,
    UNIQUE (account_id, display_id)
  );
  CREATE INDEX IF NOT EXISTS conversations_list
    ON conversations (account_id, inbox_id, status, assignee_id);
  CREATE TABLE IF NOT EXISTS messages (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      integer NOT NULL,
    inbox_id        integer NOT NULL,
    conversation_id bigint NOT NULL REFERENCES conversations,
    message_type    smallint NOT NULL,               -- 0 incoming, 1 outgoing
    content         text NOT NULL,
    source_id       text,                            -- the channel's own id; not unique, channels repeat theirs
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX IF NOT EXISTS messages_page
    ON messages (conversation_id, account_id, message_type, created_at);
  CREATE INDEX IF NOT EXISTS messages_in_order ON messages (conversation_id, account_id, id);
`;

/** Creates what the app needs. Safe to run again, and from several processes at once. */
export async function migrate(pool: HaPool): Promise<void> {
  await pool.transaction(async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('inbox:migrate'))`);
    await client.query(SCHEMA);
  });
  await createProofTable(pool);
}
