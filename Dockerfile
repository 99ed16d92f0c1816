# syntax=docker/dockerfile:1
# Easel in a container. By default for a CPU; for an NVIDIA card:
#   docker build --build-arg DEVICE=cuda -t easel .
# The host then needs its driver and the NVIDIA container toolkit; torch brings CUDA itself.
FROM python:3.11-slim-bookworm AS build

# cpu or cuda: which build of torch is installed.
ARG DEVICE=cpu
# Extras, with commas between: cluster, upscalers …
ARG EXTRAS=

WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/easel
# Torch is the largest part by far and changes seldom: a layer of its own.
COPY constraints.txt ./
RUN if [ "$DEVICE" = cuda ]; then index=https://pypi.org/simple; else index=https://download.pytorch.org/whl/cpu; fi \
    && torch="$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' constraints.txt)" \
    && /opt/easel/bin/pip install --index-url "$index" --extra-index-url https://pypi.org/simple "torch==$torch"
COPY . .
RUN grep -v '^torch==' constraints.txt > /tmp/constraints.txt \
    && /opt/easel/bin/pip install -c /tmp/constraints.txt ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.11-slim-bookworm

# On a card Triton builds the kernels with a C compiler, and torch compiles transformers; without one both are slower.
# Debian keeps no older versions of a package, so a version that is named here would soon be gone.
ARG DEVICE=cpu
# hadolint ignore=DL3008
RUN if [ "$DEVICE" = cuda ]; then \
        apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*; \
    fi
RUN useradd --create-home --uid 10001 easel \
    && install -d -o easel -g easel /data /home/easel/.cache/huggingface
COPY --from=build /opt/easel /opt/easel
ENV PATH=/opt/easel/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EASEL_DATA=/data \
    EASEL_METRICS=0.0.0.0:9464
USER 10001
WORKDIR /home/easel
VOLUME ["/data", "/home/easel/.cache/huggingface"]
EXPOSE 9464
# Healthy while its page of metrics answers; the first start may have to bring a large database up to date.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/metrics', timeout=4)"]
# Ten seconds are enough: what is not finished stays queued.
STOPSIGNAL SIGTERM
ENTRYPOINT ["easel"]
CMD ["bot"]
