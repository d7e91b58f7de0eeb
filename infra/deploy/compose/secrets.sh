#!/usr/bin/env bash
# Makes the secrets of docker-compose.yml, each once: what is there stays. ClickHouse gets hashes only.
#   infra/deploy/compose/secrets.sh [FOLDER]     ./.secrets beside docker-compose.yml by default
# The folder is yours alone (0700); the files in it are readable to all, because each is mounted into a container whose
# user is another: no other user of this machine can get at them.
set -euo pipefail
cd "$(dirname "$0")/../../.."
folder="${1:-.secrets}"
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"

# 32 characters, 190 bits
password() {
  local file="$folder/$1"
  [ -s "$file" ] || head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"$file"
  chmod 0444 "$file"
}
hash_of() { sha256sum <"$folder/$1" | cut -d ' ' -f 1; }

password clickhouse_password
password grafana_clickhouse_password
password grafana_admin_password

# a new file each time: it follows from the passwords
rm -f "$folder/clickhouse_users.xml"
cat >"$folder/clickhouse_users.xml" <<XML
<clickhouse>
  <profiles>
    <!-- reads, and may set what the client of Grafana sets -->
    <grafana>
      <readonly>2</readonly>
      <max_execution_time>60</max_execution_time>
      <max_memory_usage>2000000000</max_memory_usage>
    </grafana>
  </profiles>
  <users>
    <default remove="remove"/>
    <tripline>
      <password_sha256_hex>$(hash_of clickhouse_password)</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT ALL ON tripline.*</query>
        <query>GRANT SELECT ON system.*</query>
      </grants>
    </tripline>
    <grafana>
      <password_sha256_hex>$(hash_of grafana_clickhouse_password)</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>grafana</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT ON tripline.*</query>
      </grants>
    </grafana>
  </users>
</clickhouse>
XML
chmod 0444 "$folder/clickhouse_users.xml"
echo "secrets are in $folder; Grafana: user admin, password in $folder/grafana_admin_password"
