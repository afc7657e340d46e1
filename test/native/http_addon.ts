export interface HttpLimits {
  targetBytes: number;
  headBytes: number;
  headers: number;
  bodyBytes: number;
}

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'OPTIONS' | 'other';
  target: '/healthz' | '/stats' | '*' | 'other';
  http10: boolean;
  keepAlive: boolean;
  expectsContinue: boolean;
  hasLength: boolean;
  chunked: boolean;
  /** Content-Encoding names more than identity. */
  encoded: boolean;
  preflight: boolean;
  length: number;
}

export type HttpEvent =
  { step: 'head'; head: HttpRequest } | { step: 'body'; data: Buffer } | { step: 'done' } | { step: 'failed' };

export interface HttpParser {
  /** What next() gives for this piece until it is used up. */
  feed(piece: Uint8Array): HttpEvent[];
  skip(bytes: number): void;
  reset(): void;
  readonly current: HttpRequest;
  readonly status: number;
  /** Of a refusal, in words. */
  readonly why: string;
  readonly started: boolean;
  readonly remaining: number;
  /** Bytes, of all pieces. */
  readonly consumed: number;
}
