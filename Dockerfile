# The story of `make demo` in a container:
#   docker build --tag hrkeras .
#   docker run --rm --volume "$PWD/hrkeras-demo:/runs/hrkeras-demo" hrkeras
# Any other command: docker run --rm --volume "$PWD:/runs" hrkeras hrkeras report export.zip --output report.html
FROM python:3.11-slim

WORKDIR /package
COPY pyproject.toml README.md LICENSE ./
COPY hrkeras hrkeras
RUN pip install --no-cache-dir . && rm -rf /package

RUN useradd --create-home --uid 1000 runner && mkdir -p /runs/hrkeras-demo && chown -R runner /runs
USER runner
WORKDIR /runs
ENV MPLBACKEND=agg TF_CPP_MIN_LOG_LEVEL=3
CMD ["hrkeras", "demo"]
