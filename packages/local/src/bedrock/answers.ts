/** HTTP answers of InvokeModel. */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function answer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, body };
}

/** An error as AWS writes it: the type in a header, with the address that nobody needs, the message in the body. */
export function refusal(status: number, type: string, message: string): Answer {
  return answer(status, JSON.stringify({ message }), {
    "x-amzn-errortype": `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
  });
}

/** The body of a success: Titan sends the vector twice. `numbers` are JSON. */
export function vectorBody(numbers: readonly string[], tokens: number): string {
  const vector = `[${numbers.join(",")}]`;
  return `{"embedding":${vector},"embeddingsByType":{"float":${vector}},"inputTextTokenCount":${tokens}}`;
}

/** Writes the answer; does nothing if the caller has gone. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-amzn-requestid": randomUUID(),
    ...headers,
  });
  response.end(body);
}
