/** The answer of an operation, without the headers that every OSS answer has. */

export interface OssAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** 200 with an XML document. */
export function xmlAnswer(body: string, headers: Readonly<Record<string, string>> = {}): OssAnswer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body };
}
