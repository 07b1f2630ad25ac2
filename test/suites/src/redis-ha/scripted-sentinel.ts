import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a sentinel says, all of it to be changed while it runs. */
export interface Saying {
  master: Address;
  epoch: number;
  replicas: readonly Address[];
}

/** A sentinel that says what it is told to: for what a real one cannot be made to say. */
export interface ScriptedSentinel extends Address {
  readonly id: string;
  readonly says: Saying;
  /** connections that hear what it publishes */
  readonly subscribers: number;
  /** takes connections and questions, and answers none */
  frozen: boolean;
  /** answers no question about the master; it can be subscribed to */
  mute: boolean;
  publish(channel: string, message: string): void;
  /** the steps of a failover that it leads, up to the choice of a replica */
  announce(epoch: number, replica: Address): void;
  stop(): Promise<void>;
}

export const MASTER = 'mymaster';

export async function startScriptedSentinel(id: string, saying: Saying): Promise<ScriptedSentinel> {
  const subscribed = new Set<Socket>();
  const open = new Set<Socket>();
  const says = { ...saying };
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      subscribed.delete(socket);
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const { commands, rest } = readCommands(text);
      text = rest;
      if (sentinel.frozen) return;
      const heard = sentinel.mute ? commands.filter((words) => words[2] !== MASTER) : commands;
      for (const words of heard) socket.write(answer(words, socket));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port was given');

  const answer = (words: readonly string[], socket: Socket): string => {
    const [command = '', sub = '', name] = words.map((word, index) =>
      index < 2 ? word.toUpperCase() : word,
    );
    if (command === 'AUTH') return '+OK\r\n';
    if (command === 'PING') return subscribed.has(socket) ? encode(['pong', '']) : '+PONG\r\n';
    if (command === 'PSUBSCRIBE') {
      subscribed.add(socket);
      return encode(['psubscribe', '*', 1]);
    }
    if (sub === 'MYID') return encode(id);
    if (name !== MASTER) return '-ERR No such master with that name\r\n';
    const { master, epoch, replicas } = says;
    if (sub === 'GET-MASTER-ADDR-BY-NAME') return encode([master.host, String(master.port)]);
    if (sub === 'MASTER') return encode([...fields(master), 'config-epoch', String(epoch)]);
    return encode(sub === 'REPLICAS' ? replicas.map(fields) : []);
  };

  const sentinel: ScriptedSentinel = {
    id,
    host: '127.0.0.1',
    port: address.port,
    says,
    frozen: false,
    mute: false,
    get subscribers() {
      return subscribed.size;
    },
    publish(channel, message) {
      for (const socket of subscribed) socket.write(encode(['pmessage', '*', channel, message]));
    },
    announce(epoch, replica) {
      sentinel.publish('+new-epoch', String(epoch));
      sentinel.publish('+vote-for-leader', `${id} ${epoch}`);
      sentinel.publish('+elected-leader', aboutMaster(says.master));
      sentinel.publish('+selected-slave', aboutReplica(replica, says.master));
      sentinel.publish('+failover-state-send-slaveof-noone', aboutReplica(replica, says.master));
    },
    async stop() {
      for (const socket of open) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
  return sentinel;
}

export function aboutMaster({ host, port }: Address, name: string = MASTER): string {
  return `master ${name} ${host} ${port}`;
}

export function aboutReplica(replica: Address, master: Address, name: string = MASTER): string {
  const { host, port } = replica;
  return `slave ${host}:${port} ${host} ${port} @ ${name} ${master.host} ${master.port}`;
}

function fields({ host, port }: Address): string[] {
  return ['ip', host, 'port', String(port)];
}

type Value = string | number | readonly Value[];

function encode(value: Value): string {
  if (typeof value === 'number') return `:${value}\r\n`;
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
  return `*${value.length}\r\n${value.map(encode).join('')}`;
}

/** Whole commands; what is left of a text that ends within one. */
function readCommands(text: string): { commands: string[][]; rest: string } {
  const commands: string[][] = [];
  let rest = text;
  for (;;) {
    const lines = rest.split('\r\n');
    const count = Number(lines[0]?.slice(1));
    if (!rest.startsWith('*') || lines.length < 2 * count + 2) return { commands, rest };
    commands.push(Array.from({ length: count }, (_, n) => lines[2 * n + 2] ?? ''));
    rest = lines.slice(2 * count + 1).join('\r\n');
  }
}
