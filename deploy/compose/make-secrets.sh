#!/bin/sh
# Makes deploy/compose/secrets/ with random secrets, once; what is there already is kept. Keep a copy of SECRET_KEY
# elsewhere: without it nothing that is sealed in the database can be opened (docs/operating/disaster.md).
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

random() { od -An -N 48 -tx1 /dev/urandom | tr -d ' \n'; }

for name in SECRET_KEY METRICS_TOKEN POSTGRES_PASSWORD; do
    [ -e "secrets/$name" ] || random > "secrets/$name"
done
[ -e secrets/DATABASE_URL ] \
    || printf 'postgres://gatekeeper:%s@db:5432/gatekeeper' "$(cat secrets/POSTGRES_PASSWORD)" > secrets/DATABASE_URL
# The folder is its owner's only; inside their containers the files are read by other users.
chmod 0444 secrets/*
