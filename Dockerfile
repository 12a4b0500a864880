FROM python:3.13-slim AS packages
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
# From the lock, by hash, and wheels only: nothing is compiled, and no package runs a build here.
RUN uv sync --frozen --no-dev --no-install-project --no-build \
    --python /usr/local/bin/python --link-mode copy --compile-bytecode

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /app \
    --shell /usr/sbin/nologin scrip
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY domain domain
COPY db db
COPY worker worker
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 SCRIP_HEALTH_PORT=8081
# Now, because the root file system is read-only later.
RUN python -m compileall -q domain db worker
USER 10001:10001
ENTRYPOINT ["python", "-m", "worker.cli"]
CMD ["--help"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "worker.health", "live"]
