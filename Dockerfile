# One image, one command per process: see compose.yaml.
FROM python:3.12-slim

# hadolint ignore=DL3008 # ffmpeg and fpcalc follow Debian's security updates; Python packages are pinned below
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg libchromaprint-tools \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 tagger \
 && install -d -o tagger -g tagger -m 700 /data

WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE workspace.yaml ./
COPY tagger_platform ./tagger_platform
COPY streamlit_app ./streamlit_app
RUN pip install --no-cache-dir --constraint constraints.txt uv . \
 && uv pip install --system --no-cache --torch-backend=cpu --constraint constraints.txt '.[insight]' \
 && python -m compileall -q /usr/local/lib/python3.12/site-packages/tagger_platform

USER 1000:1000
ENV HOST=0.0.0.0 \
    DATA_DIR=/data \
    STREAMS_FILE=/data/streams.yaml \
    DAGSTER_HOME=/data/dagster \
    HF_HOME=/data/models \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 44100 44101 44102

HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:44100/readyz', timeout=8)"]
CMD ["tagger", "up"]
