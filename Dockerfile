# Build with the development tools, ship without them.
FROM node:24-bookworm-slim AS build
WORKDIR /hostscore
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY proto proto
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
# Old plugins run in Python; a warm process of each forks for every call, and --init reaps what one leaves behind.
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOSTSCORE_LOG_FORMAT=json HOSTSCORE_STATE_DIR=/var/lib/hostscore
# What units there are is remembered here, for an engine that asks while a service is down.
RUN mkdir /var/lib/hostscore && chown node:node /var/lib/hostscore
VOLUME /var/lib/hostscore
WORKDIR /hostscore
COPY --from=build /hostscore/package.json ./
COPY --from=build /hostscore/node_modules node_modules
COPY --from=build /hostscore/proto proto
COPY --from=build /hostscore/dist dist
COPY LICENSE ./
USER node
# Listens on loopback of the container's network unless configured otherwise: run it with the host's network beside the
# engine, or set HOSTSCORE_SERVER_LISTEN and TLS.
# Over HTTP on loopback, so that it works with and without TLS.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9180/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
CMD ["serve"]
