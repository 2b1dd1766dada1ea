/** `/v1/me`: for pages that show people what they may do. */
import { z } from "zod";

export const callers = {
  "GET /v1/me": {
    summary: "Show who asks, and with which role",
    response: {
      200: z.object({
        name: z.string(),
        role: z.enum(["viewer", "operator", "admin"]),
        verified: z.boolean().meta({
          description:
            "Whether a token proved who asks. False while no tokens are configured: anybody on this machine is then an admin.",
        }),
      }),
    },
  },
} as const;
