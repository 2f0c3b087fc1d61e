# Builds the package of the server, as docs/packages.md says, and installs nothing else. See docs/deploy.md.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY . .
RUN npm pack --silent && mv segue-*.tgz /segue.tgz

FROM ${NODE_IMAGE}
COPY --from=build /segue.tgz /tmp/segue.tgz
RUN npm install --prefix /opt/segue --omit=dev --no-audit --no-fund /tmp/segue.tgz \
    && rm -rf /tmp/segue.tgz /root/.npm \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin segue \
    && install -d -o segue -g segue -m 0700 /data
USER segue
# All addresses of the container: without a token the server refuses to start.
ENV NODE_ENV=production SEGUE_HOME=/data SEGUE_HOST=0.0.0.0 HOME=/data
VOLUME /data
EXPOSE 4000
ENTRYPOINT ["/opt/segue/node_modules/.bin/segue"]
CMD ["--no-hermes"]
