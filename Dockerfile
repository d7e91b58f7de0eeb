# One image for every role: `docker run IMAGE ingest|detect|notify|setup --config FILE`.
#
#   docker build -t tripline .                                   the store is a ClickHouse server
#   docker build -t tripline --build-arg WITH_EMBEDDED_STORE=1 . with the embedded ClickHouse: 550 MB more
#
# Node handles SIGTERM itself (drain, snapshot, leave); run it with --init, so that somebody reaps orphans.

FROM node:22.23.3-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=optional --no-audit --no-fund
COPY . .
RUN npm run build \
    && find dist -name '*.map' -delete

FROM node:22.23.3-bookworm-slim AS modules
ARG WITH_EMBEDDED_STORE=0
WORKDIR /src
COPY package.json package-lock.json ./
# what is left out where it can be had: the native TensorFlow (training only, and slower to load than it saves), maps, types
RUN case "$WITH_EMBEDDED_STORE" in \
        0) omit=--omit=optional ;; \
        1) omit= ;; \
        *) echo "WITH_EMBEDDED_STORE is 0 or 1, not $WITH_EMBEDDED_STORE" >&2; exit 1 ;; \
    esac \
    && npm ci --ignore-scripts --omit=dev ${omit:+"$omit"} --no-audit --no-fund \
    && rm -rf node_modules/@tensorflow/tfjs-node \
    && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:22.23.3-bookworm-slim
LABEL org.opencontainers.image.title="Tripline" \
      org.opencontainers.image.description="Finds anomalies in serverless functions from the logs they already write" \
      org.opencontainers.image.licenses="Apache-2.0"
# a volume that is first mounted here takes over the owner of this folder
RUN groupadd --gid 10001 tripline \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tripline \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/tripline
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=modules /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
ENV NODE_ENV=production
USER 10001:10001
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/app/main.js"]
CMD ["--help"]
