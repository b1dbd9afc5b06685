/** One keep-alive connection of the load client: sends prepared bytes, and parses only the status and the length of answers. */
import { connect } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  /** Content-Length: exactly so many bytes came after the head. */
  readonly bodyBytes: number;
  /** The head, and as much of the body as came with it. */
  readonly beginning: Buffer;
}

export interface Connection {
  /** Sends one request. There must be none in flight. */
  readonly send: (request: Uint8Array, onAnswer: (answer: HttpAnswer) => void) => void;
  readonly close: () => void;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;
const NOTHING = Buffer.alloc(0);

/**
 * Connects to the port on loopback. Calls `onFailure` for a lost connection and for an answer that
 * is not HTTP/1.1 with a Content-Length, or has more bytes than that.
 */
export function openConnection(
  port: number,
  onFailure: (problem: string) => void,
): Promise<Connection> {
  let waiting: ((answer: HttpAnswer) => void) | undefined;
  let unparsed: Buffer = NOTHING;
  let answer: HttpAnswer | undefined;
  let missingBytes = 0;
  let isClosed = false;

  function takeHead(chunk: Buffer): void {
    const bytes = unparsed.length === 0 ? chunk : Buffer.concat([unparsed, chunk]);
    const end = bytes.indexOf(END_OF_HEAD);
    unparsed = end === -1 ? bytes : NOTHING;
    if (end === -1) return;
    const head = bytes.toString('latin1', 0, end);
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (!head.startsWith('HTTP/1.1 ') || length === undefined) {
      onFailure(`an answer without status line or Content-Length: ${head}`);
      return;
    }
    answer = { status: Number(head.slice(9, 12)), bodyBytes: Number(length), beginning: bytes };
    missingBytes = answer.bodyBytes - (bytes.length - end - END_OF_HEAD.length);
  }

  function onData(chunk: Buffer): void {
    if (answer === undefined) takeHead(chunk);
    else missingBytes -= chunk.length;
    if (answer === undefined || missingBytes > 0) return;
    const finished = answer;
    const onAnswer = waiting;
    answer = undefined;
    waiting = undefined;
    if (missingBytes < 0 || onAnswer === undefined)
      onFailure('more bytes than Content-Length says');
    else onAnswer(finished);
  }

  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
      resolve({
        send(request, onAnswer) {
          waiting = onAnswer;
          socket.write(request);
        },
        close() {
          isClosed = true;
          socket.destroy();
        },
      }),
    );
    socket.on('data', onData);
    socket.on('error', (error) => onFailure(error.message));
    socket.on('close', () => {
      if (!isClosed) onFailure('the server closed a connection');
    });
  });
}
