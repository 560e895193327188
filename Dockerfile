# One image for the query service and the indexer; the command says which of them runs.
#
#   docker build -t live-intent .                            runs on the CPU
#   docker build -t live-intent --build-arg DEVICE=gpu .     with CUDA
#
# PyPI's torch for Linux contains CUDA: some gigabytes that a CPU image does not need. An index of
# CPU-only wheels makes the image small:
#
#   docker build -t live-intent --build-arg TORCH_PIP_ARGUMENTS="--index-url <its address>" .
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS build
ARG DEVICE=cpu
ARG TORCH_PIP_ARGUMENTS=""
WORKDIR /source
RUN python -m venv /opt/live-intent
ENV PATH=/opt/live-intent/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt scripts/requirements-without-torch ./
RUN case "$DEVICE" in cpu|gpu) ;; *) echo "DEVICE=$DEVICE: allowed are cpu and gpu" >&2; exit 1 ;; esac; \
    if [ "$DEVICE" = gpu ] || [ -z "$TORCH_PIP_ARGUMENTS" ]; then \
        pip install --require-hashes --requirement requirements.txt; \
    else \
        ./requirements-without-torch < requirements.txt > rest.txt \
        && pip install --no-deps $TORCH_PIP_ARGUMENTS "$(grep -o '^torch==[^ ]*' requirements.txt)" \
        && pip install --no-deps --require-hashes --requirement rest.txt; \
    fi
COPY pyproject.toml README.md LICENSE ./
COPY plugin_config plugin_config
COPY indexer indexer
COPY query_service query_service
COPY learning learning
COPY live_intent live_intent
COPY engine_plugin engine_plugin
RUN pip install --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --create-home live-intent \
    && install --directory --owner=live-intent /var/lib/live-intent
COPY --from=build /opt/live-intent /opt/live-intent
ENV PATH=/opt/live-intent/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LIVE_INTENT_HOST=0.0.0.0 \
    LIVE_INTENT_PORT=8080 \
    LIVE_INTENT_STATE_DIR=/var/lib/live-intent
USER 10001
WORKDIR /var/lib/live-intent
VOLUME /var/lib/live-intent
EXPOSE 8080
CMD ["live-intent", "serve"]
