#!/bin/sh
# HTTP on 8080 and, where the board has put a certificate, HTTPS on 8081. PostgreSQL takes 256 connections in all.
set -e
threads=$((240 / $(nproc)))
[ "$threads" -gt 8 ] && threads=8
[ "$threads" -lt 1 ] && threads=1
serve="bolthead --app app serve --threads $threads --max-body 32M --no-access-log"
if [ -r /certs/server.crt ]; then
    $serve --bind 0.0.0.0:8081 --cert /certs/server.crt --key /certs/server.key &
fi
exec $serve --bind 0.0.0.0:8080
