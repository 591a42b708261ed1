#!/bin/sh
# First start of the database: the role that owns and migrates, and the restricted one that the office works with.
set -eu
secrets=${SECRETS:-/run/secrets}
psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres \
    -v owner="$(cat $secrets/owner_password)" -v app="$(cat $secrets/app_password)" <<'SQL'
CREATE ROLE paraf_owner LOGIN PASSWORD :'owner';
CREATE ROLE paraf_app LOGIN PASSWORD :'app';
CREATE DATABASE paraf OWNER paraf_owner TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
REVOKE ALL ON DATABASE paraf FROM PUBLIC;
GRANT CONNECT ON DATABASE paraf TO paraf_app;
SQL
