/** How many calls a second the stand-in answers to a caller that does nothing else. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import type { StandIn } from "./stand-in.ts";

const SECONDS = 5;
const CALLERS = 32;
const PATH = "/model/amazon.titan-embed-text-v2%3A0/invoke";

/** The stand-in looks at the shape of a signature, and has no secret to check it with. */
const SIGNED = {
  "x-amz-date": "20260101T000000Z",
  authorization: `AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
};

/** Calls a second over five seconds, by 32 callers with a connection each. */
export async function standInRate({ url }: StandIn): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
  const start = performance.now();
  let calls = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < start + SECONDS * 1_000) {
      calls += 1;
      await call(agent, `${url}${PATH}`, `Crown for the upper molar, order ${calls}`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  agent.destroy();
  return (1_000 * calls) / (performance.now() - start);
}

async function call(agent: Agent, url: string, inputText: string): Promise<void> {
  const sent = request(url, { method: "POST", agent, headers: SIGNED });
  sent.end(JSON.stringify({ inputText, dimensions: 1024, normalize: true }));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("error", reject);
  });
  response.resume();
  await once(response, "end");
  if (response.statusCode !== 200) throw new Error(`the stand-in answers ${response.statusCode}`);
}
