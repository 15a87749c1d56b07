#!/bin/bash
# Run once by the database's image on an empty volume: the roles, the database, and the extensions only a superuser makes.
set -euo pipefail
psql --username postgres --set ON_ERROR_STOP=1 \
  --set owner_password="$LUMBAR_OWNER_PASSWORD" --set app_password="$LUMBAR_APP_PASSWORD" \
  --set sealer_password="$LUMBAR_SEALER_PASSWORD" <<'SQL'
CREATE ROLE lumbar_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE lumbar_app LOGIN PASSWORD :'app_password';
CREATE ROLE lumbar_sealer LOGIN PASSWORD :'sealer_password';
CREATE DATABASE lumbar OWNER lumbar_owner;
\connect lumbar
CREATE EXTENSION btree_gist;
CREATE EXTENSION pg_trgm;
SQL
# Whoever receives WAL copies the whole server, so there is such a role only where a password is set for it.
if [ -n "${LUMBAR_RECEIVER_PASSWORD:-}" ]; then
  psql --username postgres --set ON_ERROR_STOP=1 --set receiver_password="$LUMBAR_RECEIVER_PASSWORD" <<'SQL'
CREATE ROLE lumbar_receiver LOGIN REPLICATION PASSWORD :'receiver_password';
SQL
  echo "host replication lumbar_receiver all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
