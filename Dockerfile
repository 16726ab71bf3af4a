# Build with the development tools, ship without them. `--target plugins` has Python, for plugins of ovirt-scheduler-proxy.
ARG NODE=24.21.0
FROM node:${NODE}-bookworm-slim AS build
WORKDIR /hostscore
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY proto proto
COPY src src
# Of OpenTelemetry's packages a third is what Node loads; the rest is the same as other kinds of modules.
RUN npm run build && npm prune --omit=dev --ignore-scripts \
  && rm -rf node_modules/@opentelemetry/*/build/esm node_modules/@opentelemetry/*/build/esnext

FROM node:${NODE}-bookworm-slim AS service
LABEL org.opencontainers.image.title="hostscore" \
  org.opencontainers.image.description="Scores, filters and balances oVirt hosts over gRPC: an external scheduler for oVirt, OLVM and RHV engines." \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production HOSTSCORE_LOG_FORMAT=json HOSTSCORE_STATE_DIR=/var/lib/hostscore
# Less memory, since Node collects garbage earlier: docs/operations.md, Memory.
ENV NODE_OPTIONS="--max-old-space-size=1024 --max-semi-space-size=4"
WORKDIR /hostscore
COPY --from=build /hostscore/package.json ./
COPY --from=build /hostscore/node_modules node_modules
COPY --from=build /hostscore/proto proto
COPY --from=build /hostscore/dist dist
COPY LICENSE ./
# What units there are is remembered in /var/lib/hostscore, for an engine that asks while a service is down. A platform that
# chooses the user leaves it in group 0.
RUN chmod 755 dist/main.js && ln -s /hostscore/dist/main.js /usr/local/bin/hostscore \
  && mkdir /var/lib/hostscore && chown 1000:0 /var/lib/hostscore && chmod 770 /var/lib/hostscore
VOLUME /var/lib/hostscore
# By numbers, so that Kubernetes can tell that it is not root; group 0 reads secrets of mode 640 that root owns.
USER 1000:0
# gRPC, the engine's calls, probes and metrics. Each is on loopback of the container's network unless configured otherwise:
# run it with the host's network beside the engine, or set HOSTSCORE_SERVER_LISTEN and TLS.
EXPOSE 50051 18781 9180
# Whether the process lives: one that waits for its engine is not to be restarted. Reads ops.listen from HOSTSCORE_OPS_LISTEN
# or the file that HOSTSCORE_CONFIG names.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["hostscore", "health", "--live"]
ENTRYPOINT ["node", "--enable-source-maps", "/hostscore/dist/main.js"]
CMD ["serve"]

# A warm process of each plugin forks for every call, and --init reaps what one leaves behind.
FROM service AS plugins
USER 0:0
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
USER 1000:0

# What is built where no target is named.
FROM service
