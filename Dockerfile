# One image for the service and for the sandbox. Debian and not Alpine: the sandbox's PostgreSQL binaries need glibc.
FROM node:24-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
COPY routes ./routes
COPY sandbox ./sandbox
RUN npm run build

FROM base AS dependencies
RUN npm ci --omit=dev

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    SANDBOX_HOST=0.0.0.0 \
    SANDBOX_DATA_DIR=/data
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY templates ./templates
COPY openapi ./openapi
COPY --from=build /app/dist ./dist
# Only the sandbox writes here. A named volume takes its owner from this folder when it is first mounted.
RUN install -d -o node -g node -m 0700 /data
USER node
EXPOSE 8080 4566
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The sandbox is the same image with the command `node dist/sandbox/main.js`.
CMD ["node", "dist/src/server.js"]
