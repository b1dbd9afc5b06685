/** The part of ali-oss that the page uses; the script of the package defines it. */

interface OssAnswer {
  readonly res: { readonly status: number };
}

interface OssClient {
  get(key: string): Promise<OssAnswer & { readonly content: Uint8Array }>;
  put(key: string, content: Blob): Promise<OssAnswer>;
  delete(key: string): Promise<OssAnswer>;
  listV2(query: {
    readonly prefix?: string;
    readonly 'max-keys': string;
  }): Promise<OssAnswer & { readonly objects?: readonly { readonly name: string }[] }>;
}

declare const OSS: new (options: {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly stsToken: string;
  readonly refreshSTSToken: () => Promise<object>;
  readonly refreshSTSTokenInterval: number;
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string;
  readonly authorizationV4: boolean;
}) => OssClient;
