/**
 * The environment in which the AWS SDK of a process talks to the stand-in at `url`.
 * `AWS_BEARER_TOKEN_BEDROCK` and `AWS_PROFILE` must not be set there: they win over keys, even when they are empty.
 */
export function bedrockEnvironment(url: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "stand-in",
    AWS_SECRET_ACCESS_KEY: "stand-in",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}
