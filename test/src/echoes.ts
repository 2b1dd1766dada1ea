/** Bedrock and Dify as they talk at their worst: each error quotes the text that it was sent. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { bedrockEnvironment } from "@nexus/local/bedrock";
import { difyEnvironment } from "@nexus/local/dify";

export interface Echoes {
  /** For an embedder. */
  readonly env: Readonly<Record<string, string>>;
  /** What each was sent and sent back. */
  heard(): readonly { readonly from: string; readonly texts: readonly string[] }[];
  close(): Promise<void>;
}

export async function startEchoes(): Promise<Echoes> {
  const bedrock = await startEcho((body) => ({
    status: 400,
    headers: { "x-amzn-errortype": "ValidationException", "x-amzn-requestid": quoted(body) },
    body: { message: `invalid: ${body}` },
  }));
  const dify = await startEcho((body, { method = "", url = "" }) =>
    /document/.test(url)
      ? {
          status: 400,
          headers: {},
          body: { code: `invalid_param ${body}`, message: body, status: 400 },
        }
      : {
          status: 200,
          headers: {},
          body:
            method === "POST" ? { id: "1", name: "a" } : { data: [], has_more: false, total: 0 },
        },
  );
  return {
    env: {
      EMBEDDING_PROVIDER: "bedrock",
      ...bedrockEnvironment(bedrock.url),
      ...difyEnvironment(`${dify.url}/v1`),
    },
    heard: () => [
      { from: "Bedrock", texts: bedrock.texts },
      { from: "Dify", texts: dify.texts },
    ],
    close: async () => {
      await Promise.all([bedrock.close(), dify.close()]);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

async function startEcho(answer: (body: string, request: IncomingMessage) => Answer) {
  const texts: string[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sent = await text(request);
    texts.push(sent);
    const { status, headers, body } = answer(sent, request);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    texts,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As a header may hold it. */
function quoted(body: string): string {
  return body.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
}
