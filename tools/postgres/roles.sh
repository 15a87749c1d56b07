#!/bin/bash
# Run once by the database's image on an empty volume: three roles, the database, and the extensions only a superuser makes.
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
