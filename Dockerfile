# Build the wheel and install it with its dependencies where the second stage can copy them whole.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/gateway
COPY pyproject.toml README.md LICENSE schema.graphql ./
COPY gateway ./gateway
COPY web ./web
# `--build-arg GATEWAY_WEB=skip` leaves the pages out.
ARG GATEWAY_WEB
RUN /opt/gateway/bin/pip install --no-cache-dir '.[otel]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home gateway
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1 GATEWAY_HOST=0.0.0.0 GATEWAY_PORT=8000
# A number, since Kubernetes' runAsNonRoot does not look names up.
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD no_proxy=* python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:${GATEWAY_PORT:-8000}/healthz', timeout=2)"
CMD ["lineage-gateway", "serve"]
