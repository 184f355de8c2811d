FROM python:3.13-slim

WORKDIR /bolthead
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
COPY templates templates

EXPOSE 8080
CMD ["bolthead", "--app", "app", "serve", "--bind", "0.0.0.0:8080", "--no-access-log"]
