/** What requests may look like (JSON Schema); anything else is answered with 400. */

const id = { type: 'integer', minimum: 1 };
const smallInteger = { type: 'integer', minimum: 0, maximum: 32_767 };

function shape(properties: Record<string, object>, required = Object.keys(properties)): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

export const account: object = shape({ accountId: id });
export const conversation: object = shape({ accountId: id, id });
export const user: object = shape({ accountId: id, userId: { type: 'string', maxLength: 64 } });
export const counter: object = shape({
  accountId: id,
  name: { type: 'string', pattern: '^[a-z0-9-]{1,64}$' },
});

export const newConversation: object = shape({
  inboxId: id,
  contact: shape(
    { email: { type: 'string', minLength: 3, maxLength: 254 }, name: { type: 'string', maxLength: 254 } },
    ['email'],
  ),
});
export const newMessage: object = shape(
  {
    content: { type: 'string', minLength: 1, maxLength: 150_000 },
    messageType: { type: 'integer', enum: [0, 1], default: 0 },
    sourceId: { type: 'string', maxLength: 254 },
  },
  ['content'],
);
export const listQuery: object = shape(
  { inboxId: id, status: { ...smallInteger, default: 0 }, agentId: { ...id, default: 1 } },
  ['inboxId'],
);
export const pageQuery: object = shape({ before: id }, []);
