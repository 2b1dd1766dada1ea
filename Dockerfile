# syntax=docker/dockerfile:1
# One file, one build, one small image for each service:
#   docker build --target loader -t smile-nexus-migration/loader .
# Targets: extractor, loader, embedder, api, nexus (migrations), local (stand-ins, for docker-compose.yml only).
ARG NODE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

FROM ${NODE} AS build
WORKDIR /src
COPY . .
# Evidence names it: --build-arg NEXUS_COMMIT=$(git rev-parse HEAD). The clone itself is not let in.
ARG NEXUS_COMMIT
RUN sh docker/build.sh && sh docker/deploy.sh /out extractor loader embedder api cli local

# Node and nothing that installs or builds. Processes run as uid 1000 and need no file of theirs to be writable.
FROM ${NODE} AS runtime
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /opt/yarn-* \
    /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
# HOME: the SDK of AWS looks for files of settings in it, and a uid that no user has (OpenShift gives such) has none.
ENV NODE_ENV=production HOME=/tmp
WORKDIR /app
USER 1000:1000
STOPSIGNAL SIGTERM

# What it copies for a proof is garbage soon: a small young generation costs it no time, and it takes 40 MB less.
# pg_dump is for BACKUP=pg_dump: Debian 12 has 15, which reads targets up to PostgreSQL 15 (docs/operations.md says how to have a newer one).
FROM runtime AS extractor
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
USER 1000:1000
COPY --from=build /out/extractor /app
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/main.js"]

# A batch of rows outgrows Node's usual young generation.
FROM runtime AS loader
COPY --from=build /out/loader /app
ENTRYPOINT ["node", "--max-semi-space-size=32", "dist/main.js"]

FROM runtime AS embedder
COPY --from=build /out/embedder /app
ENTRYPOINT ["node", "dist/main.js"]

FROM runtime AS api
COPY --from=build /out/api /app
ENTRYPOINT ["node", "dist/main.js"]

FROM runtime AS nexus
COPY --from=build /out/cli /app
ENTRYPOINT ["node", "dist/main.js"]
CMD ["migrate"]

FROM runtime AS local
COPY --from=build /out/local /app
ENTRYPOINT ["node"]
