# moksori: workers, console and set-up jobs in one image.
FROM python:3.13-slim

RUN useradd --create-home --uid 10001 moksori
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY pipeline pipeline
COPY nlp nlp
COPY crawlers crawlers
COPY desk desk
COPY moksori moksori
COPY config config
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . && mkdir var && chown moksori var

USER moksori
ENV PYTHONUNBUFFERED=1 MOKSORI_STATE_DIR=/app/var
VOLUME /app/var
ENTRYPOINT ["moksori"]
CMD ["--help"]
