import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { nameLookup, type NameLookup } from './name-lookup.ts';

const TYPE_A = 1;
const TYPE_AAAA = 28;
const BOTH = ['192.0.2.7', '2001:db8::7'];

let server: Socket;
let find: NameLookup;
let asked: number;
/** questions are lost for now */
let deaf: boolean;
/** so many questions for IPv4 addresses are lost */
let loses: number;

/** The same question with one address of its family for an answer. */
function answerTo(question: Buffer): Buffer {
  const header = Buffer.from(question);
  header.writeUInt16BE(0x8180, 2);
  const isA = asksA(question);
  header.writeUInt16BE(1, 6);
  header.writeUInt32BE(0, 8);
  const end = question.indexOf(0, 12) + 5;
  const address = isA ? [192, 0, 2, 7] : [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
  const record = [0xc0, 12, 0, isA ? TYPE_A : TYPE_AAAA, 0, 1, 0, 0, 0, 1, 0, address.length, ...address];
  return Buffer.concat([header.subarray(0, end), Buffer.from(record)]);
}

function asksA(question: Buffer): boolean {
  return question.readUInt16BE(question.indexOf(0, 12) + 1) === TYPE_A;
}

function lookup(clock: Clock): NameLookup {
  const { port } = server.address() as AddressInfo;
  return nameLookup([{ host: '127.0.0.1', port }], clock);
}

beforeEach(async () => {
  [asked, deaf, loses] = [0, false, 0];
  server = createSocket('udp4', (question, { port, address }) => {
    asked += 1;
    const lost = deaf || (asksA(question) && loses-- > 0);
    if (!lost) server.send(answerTo(question), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  find = lookup(systemClock);
});
afterEach(() => server.close());

describe('the name servers that are given', () => {
  it('are asked once where they answer, for both families', async () => {
    // However slow this machine is: nobody is held to be silent.
    find = lookup(new ManualClock());
    expect(await find('db.example.test')).toEqual(BOTH);
    expect(asked).toBe(2);
  });

  it('are asked anew while they are silent, so that a way that heals is found before the first question is sent again', async () => {
    deaf = true;
    const since = performance.now();
    const found = find('db.example.test');
    while (asked < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    deaf = false;
    expect(await found).toEqual(BOTH);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('are asked anew where half an answer was lost, which would pass for a name that has moved', async () => {
    loses = 2;
    expect(await find('db.example.test')).toEqual(BOTH);
  });

  it('are asked by one for all that want to know the same at the same time', async () => {
    find = lookup(new ManualClock());
    const all = await Promise.all(Array.from({ length: 20 }, () => find('db.example.test')));
    expect(all).toEqual(Array.from({ length: 20 }, () => BOTH));
    expect(asked).toBe(2);
    await find('db.example.test');
    expect(asked).toBe(4);
  });

  it('are not asked for what is an address already', async () => {
    expect(await find('192.0.2.1')).toEqual(['192.0.2.1']);
    expect(asked).toBe(0);
  });
});
